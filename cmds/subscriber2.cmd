# One pattern takes in the topics of several publishers: > stands for all segments that follow. With a broker running:
#
#     deno run -A subscriber.ts -i s2 -f cmds/subscriber2.cmd
#
# then start publisher2.cmd and publisher2b.cmd in two more terminals: seven messages arrive here.
sub #orders.>
