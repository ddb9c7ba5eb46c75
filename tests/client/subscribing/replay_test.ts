import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Clock, SYSTEM_CLOCK } from "../../../lib/clock.ts";
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

Deno.test("what may have come for another subscription has come when this one is live, numbers with gaps, too (N7)", () => {
  const [topic, pattern] = ["#a", "#>"].map((name) =>
    new Replay(name, { from: "earliest", to: undefined }, SYSTEM_CLOCK)
  ) as [Replay, Replay];
  for (const replay of [topic, pattern]) {
    for (const seq of [4, 9]) replay.note(message("#a", seq), false);
    assertEquals(replay.becameLive(), true);
  }
  // the other is not live yet: what it is still to be given is not counted here, what is live is
  for (const replay of [topic, pattern]) {
    for (const seq of [2, 12, 30]) replay.note(message("#a", seq), false);
  }
  assertEquals([topic.resume(), pattern.resume()], [" from=31", " from=1970-01-01T00:00:00.030Z"]);
  assertEquals([30, 31].map((seq) => pattern.hasSeen(message("#a", seq, 30))), [true, false]);
});

Deno.test("behind the word that it has fallen behind nothing that came for another moves its place, until it is live again (D4)", () => {
  const [topic, pattern] = ["#a", "#>"].map((name) =>
    new Replay(name, { from: "earliest", to: undefined }, SYSTEM_CLOCK)
  ) as [Replay, Replay];
  for (const replay of [topic, pattern]) {
    replay.becameLive();
    replay.note(message("#a", 1), true);
    replay.fellBehind();
    replay.note(message("#a", 9), replay.live);
  }
  assertEquals(
    [topic, pattern].map((replay) => replay.becameLive()),
    [false, false],
    "not for the first time",
  );
  for (const replay of [topic, pattern]) {
    replay.fellBehind();
    replay.note(message("#a", 20), replay.live);
  }
  assertEquals([topic.resume(), pattern.resume()], [" from=10", " from=1970-01-01T00:00:00.009Z"]);
});

