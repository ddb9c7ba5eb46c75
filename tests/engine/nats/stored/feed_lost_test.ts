import { assert, assertEquals } from "@std/assert";
import { RETRY_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { FAILED } from "../../../support/scripted_streams.ts";
import { Recorder } from "../../case_parts.ts";
import { FeedBench, Slow } from "./feed_bench.ts";

/** A feed of `#d` that has handed on message 1 and holds 2, for its subscriber is full. */
function blocked(): { bench: FeedBench; slow: Slow } {
  const bench = new FeedBench();
  const slow = bench.follows("#d", new Slow());
  bench.brings(1);
  slow.full = true;
  bench.brings(2);
  assertEquals([slow.got, bench.feed.position], [["1"], 1]);
  assert(bench.pool.bytesOut > 0);
  return { bench, slow };
}

Deno.test("where a message has not come all behind what was handed on is read again, each once (N8)", () => {
  const bench = new FeedBench();
  const recorder = bench.follows("#d", new Recorder());
  bench.brings(1);
  bench.comes(2);
  bench.comes(4, { given: 4 });
  assertEquals(bench.asked(), ["remove c", "unsub in.1"]);
  assert(!bench.feed.live);
  bench.keepsNothing();
  bench.link.read();
  assertEquals([recorder.got, bench.feed.position], [["1"], 1]);
  bench.passes(0);
  bench.ends(4);
  assertEquals(bench.asked(), ["state", "reader p.stored.d from 2"], "whatever the stream has in between");
  bench.opens("c2");
  bench.brings(1, 2, 3, 4);
  assertEquals([recorder.got, bench.handedOn, bench.feed.live], [["1", "2", "3", "4"], [1, 4], true]);
  bench.keepsNothing();
});

Deno.test("a consumer that has gone, or is silent for four seconds, is made anew (N8)", () => {
  const bench = new FeedBench();
  bench.follows("#d", new Recorder());
  bench.link.comes("in.1", "", "in.1", { status: 408 });
  bench.link.read();
  assertEquals([bench.asked().length, bench.feed.live], [1, true], "it has no more: it is asked again");
  bench.link.comes("in.1", "", "in.1", { status: 409, description: "Consumer Deleted" });
  assertEquals([bench.asked(), bench.feed.live], [["remove c", "unsub in.1"], false]);
  bench.passes(250);
  bench.ends(0);
  bench.opens("c2");
  bench.asked();
  for (let passed = 0; passed < 4_000; passed += 250) {
    assertEquals(bench.asked(), []);
    bench.passes(250);
  }
  assertEquals(bench.asked(), ["remove c2", "state", "unsub in.2"]);
});

Deno.test("of a stream that was made anew all is handed on, whatever number it had come to before (N8)", () => {
  const bench = new FeedBench();
  const recorder = bench.follows("#d", new Recorder(), 7);
  bench.brings(8, 9);
  bench.link.comes("in.1", "", "in.1", { status: 409, description: "Consumer Deleted" });
  bench.passes(250);
  assertEquals(bench.anew, 0);
  bench.ends(2, "later");
  bench.asked();
  assertEquals([bench.anew, bench.feed.position], [1, 0]);
  bench.opens("c2");
  bench.brings(1, 2);
  assertEquals([recorder.got, bench.feed.position], [["8", "9", "1", "2"], 2]);
  const late = bench.subscribes("#e", new Recorder());
  bench.ends(2, "later");
  bench.finds();
  assertEquals(bench.anew, 1, "once");
  bench.opens("c3");
  bench.comes(2, { topic: "#e" });
  bench.comes(3, { topic: "#e" });
  bench.link.read();
  assertEquals(late.got, ["3"]);
});

Deno.test("that the stream was made anew while nobody wanted anything is nothing to who wants something then", () => {
  const bench = new FeedBench();
  bench.follows("#d", new Recorder());
  bench.feed.remove("#d");
  bench.feed.add("#d", { fresh: false });
  bench.ends(3, "later");
  assertEquals([bench.anew, bench.feed.position], [0, 3]);
});

Deno.test("what a consumer of a stream that was there before still brings is nobody's", () => {
  const bench = new FeedBench();
  const slow = bench.follows("#d", new Slow());
  slow.full = true;
  bench.brings(1, 2);
  bench.subscribes("#d.e", new Recorder());
  bench.ends(0, "later");
  slow.free();
  bench.keepsNothing();
  bench.opens("c2");
  bench.brings(1);
  assertEquals([slow.got, bench.feed.position], [["1"], 1]);
});

Deno.test("with the link all that was not handed on is lost, and is read again when it is back (N8)", () => {
  const { bench, slow } = blocked();
  bench.comes(3);
  bench.link.goDown();
  bench.keepsNothing();
  assertEquals([bench.asked(), bench.feed.live], [["unsub in.1"], false], "nobody can be told to remove it");
  bench.passes(RETRY_MS);
  slow.free();
  assertEquals([bench.asked(), slow.got], [[], ["1"]]);
  bench.link.goUp();
  assertEquals(bench.asked(), ["state"]);
  bench.ends(3);
  assertEquals(bench.asked(), ["reader p.stored.d from 2"]);
  bench.opens("c2");
  bench.brings(2, 3);
  assertEquals([slow.got, bench.feed.live], [["1", "2", "3"], true]);
  bench.link.goUp();
  assertEquals(bench.asked().length, 1, "nothing else is wanted than it brings");
});

Deno.test("what is wanted while the link is lost is asked for when it is back", () => {
  const bench = new FeedBench();
  bench.link.goDown();
  bench.subscribes("#d", new Recorder());
  bench.passes(RETRY_MS);
  assertEquals([bench.asked(), bench.feed.live], [[], false]);
  bench.link.goUp();
  assertEquals(bench.asked(), ["state"]);
});

Deno.test("a consumer that is made when the link is lost, or nobody wants it any more, is removed", () => {
  const down = new FeedBench();
  down.subscribes("#d", new Recorder());
  down.ends(0);
  down.link.goDown();
  down.asked();
  down.opens("c");
  assertEquals(down.asked(), ["remove c"]);
  down.link.goUp();
  assertEquals(down.asked(), ["state"], "it is asked for anew");
  const over = new FeedBench();
  over.subscribes("#d", new Recorder());
  over.ends(0);
  over.feed.remove("#d");
  over.asked();
  over.opens("c");
  assertEquals(over.asked(), ["remove c"]);
  over.subscribes("#e", new Recorder());
  over.ends(0);
  over.feed.remove("#e");
  over.subscribes("#f", new Recorder());
  over.asked();
  over.streams.readers.shift()!(FAILED);
  over.passes(RETRY_MS);
  assertEquals(over.asked(), [], "it is nothing to what is asked for now");
  over.ends(4);
  assertEquals(over.asked(), ["reader p.stored.f from 5"]);
});

Deno.test("what was asked for before nobody wanted anything is nothing to who wants something then", () => {
  const bench = new FeedBench();
  let live = 0;
  bench.subscribes("#d", new Recorder());
  bench.feed.add("#e", { fresh: true });
  bench.feed.whenLive(() => live++);
  for (const pattern of ["#d", "#e"]) bench.feed.remove(pattern);
  assertEquals([live, bench.feed.live], [1, true], "nobody is kept waiting");
  bench.ends(4);
  bench.passes(RETRY_MS);
  assertEquals([bench.asked(), bench.feed.position], [["state"], 0]);
  bench.follows("#d", new Recorder(), 7);
  bench.subscribes("#e", new Recorder());
  bench.ends(9);
  bench.feed.remove("#e");
  bench.feed.remove("#d");
  assertEquals(bench.asked(), ["state", "next p.stored.d 8", "remove c", "unsub in.1"]);
  bench.finds();
  bench.passes(RETRY_MS);
  assertEquals([bench.asked(), bench.feed.position], [[], 0]);
  bench.follows("#d", new Recorder(), 11);
  assertEquals([bench.feed.position, bench.feed.live], [11, true]);
});

Deno.test("a pattern is wanted as long as one of those who want it does", () => {
  const bench = new FeedBench();
  const recorder = bench.follows("#d", new Recorder());
  bench.feed.add("#d", { fresh: true });
  assertEquals([bench.asked(), bench.feed.live], [[], true], "it is asked for already");
  bench.feed.remove("#d");
  bench.feed.remove("#x");
  bench.brings(1);
  assertEquals(recorder.got, ["1"]);
  bench.feed.remove("#d");
  assertEquals([bench.asked(), bench.feed.position], [["remove c", "unsub in.1"], 0]);
  bench.link.goDown();
  bench.link.goUp();
  bench.passes(RETRY_MS);
  assertEquals(bench.asked(), [], "nobody wants anything");
});

Deno.test("who begins with what was stored gets also what was nobody's when it was read (D3)", () => {
  const { bench, slow } = blocked();
  slow.full = false;
  slow.free();
  const late = new Recorder();
  bench.subscribes("#e", late);
  bench.ends(4);
  bench.finds(3);
  bench.opens("c2");
  slow.full = true;
  bench.comes(3);
  bench.comes(4, { topic: "#e" });
  bench.link.read();
  assertEquals([slow.got, late.got, bench.feed.position], [["1", "2"], [], 2]);
  bench.asked();
  bench.feed.add("#e", { fresh: false });
  assertEquals(bench.asked(), ["state"]);
  bench.ends(4);
  bench.finds(3);
  assertEquals(bench.asked(), [
    "next p.stored.d 3",
    "next p.stored.e 3",
    "reader p.stored.d p.stored.e from 3",
  ]);
  bench.opens("c3");
  slow.free();
  bench.comes(3);
  bench.comes(4, { topic: "#e" });
  bench.link.read();
  assertEquals([slow.got, late.got, bench.feed.position], [["1", "2", "3"], ["4"], 4]);
  bench.keepsNothing();
});

Deno.test("who begins with what was stored gets what was nobody's in the read that is not over", () => {
  const bench = new FeedBench();
  bench.follows("#d", new Recorder());
  const late = bench.subscribes("#e", new Recorder());
  bench.ends(4);
  bench.finds(3);
  bench.opens("c2");
  bench.comes(4, { topic: "#e" });
  bench.feed.add("#e", { fresh: false });
  bench.ends(4);
  bench.finds(4);
  bench.asked();
  bench.opens("c3");
  bench.comes(4, { topic: "#e" });
  bench.link.read();
  assertEquals([late.got, bench.feed.position], [["4"], 4]);
});

Deno.test("what was stored before somebody asked for it from then on is not for them, and for replays is (D3)", () => {
  for (const fresh of [true, false]) {
    const bench = new FeedBench();
    bench.follows("#d", new Recorder());
    const late = new Recorder();
    bench.routing.subscribe("#e", late);
    bench.feed.add("#e", { fresh });
    bench.ends(2);
    bench.finds(1);
    bench.opens("c2");
    for (const sequence of [1, 2, 3]) bench.comes(sequence, { topic: "#e" });
    bench.link.read();
    assertEquals([late.got, bench.feed.position], [fresh ? ["3"] : ["1", "2", "3"], 3]);
  }
});

Deno.test("a replay that wants a pattern where nothing waits to be handed on needs no other consumer", () => {
  const bench = new FeedBench();
  const recorder = bench.follows("#d", new Recorder(), 2);
  bench.feed.add("#d", { fresh: false });
  bench.ends(4);
  assertEquals([bench.asked(), bench.feed.live], [["state"], true]);
  bench.feed.add("#d", { fresh: false });
  assertEquals(bench.asked(), [], "all of it is wanted already");
  bench.brings(3, 4);
  assertEquals(recorder.got, ["3", "4"], "also what was stored before that answer");
});

Deno.test("what nobody may or can read is passed over, in its place", () => {
  const bench = new FeedBench();
  const recorder = bench.follows("#d", new Recorder());
  bench.comes(1);
  bench.comes(2, { topic: "#d..d" });
  bench.comes(3, { headers: [["Hashbus-Ttl", "0.5"]], time: 500 });
  bench.comes(4, { headers: [["Hashbus-Ttl", "0.5"]], time: 501 });
  bench.comes(5, { topic: "#x" });
  bench.link.read();
  assertEquals(recorder.got, ["1", "4"]);
  assertEquals([bench.handedOn, bench.feed.position], [[1, 2, 3, 4, 5], 5]);
  assertEquals(bench.unreadable, ["p.stored.d..d: the subject of no topic"]);
});

Deno.test("a feed that is closed brings nothing, keeps nothing and asks for nothing", () => {
  const { bench, slow } = blocked();
  bench.subscribes("#e", new Recorder());
  let live = 0;
  bench.feed.whenLive(() => live++);
  bench.asked();
  bench.feed.close();
  assertEquals([bench.asked(), live, bench.feed.live], [["remove c", "unsub in.1"], 1, true]);
  bench.keepsNothing();
  bench.ends(9);
  slow.free();
  bench.feed.add("#d", { fresh: true });
  bench.passes(RETRY_MS);
  bench.link.goDown();
  bench.link.goUp();
  assertEquals([bench.asked(), slow.got], [[], ["1"]]);
});
