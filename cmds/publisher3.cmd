# News and weather, twice. With a broker running, and subscriber3.cmd in another terminal:
#
#     deno run -A publisher.ts -i p3 -f cmds/publisher3.cmd
#
# You see the first news and both weathers in the subscriber's terminal: it stops taking the news in between.
# Or all of it at once: deno task demo 3
1 pub #news Nothing happened
pub #weather It rains
5 pub #news Nothing happened again, and nobody hears of it
pub #weather It still rains
