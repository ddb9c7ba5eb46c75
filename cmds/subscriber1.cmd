# Everything publisher1.cmd publishes: one topic by its name, one by a pattern. With a broker running:
#
#     deno run -A subscriber.ts -i s1 -f cmds/subscriber1.cmd
#
# then start publisher1.cmd in another terminal and see its three messages arrive here, a second apart.
sub #hello
sub #sensors.*.temperature
