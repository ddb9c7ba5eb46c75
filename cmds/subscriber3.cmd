# Unsubscribes mid-way. With a broker running:
#
#     deno run -A subscriber.ts -i s3 -f cmds/subscriber3.cmd
#
# and at once, in another terminal, publisher3.cmd: of its four messages three arrive here, the second news does not.
sub #news
sub #weather
4 unsub #news