Deno.test("what came on one connection for another subscription says nothing on the next", () => {
  const replay = new Replay("#a", { from: "earliest", to: undefined }, SYSTEM_CLOCK);
  replay.note(message("#a", 4), false);
  assertEquals(replay.resume(), " from=earliest");
  replay.becameLive();
  assertEquals(replay.resume(), " from=earliest");
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
  const beside = new Replay("#>", { from: "latest", to: undefined }, SYSTEM_CLOCK);
  after(beside, [message("#a", 9, 9)]);
  beside.note(message("#a", 10, 50), false);
  assertEquals(beside.resume(), " from=-1@1970-01-01T00:00:00.009Z", "not as of what came for another");
  assertEquals(beside.hasSeen(message("#a", 10, 50)), true);
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

Deno.test("the first message of a topic that was asked for has not come, the one before it was not asked for", () => {
  for (const from of ["7", "1"]) {
    const replay = new Replay("#*", { from, to: undefined }, SYSTEM_CLOCK);
    assertEquals(replay.hasSeen(message("#a", 1)), false, "before it is resumed all is new");
    replay.resume();
    const first = Number(from);
    assertEquals([first - 1, first, first + 1].map((seq) => replay.hasSeen(message("#c", seq))), [
      true,
      false,
      false,
    ]);
    replay.becameLive();
    replay.resume();
    assertEquals(replay.hasSeen(message("#c", first - 1)), false, "what is live is all there is");
  }
});

Deno.test("it is live from when it says so until it is resumed, for the first time once", () => {
  const replay = new Replay("#a", { from: "earliest", to: undefined }, SYSTEM_CLOCK);
  assertEquals([replay.live, replay.becameLive(), replay.live], [false, true, true]);
  replay.resume();
  assertEquals([replay.live, replay.becameLive(), replay.live], [false, false, true]);
});

Deno.test("nothing is asked for only where its end lies behind what has come", () => {
  const resumed = (to: string | undefined, ...seqs: readonly number[]): string | undefined =>
    after(new Replay("#a", { from: "3", to }, SYSTEM_CLOCK), seqs.map((seq) => message("#a", seq))).resume();
  assertEquals(resumed("5"), " from=3 to=5");
  assertEquals(resumed("5", 3, 4), " from=5 to=5");
  assertEquals(resumed("5", 3, 4, 5), undefined);
  assertEquals(resumed("1970-01-01T00:00:00Z", 3), " from=4 to=1970-01-01T00:00:00Z");
  assertEquals(resumed(undefined, 3), " from=4");
});

Deno.test("so long ago is so much longer ago when it is asked for again", () => {
  let now = 1000;
  const clock: Clock = { ...SYSTEM_CLOCK, now: () => now };
  const replay = new Replay("#a", { from: "-10m", to: "-1m" }, clock);
  now += 5000;
  assertEquals(replay.resume(), " from=-605s to=-65s");
});

const ASKED_MS = 4;

/** Connections, one after the other: how much of what is stored comes on each, and what is stored meanwhile. */
const connection = fc.record({
  comes: fc.nat(12),
  live: fc.array(fc.constantFrom("#a", "#b", "#c"), { maxLength: 3 }),
  meanwhile: fc.array(fc.constantFrom("#a", "#b", "#c"), { maxLength: 4 }),
});

Deno.test("wherever connections are cut, each message comes once, and none is missing", () => {
  const asked = fc.constantFrom(
    ...["earliest", new Date(ASKED_MS).toISOString()].flatMap((from) =>
      [["#>", from], ["#a", from]] as const
    ),
    ["#a", "3"] as const,
    ["#a", "100"] as const,
  );
  const topics = fc.array(fc.constantFrom("#a", "#b", "#c"), { maxLength: 12 });
  const property = fc.property(asked, topics, fc.array(connection, { maxLength: 4 }), fc.boolean(), (
    [pattern, from],
    before,
    connections,
    together,
  ) => {
    const stored: Numbered[] = [];
    let hasBegun = false;
    const store = (topic: string): Numbered => {
      const seq = stored.filter((each) => each.topic === topic).length + 1;
      // messages of one commit have one time; nobody asks for a time that is still to come
      const time = (together ? Math.ceil(stored.length / 3) : stored.length) + 1;
      stored.push({ topic, seq, stored: Math.max(time, hasBegun ? ASKED_MS : 0) });
      return stored.at(-1)!;
    };
    const wanted = ({ topic }: Numbered): boolean => pattern === "#>" || topic === pattern;
    const from_ = (text: string, each: Numbered): boolean =>
      text === "earliest" ||
      (/^\d+$/.test(text) ? each.seq >= Number(text) : each.stored >= Date.parse(text));
    for (const topic of before) store(topic);
    hasBegun = true;
    const replay = new Replay(pattern, { from, to: undefined }, SYSTEM_CLOCK);
    const came: Numbered[] = [];
    const take = (each: Numbered): void => {
      if (!wanted(each) || replay.hasSeen(each)) return;
      came.push(each);
      replay.note(each, true);
    };
    let position = from;
    for (const { comes, live, meanwhile } of [...connections, { comes: 1000, live: [], meanwhile: [] }]) {
      const page = stored.filter((each) => wanted(each) && from_(position, each));
      for (const each of page.slice(0, comes)) take(each);
      if (comes >= page.length) {
        replay.becameLive();
        for (const topic of live) take(store(topic));
      }
      for (const topic of meanwhile) store(topic);
      position = / from=(\S+)/.exec(replay.resume()!)![1]!;
    }
    const expected = stored.filter((each) => wanted(each) && (from_(from, each) || came.includes(each)));
    assertEquals(came, expected);
    assert(new Set(came).size === came.length);
  });
  fc.assert(property, { numRuns: 500 });
});
