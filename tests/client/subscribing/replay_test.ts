import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { assertEquals } from "@std/assert";
import { type Numbered, Replay } from "../../../lib/client/subscribing/replay.ts";

const message = (topic: string, seq: number, stored = seq): Numbered => ({ topic, seq, stored });

/** A replay to which these have come, in their order, for it alone. */
function after(replay: Replay, messages: readonly Numbered[]): Replay {
  for (const each of messages) replay.note(each, true);
  return replay;
}

Deno.test("a topic is resumed behind its last message, a pattern at the time of its last one", () => {
  const topic = new Replay("#a", { from: "earliest", to: "20" }, SYSTEM_CLOCK);
  assertEquals(after(topic, [message("#a", 4), message("#a", 5)]).resume(), " from=6 to=20");
  const pattern = new Replay("#*", { from: "7", to: undefined }, SYSTEM_CLOCK);
  assertEquals(pattern.resume(), " from=7");
  after(pattern, [message("#a", 7, 1000), message("#b", 8, 2000)]);
  assertEquals(pattern.resume(), " from=1970-01-01T00:00:02.000Z");
  assertEquals(pattern.hasSeen(message("#b", 8, 2000)), true);
  assertEquals(pattern.hasSeen(message("#b", 9, 2000)), false);
  assertEquals(pattern.hasSeen(message("#c", 6, 2000)), true, "it was not asked for");
  assertEquals(pattern.hasSeen(message("#b", 8, 3000)), false, "newer than all that came: another store");
  pattern.becameLive();
  assertEquals(pattern.hasSeen(message("#b", 8, 2000)), false);
});

Deno.test("what may have come for another subscription does not move the place where this one is resumed", () => {
  const replay = new Replay("#>", { from: "earliest", to: undefined }, SYSTEM_CLOCK);
  replay.note(message("#a", 1000, 9000), false);
  assertEquals(replay.resume(), " from=earliest");
  assertEquals(replay.hasSeen(message("#a", 1, 1)), false);
  after(replay, [message("#a", 1, 1)]);
  replay.note(message("#a", 2, 2), false);
  replay.note(message("#a", 1001, 9001), false);
  assertEquals(replay.resume(), " from=1970-01-01T00:00:00.001Z");
  assertEquals([2, 3].map((seq) => replay.hasSeen(message("#a", seq, seq))), [true, false]);
});

Deno.test("the last of each topic are asked for again as of the newest that came, until it is live", () => {
  for (const [from, count] of [["latest", 1], ["-10", 10]] as const) {
    const replay = new Replay("#>", { from, to: undefined }, SYSTEM_CLOCK);
    assertEquals(replay.resume(), ` from=${from}`, "nothing has come");
    after(replay, [message("#a", 9, 9), message("#b", 3, 4)]);
    assertEquals(replay.resume(), ` from=-${count}@1970-01-01T00:00:00.009Z`);
    assertEquals([9, 10].map((seq) => replay.hasSeen(message("#a", seq, 9))), [true, false]);
    assertEquals(replay.hasSeen(message("#c", 1, 2)), false);
    replay.becameLive();
    assertEquals(replay.resume(), " from=1970-01-01T00:00:00.009Z", "all up to the newest has come");
  }
  const nothing = new Replay("#a", { from: "latest", to: undefined }, SYSTEM_CLOCK);
  nothing.becameLive();
  assertEquals(nothing.resume(), " from=earliest", "there was nothing, so anything now is new");
});

Deno.test("nothing is asked for when all has come, only its end was not heard", () => {
  const replay = after(new Replay("#a", { from: "1", to: "2" }, SYSTEM_CLOCK), [
    message("#a", 1),
    message("#a", 2),
  ]);
  assertEquals(replay.resume(), undefined);
});
