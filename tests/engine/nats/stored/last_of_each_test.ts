import { assertEquals } from "@std/assert";
import { lastAsOf, type LastOfEach, lastOfEach } from "../../../../lib/engine/nats/stored/last_of_each.ts";
import type { Reading } from "../../../../lib/engine/nats/stored/reading.ts";
import { FAILED } from "../../../support/scripted_streams.ts";
import { payloadsIn, ReadingBench } from "./reading_bench.ts";

class Bench extends ReadingBench {
  readonly under = new Set<Reading>();
  /** The pages it has answered with; undefined: they cannot be had. */
  readonly pages: (string[] | "too much" | undefined)[] = [];
  now = 1_000;

  /** What is asked for below `#d`, up to the message 9. */
  asks(of: Partial<LastOfEach> = {}): void {
    const parts = { ...this.parts, now: () => this.now, under: this.under };
    lastOfEach(parts, { pattern: "#d.*", limit: 9, ...of }, (page) => {
      this.pages.push(page === undefined ? undefined : payloadsIn(page));
    });
  }

  /** The same as of a time. */
  asksAsOf(asOf: number, of: Partial<LastOfEach> = {}): void {
    const parts = { ...this.parts, now: () => this.now, under: this.under };
    lastAsOf(parts, { pattern: "#d.*", limit: 20, asOf, ...of }, (page) => {
      this.pages.push(typeof page === "object" ? payloadsIn(page) : page);
    });
  }
}

/** One that reads. */
function reading(of: Partial<LastOfEach> = {}): Bench {
  const bench = new Bench();
  bench.asks(of);
  assertEquals([bench.asked(), bench.under.size], [["reader p.stored.d.* last of each"], 0]);
  bench.opens();
  assertEquals([bench.asked(), bench.under.size], [["c asks 512"], 1]);
  return bench;
}

Deno.test("the last of each topic comes in the order of the stream, where nothing lies behind it by then (N8)", () => {
  for (const found of [undefined, 10, 9]) {
    const bench = reading();
    bench.comes(3, { topic: "#d.a" });
    bench.comes(5, { topic: "#d.b" });
    bench.hasNoMore();
    assertEquals([bench.pages, bench.under.size], [[], 0]);
    assertEquals(
      bench.asked(),
      ["remove c", "next p.stored.d.* 6", "unsub in.1"],
      "the stream itself is asked",
    );
    bench.finds(found);
    assertEquals(bench.pages, [found === 9 ? undefined : ["3", "5"]]);
  }
  const unsure = reading();
  unsure.hasNoMore();
  assertEquals(unsure.asked()[1], "next p.stored.d.* 1", "nothing has been seen");
  unsure.streams.edges.shift()!(FAILED);
  assertEquals(unsure.pages, [undefined]);
});

Deno.test("a topic whose last message lies behind the limit is left out, and what comes before that is whole", () => {
  const bench = reading();
  bench.comes(9, { topic: "#d.a" });
  bench.comes(10, { topic: "#d.b" });
  assertEquals([bench.pages, bench.asked()], [[["9"]], ["remove c", "unsub in.1"]]);
  assertEquals(bench.under.size, 0);
});

Deno.test("of the last of each topic comes what may be received, can be read and has not expired", () => {
  const bench = reading({ reception: { allow: ["#d.>"], deny: ["#d.b"] } });
  bench.comes(1, { topic: "#d.a" });
  bench.comes(2, { topic: "#d.b" });
  bench.comes(3, { topic: "#d.c", headers: [["Hashbus-Ttl", "0.5"]], time: 500 });
  bench.comes(4, { topic: "#d.d", headers: [["Hashbus-Ttl", "0.5"]], time: 501 });
  bench.comes(5, { topic: "#d..e" });
  bench.hasNoMore();
  assertEquals(bench.asked()[1], "next p.stored.d.* 6", "all of it has been seen");
  bench.finds();
  assertEquals(bench.pages, [["1", "4"]]);
});

Deno.test("as many turns are taken as there is more, and a reader that is lost brings nothing", () => {
  const bench = reading({ limit: 600 });
  for (let at = 1; at <= 512; at++) bench.comes(at, { topic: `#d.${at}`, pending: 1 });
  assertEquals([bench.asked(), bench.under.size, bench.pages], [["c asks 512"], 1, []]);
  bench.comes(513, { topic: "#d.513" });
  bench.hasNoMore();
  bench.finds();
  assertEquals(bench.pages.map((page) => page?.length), [513]);
  const lost = reading();
  lost.comes(1, { topic: "#d.1" });
  for (const each of lost.under) each.end();
  assertEquals([lost.pages, lost.under.size], [[undefined], 0]);
  const none = new Bench();
  none.asks();
  none.streams.readers.shift()!(FAILED);
  assertEquals(none.pages, [undefined]);
});

