# One of two publishers whose messages meet in one subscriber: publisher2b.cmd is the other. With a broker running,
# and subscriber2.cmd in another terminal:
#
#     deno run -A publisher.ts -i p2 -f cmds/publisher2.cmd
#     deno run -A publisher.ts -i p2b -f cmds/publisher2b.cmd
#
# You see the orders of both in the subscriber's terminal, those of each in the order they were published.
# Or all of it at once: deno task demo 2
1 pub #orders.eu.new order 1 from Europe
0.4 pub #orders.eu.new order 2 from Europe
0.4 pub #orders.eu.shipped order 1 from Europe is on its way
0.4 pub #orders.eu.new order 3 from Europe
