import { assert, assertEquals } from "@std/assert";
import { ASK_BYTES, ASK_MOST, RETRY_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { FAILED, NONE } from "../../../support/scripted_streams.ts";
import { Recorder } from "../../case_parts.ts";
import { FeedBench, Slow } from "./feed_bench.ts";

/** What is asked for before anything has come: as many as have their bytes, 2 KiB each. */
const FIRST = Math.floor(ASK_BYTES / (ASK_BYTES / ASK_MOST + 1));

Deno.test("a feed follows the stream from where it ends when somebody wants something of it (N7)", () => {
  const bench = new FeedBench();
  let live = 0;
  bench.feed.whenLive(() => live++);
  assertEquals([live, bench.feed.live, bench.asked()], [1, true, []], "nothing is wanted");
  const recorder = bench.subscribes("#d", new Recorder());
  bench.feed.whenLive(() => live++);
  assertEquals([live, bench.feed.live, bench.feed.position, bench.asked()], [1, false, 0, ["state"]]);
  bench.ends(5);
  assertEquals([bench.feed.position, bench.asked()], [5, ["reader p.stored.d from 6"]]);
  assert(!bench.feed.live);
  bench.opens("c");
  assertEquals(bench.link.asked.at(-1), "ping", "it is written");
  assertEquals([live, bench.feed.live, bench.asked()], [2, true, [`c asks ${FIRST}`]]);
  assertEquals(bench.link.asked, []);
  bench.brings(6, 8);
  assertEquals([recorder.got, bench.handedOn, bench.feed.position], [["6", "8"], [6, 8], 8]);
  assertEquals([bench.flushes, bench.asked()], [1, []], "half of what it asked for is still to come");
  bench.keepsNothing();
});

Deno.test("what a read brings is handed on behind it, messages that follow each other as one run", () => {
  const bench = new FeedBench();
  const counts: number[] = [];
  const recorder = new Recorder();
  const deliver = recorder.deliver.bind(recorder);
  recorder.deliver = (run) => {
    counts.push(run.count);
    deliver(run);
  };
  bench.follows("#d", recorder);
  for (const sequence of [1, 2, 3]) bench.comes(sequence);
  assertEquals([recorder.got, bench.feed.position], [[], 0]);
  bench.link.read();
  assertEquals([recorder.got, counts, bench.handedOn], [["1", "2", "3"], [3], [3]]);
  bench.link.read();
  assertEquals([bench.flushes, bench.handedOn], [1, [3]], "nothing has come");
});

Deno.test("while a subscriber is full nothing behind its message is handed on, nor is more asked for", () => {
  const bench = new FeedBench();
  const slow = bench.follows("#d", new Slow());
  const other = bench.subscribes("#e", new Recorder());
  bench.ends(0);
  bench.finds();
  bench.opens("c2");
  bench.asked();
  for (let at = 1; at <= FIRST / 2; at++) bench.comes(at, { topic: "#e" });
  slow.full = true;
  const held = Math.ceil(FIRST / 2);
  bench.comes(held);
  bench.comes(held + 1, { topic: "#e" });
  bench.link.read();
  assertEquals([other.got.length, slow.got, bench.feed.position], [held - 1, [], held - 1]);
  assertEquals([bench.flushes, bench.asked()], [1, []], "who got something writes it");
  bench.comes(held + 2, { topic: "#e" });
  bench.link.read();
  assertEquals([other.got.length, bench.flushes], [held - 1, 1]);
  slow.free();
  assertEquals([slow.got, other.got.slice(-2)], [[`${held}`], [`${held + 1}`, `${held + 2}`]]);
  assertEquals(bench.handedOn, [held - 1, held, held + 1, held + 2].slice(0, bench.handedOn.length));
  assertEquals(bench.feed.position, held + 2);
  assertEquals(bench.asked().length, 1, "then it asks on");
  bench.keepsNothing();
});

Deno.test("more is asked for once half has come, and no more than its bytes allow, going by what came last", () => {
  const bench = new FeedBench();
  bench.follows("#d", new Recorder());
  const before = Math.ceil(FIRST / 2) - 1;
  bench.brings(...Array.from({ length: before }, (_, at) => at + 1));
  assertEquals(bench.asked(), []);
  // messages of 2 KiB: as large as is thought of them
  const other = new FeedBench();
  const size = ASK_BYTES / ASK_MOST;
  other.follows("#d", new Recorder());
  for (let at = 1; at <= before; at++) other.comes(at, { text: "x".repeat(size) });
  other.link.read();
  assertEquals(other.asked(), [], `${FIRST - before} are still to come`);
  other.comes(before + 1, { text: "x".repeat(size) });
  other.link.read();
  assertEquals(other.asked(), [`c asks ${FIRST}`]);
  const larger = new FeedBench();
  larger.follows("#d", new Recorder());
  larger.comes(1, { text: "x".repeat(size + 16 * 1000) });
  for (let at = 2; at <= before + 1; at++) larger.comes(at, { text: "x".repeat(size + 1000) });
  larger.link.read();
  assertEquals(larger.asked(), [], "fewer of them are wanted at a time");
  const batch = Math.floor(ASK_BYTES / (size + 1000 + 1));
  for (let at = before + 2; FIRST - at >= batch / 2; at++) {
    larger.comes(at, { text: "x".repeat(size + 1000) });
  }
  larger.link.read();
  assertEquals(larger.asked(), []);
  larger.comes(FIRST - Math.ceil(batch / 2) + 1, { text: "x".repeat(size + 1000) });
  larger.link.read();
  assertEquals(larger.asked(), [`c asks ${batch}`]);
});

Deno.test("of messages that are small as many are asked for as may be, of such as are huge one at a time", () => {
  const small = new FeedBench();
  small.follows("#d", new Recorder());
  small.brings(...Array.from({ length: FIRST }, (_, at) => at + 1));
  assertEquals(small.asked(), [`c asks ${ASK_MOST}`]);
  const grown = new FeedBench();
  grown.follows("#d", new Recorder());
  const size = ASK_BYTES / ASK_MOST;
  for (let at = 1; at < FIRST; at++) grown.comes(at, { text: "x".repeat(size) });
  grown.comes(FIRST, { text: "x".repeat(size + 16_000) });
  grown.link.read();
  assertEquals(
    grown.asked(),
    [`c asks ${Math.floor(ASK_BYTES / (size + 1_000 + 1))}`],
    "a sixteenth of it counts",
  );
  const huge = new FeedBench();
  huge.follows("#d", new Recorder());
  for (let at = 1; at < FIRST; at++) huge.comes(at, { text: "" });
  huge.comes(FIRST, { text: "x".repeat(17 * ASK_BYTES) });
  huge.link.read();
  assertEquals(huge.asked(), ["c asks 1"]);
});

Deno.test("where the state of the stream, or its consumer, cannot be had it is asked for again in a moment", () => {
  const bench = new FeedBench();
  let live = 0;
  bench.subscribes("#d", new Recorder());
  bench.feed.whenLive(() => live++);
  for (const answer of [FAILED, NONE]) {
    assertEquals(bench.asked(), ["state"]);
    bench.streams.states.shift()!(answer);
    bench.passes(RETRY_MS - 1);
    assertEquals(bench.asked(), []);
    bench.passes(1);
  }
  bench.ends(3);
  assertEquals(bench.asked(), ["state", "reader p.stored.d from 4"]);
  bench.streams.readers.shift()!(FAILED);
  assertEquals(bench.feed.live, false);
  bench.passes(RETRY_MS - 1);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  bench.passes(RETRY_MS);
  assertEquals(bench.asked(), ["state"], "once");
  bench.ends(9);
  assertEquals(bench.asked(), ["reader p.stored.d from 4"], "nothing that was stored meanwhile is missed");
  bench.opens("c");
  assertEquals(live, 1);
});

Deno.test("what is wanted while it changes is asked for when that is done, and who waits is told then", () => {
  const bench = new FeedBench();
  const told: string[] = [];
  bench.subscribes("#d", new Recorder());
  bench.feed.whenLive(() => told.push("d"));
  const other = bench.subscribes("#e", new Recorder());
  bench.feed.whenLive(() => told.push("e"));
  assertEquals(bench.asked(), ["state"], "one at a time");
  bench.ends(3);
  bench.opens("c1");
  assertEquals(bench.asked(), ["reader p.stored.d from 4", "state", `c1 asks ${FIRST}`]);
  assertEquals([told, bench.feed.live], [[], false]);
  bench.ends(5);
  bench.feed.add("#f", { fresh: true });
  bench.finds();
  bench.opens("c2");
  assertEquals(bench.asked(), [
    "next p.stored.d 4",
    "reader p.stored.d p.stored.e from 6",
    "remove c1",
    "state",
    "unsub in.1",
    `c2 asks ${FIRST}`,
  ]);
  bench.ends(6);
  bench.finds();
  bench.opens("c3");
  assertEquals([told, bench.feed.live, bench.asked().at(-1)], [["d", "e"], true, `c3 asks ${FIRST}`]);
  bench.comes(7, { topic: "#e" });
  bench.link.read();
  assertEquals([other.got, bench.feed.position], [["7"], 7]);
});

Deno.test("another consumer begins behind what is known to be nobody's, else behind what was handed on (N8)", () => {
  for (const [found, from] of [[undefined, 10], [10, 10], [9, 6]] as const) {
    const bench = new FeedBench();
    bench.follows("#d", new Recorder());
    bench.brings(5);
    bench.subscribes("#e", new Recorder());
    bench.ends(9);
    assertEquals(bench.asked(), ["state", "next p.stored.d 6"]);
    bench.finds(found);
    assertEquals(bench.asked(), [`reader p.stored.d p.stored.e from ${from}`]);
  }
  const unsure = new FeedBench();
  unsure.follows("#d", new Recorder());
  unsure.brings(5);
  unsure.subscribes("#e", new Recorder());
  unsure.ends(9);
  unsure.asked();
  unsure.streams.edges.shift()!(FAILED);
  assertEquals(unsure.asked(), ["reader p.stored.d p.stored.e from 6"]);
  const ahead = new FeedBench();
  ahead.follows("#d", new Recorder());
  ahead.subscribes("#e", new Recorder());
  ahead.ends(9);
  ahead.brings(11);
  ahead.asked();
  ahead.finds();
  assertEquals(ahead.asked(), ["reader p.stored.d p.stored.e from 12"], "it has gone on meanwhile");
});

Deno.test("a pattern that what is asked for takes in needs no other consumer, one that is wanted no more is left out", () => {
  const bench = new FeedBench();
  bench.follows("#d.>", new Recorder());
  const one = bench.subscribes("#d.a", new Recorder());
  let live = 0;
  bench.feed.whenLive(() => live++);
  assertEquals([bench.asked(), live], [["state"], 0]);
  bench.ends(2);
  assertEquals([bench.asked(), live, bench.feed.live], [[], 1, true]);
  for (const sequence of [2, 3]) bench.comes(sequence, { topic: "#d.a" });
  bench.link.read();
  assertEquals(one.got, ["2", "3"], "the routing knows nothing of numbers");

  bench.subscribes("#e", new Recorder());
  bench.ends(3);
  bench.finds();
  bench.opens("c2");
  bench.asked();
  bench.feed.remove("#e");
  assertEquals(bench.asked(), [], "what comes of it is nobody's");
  bench.comes(4, { topic: "#e" });
  bench.link.read();
  assertEquals(bench.handedOn.at(-1), 4);
  bench.feed.add("#d.b", { fresh: true });
  bench.ends(4);
  assertEquals(bench.asked(), ["state", "reader p.stored.d.> from 5"]);
});

Deno.test("as many filters as the server takes are asked for, others when as many are wanted", () => {
  const bench = new FeedBench();
  bench.streams.filtersMost = 1;
  bench.follows("#d.a", new Recorder());
  bench.subscribes("#d.b", new Recorder());
  bench.ends(0);
  bench.opens("c2");
  assertEquals(bench.asked(), [
    "state",
    "reader p.stored.d.* from 1",
    "remove c",
    "unsub in.1",
    `c2 asks ${FIRST}`,
  ]);
  const other = new FeedBench();
  other.follows("#d", new Recorder());
  other.subscribes("#e", new Recorder());
  other.ends(0);
  other.opens("c2");
  other.feed.remove("#e");
  other.subscribes("#f", new Recorder());
  other.asked();
  other.ends(0);
  assertEquals(other.asked(), ["reader p.stored.d p.stored.f from 1"]);
});
