import { assert, assertEquals } from "@std/assert";
import { FAILED } from "../../../support/scripted_streams.ts";
import { cursorOf, LogBench } from "./reading_bench.ts";

Deno.test("a reader that is lost, and one that cannot be made, is made anew in a moment, behind what has come (N8)", () => {
  const bench = new LogBench(9);
  const pages = bench.reads([cursorOf({ time: 5 })]);
  assertEquals(bench.asked(), ["reader p.stored.d from time 5"]);
  bench.streams.readers.shift()!(FAILED);
  assertEquals([bench.asked(), bench.retries()], [[], 1]);
  assertEquals(bench.asked(), ["reader p.stored.d from time 5"]);
  bench.opens();
  bench.comes(3, { time: 6 });
  bench.link.goDown();
  assertEquals([pages, bench.retries()], [[], 1]);
  bench.link.goUp();
  assertEquals(bench.asked().slice(0, 1), ["reader p.stored.d from 4"], "what came is kept");
  bench.opens("c2");
  bench.hasNoMore();
  bench.finds();
  assertEquals(pages, [[["3"], ["caught up"], [9]]]);
});

Deno.test("where NATS has no more and the stream has, that is asked for in a moment (N8)", () => {
  const bench = new LogBench(9);
  const pages = bench.reads([cursorOf({ time: 5 })]);
  bench.opens();
  bench.hasNoMore();
  assertEquals(bench.asked().at(-2), "last p.stored.d", "by time where nothing has come");
  bench.finds(3, 5);
  assertEquals([pages, bench.asked(), bench.retries()], [[], ["remove c", "unsub in.1"], 1]);
  bench.opens("c2");
  bench.hasNoMore();
  bench.finds(3, 4);
  assertEquals(pages, [[[], ["caught up"], [9]]]);
});

Deno.test("what waits for the feed to hand on more is not answered at once, but in a moment (D8)", () => {
  const bench = new LogBench(2);
  const edge = { batch: 4, at: 0 };
  const to = { kind: "sequence", sequence: 9 } as const;
  const one = bench.reads([cursorOf({ after: 2, to, edge })], 2);
  bench.opens();
  bench.hasNoMore();
  assertEquals(one, []);
  assertEquals(bench.retries(), 1);
  assertEquals(one, [[[], ["none"], [2]]]);
  const both = bench.reads([cursorOf({ after: 2, to, edge }), cursorOf({ pattern: "#e", after: 2 })], 2);
  bench.opens("c2");
  bench.hasNoMore();
  assertEquals(both, [[[], ["none", "caught up"], [2, 2]]], "one of them may go on");
});

Deno.test("readers that nobody asks for are let go after ten seconds, and the one that waits longest where there are many", () => {
  const bench = new LogBench(9);
  const read = (topic: string): void => {
    const pages = bench.reads([cursorOf({ pattern: topic, after: 1 })]);
    bench.opens(topic);
    bench.hasNoMore();
    bench.finds();
    assertEquals(pages.length, 1);
  };
  read("#a");
  bench.log.tick(4_000);
  read("#b");
  bench.log.tick(6_000);
  bench.asked();
  bench.log.tick(1);
  assertEquals(bench.asked(), ["remove #a", "unsub in.1"]);
  bench.reads([cursorOf({ pattern: "#a", after: 9, to: { kind: "sequence", sequence: 99 } })]);
  assertEquals(bench.asked(), ["reader p.stored.a from 10"], "there is none to go on with");
  bench.streams.readers.length = 0;
  for (let at = 2; at <= 256; at++) read(`#t.${at}`);
  bench.asked();
  read("#t.257");
  assertEquals(bench.asked().filter((each) => /^(?:remove|unsub)/.test(each)), ["remove #b", "unsub in.2"]);
});

Deno.test("a reader is lost when nothing is heard of it for five seconds, also one that seeks the last of each topic", () => {
  const bench = new LogBench(9);
  const found = bench.seeks({ from: { kind: "last", count: 1, asOf: undefined } });
  bench.waiting.shift()!();
  bench.finds(8);
  bench.opens();
  bench.log.tick(4_999);
  assertEquals(bench.retries(), 0);
  bench.log.tick(1);
  assertEquals([bench.retries(), found], [1, []]);
  bench.opens("c2");
  bench.asked();
  bench.link.goDown();
  assertEquals([bench.retries(), bench.asked()], [1, ["reader p.stored.d last of each", "unsub in.2"]]);
  bench.opens("c3");
  assertEquals(bench.retries(), 1, "the link is still lost");
});

Deno.test("with the link, and when a broker ends, no reader is kept, and nothing is tried again then", () => {
  for (const ends of [false, true]) {
    const bench = new LogBench(9);
    bench.reads([cursorOf()]);
    bench.opens("kept");
    bench.hasNoMore();
    bench.finds();
    bench.reads([cursorOf({ pattern: "#e" })]);
    bench.opens("used");
    bench.asked();
    if (ends) bench.log.close();
    else bench.link.goDown();
    const removed = ends ? ["remove kept", "remove used"] : [];
    assertEquals(bench.asked(), [...removed, "unsub in.1", "unsub in.2"]);
    assertEquals([bench.retries(), bench.asked()], [1, ends ? [] : ["reader p.stored.e from 1"]]);
    const after = bench.reads([cursorOf({ pattern: "#f" })]);
    assertEquals([bench.asked(), after], [ends ? [] : ["reader p.stored.f from 1"], []]);
  }
});

Deno.test("a page that is being made sure of when the broker ends is answered, and its reader is not kept", () => {
  const bench = new LogBench(9);
  const pages = bench.reads([cursorOf()]);
  bench.opens();
  bench.comes(1);
  bench.hasNoMore();
  bench.log.close();
  bench.asked();
  bench.finds();
  assertEquals([pages, bench.asked()], [[[["1"], ["caught up"], [9]]], ["remove c", "unsub in.1"]]);
});

Deno.test("a page has about as many bytes as are asked for, and the next goes on behind it (D5)", () => {
  const bench = new LogBench(9);
  const pages = bench.reads([cursorOf()], undefined, 65_536);
  bench.opens();
  assert(bench.link.asked.some((each) => each.includes('"max_bytes":131072,')));
  bench.comes(1, { pending: 8 });
  bench.comes(2, { pending: 7 });
  bench.hasTooLarge();
  assertEquals(pages, [[["1", "2"], ["none"], [2]]]);
  bench.asked();
  bench.reads([cursorOf({ after: 2 })]);
  assertEquals(bench.asked(), ["c asks 512"], "of the same reader");
});