Deno.test("no more than 65,536 topics are brought", () => {
  const bench = reading({ limit: 1e6 });
  for (let at = 1; at <= 65_536; at++) bench.comes(at, { topic: "#d.x", pending: 1 });
  assertEquals(bench.pages, []);
  bench.comes(65_537, { topic: "#d.x", pending: 1 });
  assertEquals(bench.pages.map((page) => page?.length), [65_536]);
});

Deno.test("of more topics than 65,536 those before a time are refused, for it is too much", () => {
  for (const more of [false, true]) {
    const bench = new Bench();
    bench.asksAsOf(50, { limit: 65_537 });
    bench.opens();
    for (let at = 1; at <= 65_536; at++) bench.comes(at, { topic: `#d.${at}`, pending: 1 });
    assertEquals(bench.pages, []);
    if (more) bench.comes(65_537, { topic: "#d.x" });
    else bench.hasNoMore();
    bench.finds();
    assertEquals(bench.pages.map((page) => page === "too much" ? page : page?.length), [
      more ? "too much" : 65_536,
    ]);
    assertEquals(bench.under.size, 0);
  }
});

/** One that was asked for those before the time 50, of which `#d.a` and `#d.c` have had others since. */
function asOf(of: Partial<LastOfEach> = {}): Bench {
  const bench = new Bench();
  bench.asksAsOf(50, of);
  bench.opens();
  bench.comes(4, { topic: "#d.b", time: 49 });
  bench.comes(8, { topic: "#d.c", time: 60 });
  bench.comes(11, { topic: "#d.a", time: 70 });
  bench.hasNoMore();
  bench.asked();
  return bench;
}

Deno.test("the last of each topic before a time are found, also of those that have had others since (D3)", () => {
  const bench = asOf();
  bench.streams.filtersMost = 2;
  bench.finds();
  assertEquals(bench.asked(), ["reader p.stored.d.c p.stored.d.a all"]);
  bench.opens("c2");
  for (const [sequence, topic] of [[1, "#d.a"], [2, "#d.c"], [3, "#d.a"]] as const) {
    bench.comes(sequence, { topic });
  }
  bench.comes(5, { topic: "#d.c", time: 49, pending: 3 });
  bench.comes(8, { topic: "#d.c", time: 60 });
  assertEquals([bench.pages, bench.under.size], [[["3", "4", "5"]], 0], "in the order of the stream");
});

Deno.test("of topics that are looked through with others only theirs count, and what has expired or may not be received is left out", () => {
  const bench = asOf({ reception: { allow: ["#d.>"], deny: ["#d.c"] } });
  bench.streams.filtersMost = 1;
  bench.finds();
  assertEquals(bench.asked(), ["reader p.stored.d.* all"]);
  bench.opens("c2");
  bench.comes(1, { topic: "#d.b" });
  bench.comes(2, { topic: "#d.a", headers: [["Hashbus-Ttl", "0.5"]] });
  bench.comes(3, { topic: "#d.c" });
  bench.comes(8, { topic: "#d.c", time: 50 });
  assertEquals(bench.pages, [["4"]]);
});

Deno.test("of more topics than a reader has subjects all below the pattern is looked through", () => {
  for (const filtersMost of [2, 1]) {
    const bench = new Bench();
    bench.streams.filtersMost = filtersMost;
    bench.asksAsOf(50, { pattern: "#d.>" });
    bench.opens();
    for (const [sequence, topic] of [[8, "#d.x.a"], [9, "#d.x.b"]] as const) {
      bench.comes(sequence, { topic, time: 60 });
    }
    bench.hasNoMore();
    bench.asked();
    bench.finds();
    const subjects = filtersMost === 2 ? "p.stored.d.x.a p.stored.d.x.b" : "p.stored.d.>";
    assertEquals(bench.asked(), [`reader ${subjects} all`]);
  }
});

Deno.test("where no topic has had others since nothing is looked through", () => {
  const bench = new Bench();
  bench.asksAsOf(50);
  bench.opens();
  bench.comes(4, { topic: "#d.b", time: 49 });
  bench.hasNoMore();
  bench.finds();
  assertEquals([bench.pages, bench.streams.readers], [[["4"]], []]);
});

Deno.test("what lies before a time cannot be had where a reader is lost or lags, and is refused where it is too much", () => {
  const lagging = asOf();
  lagging.finds(12);
  assertEquals(lagging.pages, [undefined], "the stream has more");
  for (const how of ["lost", "lagging", "too much"] as const) {
    const bench = asOf();
    bench.finds();
    bench.opens("c2");
    bench.comes(1, { topic: "#d.a" });
    if (how === "lost") bench.hasNoMore(503);
    if (how === "lagging") bench.hasNoMore();
    const size = 32 * 1024 * 1024;
    if (how === "too much") { for (const sequence of [2, 3]) bench.comes(sequence, { topic: "#d.a", size }); }
    assertEquals([bench.pages, bench.under.size], [[how === "too much" ? how : undefined], 0]);
  }
  const lost = new Bench();
  lost.asksAsOf(50);
  lost.streams.readers.shift()!(FAILED);
  assertEquals(lost.pages, [undefined]);
});
