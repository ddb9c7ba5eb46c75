import { assertEquals } from "@std/assert";
import { ReplayMemory } from "../../../lib/store/log/replay_memory.ts";

/** What is known of so many topics. */
function known(topics: number): Map<number, number> {
  return new Map(Array.from({ length: topics }, (_, at) => [at, 1]));
}

Deno.test("what a replay knew is given to the one that goes on from there, once", () => {
  const memory = new ReplayMemory();
  const expected = known(3);
  memory.keep(expected, { pattern: "#a", after: 7 });
  assertEquals([memory.take("#a", 8).size, memory.take("#b", 7).size], [0, 0]);
  assertEquals([memory.take("#a", 7) === expected, memory.take("#a", 7).size], [true, 0]);
});

Deno.test("64 replays are remembered, the oldest goes first, and of none that knows of more than 10,000 topics", () => {
  const memory = new ReplayMemory();
  for (let after = 1; after <= 65; after++) memory.keep(known(1), { pattern: "#a", after });
  assertEquals([1, 2, 65].map((after) => memory.take("#a", after).size), [0, 1, 1]);
  memory.keep(known(10_000), { pattern: "#b", after: 1 });
  memory.keep(known(10_001), { pattern: "#b", after: 2 });
  assertEquals([memory.take("#b", 1).size, memory.take("#b", 2).size], [10_000, 0]);
});

Deno.test("of 64 replays it is known which topic they wait for", () => {
  const memory = new ReplayMemory();
  for (let at = 0; at < 64; at++) memory.waitsFor(`#t.* ${at}`, at);
  memory.waitsFor("#t.* 0", 7);
  assertEquals([memory.awaited("#t.* 0"), memory.awaited("#t.* 1"), memory.awaited("#none")], [
    7,
    1,
    undefined,
  ]);
  memory.waitsFor("#t.* 64", 64);
  assertEquals([memory.awaited("#t.* 0"), memory.awaited("#t.* 1"), memory.awaited("#t.* 64")], [
    7,
    undefined,
    64,
  ]);
});
