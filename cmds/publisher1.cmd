# Two messages on a topic, then one on another. With a broker running, and subscriber1.cmd in another terminal:
#
#     deno run -A publisher.ts -i p1 -f cmds/publisher1.cmd
#
# You see the three messages in the subscriber's terminal, a second apart. Or all of it at once: deno task demo
1 pub #hello This is the first message
1 pub #hello This is another message
1 pub #sensors.kitchen.temperature 21.5
