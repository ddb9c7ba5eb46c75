import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Dedup } from "../../../lib/engine/durable/dedup.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { type IdSpan, readSpans, showSpans } from "../../../lib/id_spans.ts";
import { spansOf } from "../../support/ids.ts";

const pool = new ChunkPool();
const memory = new HeldMemory({ most: 1024 ** 3, pool });
const SMALL = { window: 1000, most: 100, bytes: 1024 ** 3, memory, seed: 7 };

/** Claims ids, and says which of them were known. */
function claim(dedup: Dedup, topic: string, ...ids: string[]): string[] {
  const known = dedup.claim(topic, spansOf(ids));
  return ids.filter((_, at) => known.has(at));
}

Deno.test("an id is known while it is being stored and for the window after, by topic (D6)", () => {
  const dedup = new Dedup(SMALL);
  assertEquals([dedup.size, dedup.bytes], [0, 0], "nothing is taken for what is not there");
  for (const id of ["p-1", "whole"]) {
    assertEquals(claim(dedup, "#a", id), []);
    assertEquals(claim(dedup, "#a", id), [id], "being stored");
    assertEquals(claim(dedup, "#b", id), [], "another topic");
  }
  dedup.stored(0);
  for (let time = 0; time <= 1000; time += 50) {
    assertEquals(claim(dedup, "#a", "p-1", "whole"), ["p-1", "whole"], `after ${time} ms`);
    assertEquals(claim(dedup, "#c", `${time}`), []);
    dedup.stored(time);
  }
});

Deno.test("an id is forgotten when its window is over", () => {
  const dedup = new Dedup({ ...SMALL, window: 1000, most: 100_000 });
  for (let time = 0; time <= 10_000; time++) {
    assertEquals(claim(dedup, "#a", `${time}x`), []);
    dedup.stored(time);
  }
  assertEquals(claim(dedup, "#a", "0x", "9100x"), ["9100x"]);
  assert(dedup.size <= 1600, `${dedup.size} remembered`);
});

Deno.test("an id that waited long for its commit is known for the window after that (D6)", () => {
  const dedup = new Dedup({ ...SMALL, window: 1000, most: 100_000 });
  assertEquals(claim(dedup, "#a", "first", "late"), []);
  dedup.stored(0);
  // that of others, with which a part of the window begins
  dedup.stored(250);
  // its own
  dedup.stored(400);
  for (let time = 500; time <= 1400; time += 50) {
    dedup.stored(time);
    assertEquals(claim(dedup, "#a", "late"), ["late"], `at ${time} ms`);
  }
});

Deno.test("however long a commit takes, what it brought and what waits behind it is known for the window after it (D6)", () => {
  const dedup = new Dedup({ ...SMALL, window: 1000, most: 100_000 });
  dedup.stored(0);
  assertEquals(claim(dedup, "#a", "brought", "waits"), []);
  // the disk hung for five windows with what came before it, and for five more with it
  dedup.stored(5000);
  dedup.stored(10_000);
  assertEquals(claim(dedup, "#a", "brought", "waits"), ["brought", "waits"]);
  dedup.stored(10_001);
  for (let time = 10_050; time <= 11_000; time += 50) {
    dedup.stored(time);
    assertEquals(claim(dedup, "#a", "brought", "waits"), ["brought", "waits"], `at ${time} ms`);
  }
  for (let time = 11_050; time <= 13_000; time += 50) dedup.stored(time);
  assertEquals(claim(dedup, "#a", "brought"), [], "not for ever");
});

Deno.test("ids that count up are remembered as one, however many they are", () => {
  const dedup = new Dedup(SMALL);
  for (let time = 0; time < 500; time++) {
    const first = time * 10_000;
    const spans: IdSpan[] = [{ at: 0, count: 10_000, prefix: "p-", first }];
    assertEquals(dedup.claim("#a", spans).size, 0);
    dedup.stored(time);
  }
  assert(dedup.size <= 10, `${dedup.size} remembered`);
  assertEquals(claim(dedup, "#a", "p-0", "p-4999999", "p-5000000"), ["p-0", "p-4999999"]);
});

Deno.test("an id whose commit was refused may come again, and the ids around it stay known", () => {
  const dedup = new Dedup(SMALL);
  claim(dedup, "#a", "p-1", "p-2", "p-3", "x", "y");
  dedup.refused("#a", spansOf(["p-2", "x"]));
  assertEquals(claim(dedup, "#a", "p-1", "p-2", "p-3", "x", "y"), ["p-1", "p-3", "y"]);
});

Deno.test("more ids than may be remembered push out the oldest (D6)", () => {
  const dedup = new Dedup({ ...SMALL, window: 1_000_000, most: 100 });
  for (let at = 0; at < 1000; at++) {
    claim(dedup, "#a", `${at}x`);
    dedup.stored(at);
  }
  assert(dedup.size <= 125);
  assertEquals(claim(dedup, "#a", "0x", "999x"), ["999x"]);
});

Deno.test("what was stored before a restart is known for what was left of its window, as if no time had passed", () => {
  const dedup = new Dedup({ ...SMALL, window: 1000, most: 100_000 });
  for (const age of [1000, 900, 500, 100, 0]) dedup.restore("#a", spansOf([`${age}x`, `n-${age}`]), age);
  assertEquals(claim(dedup, "#a", "1000x", "n-0", "0x"), ["1000x", "n-0", "0x"]);
  // the first commit comes a day later
  const day = 86_400_000;
  dedup.stored(day);
  assertEquals(claim(dedup, "#a", "900x", "100x"), ["900x", "100x"]);
  for (let time = day; time <= day + 1000; time += 100) dedup.stored(time);
  assertEquals(claim(dedup, "#a", "0x", "n-0"), ["0x", "n-0"]);
  for (let time = day; time <= day + 3000; time += 100) dedup.stored(time);
  assertEquals(claim(dedup, "#a", "900x", "0x"), []);
});

const id = fc.oneof(
  fc.integer({ min: 0, max: 12 }).map((number) => `p-${number}`),
  fc.integer({ min: 0, max: 12 }).map((number) => `${number}`),
  fc.constantFrom(
    "",
    "p-",
    "p-007",
    "p-7x",
    "q-3",
    "a%20b",
    "\u00fc-1",
    "9007199254740993",
    "p-99999999999999999",
  ),
);

Deno.test("a dedup knows exactly what a set of all ids knows", () => {
  const step = fc.record({ ids: fc.array(id, { minLength: 1, maxLength: 8 }), refuse: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const dedup = new Dedup({ ...SMALL, window: 1_000_000, most: 1_000_000 });
    const all = new Set<string>();
    for (const { ids, refuse } of steps) {
      const known = dedup.claim("#a", spansOf(ids));
      const fresh: string[] = [];
      for (const [at, one] of ids.entries()) {
        assertEquals(known.has(at), all.has(one), `${one} of ${ids}`);
        if (!all.has(one)) fresh.push(one);
        all.add(one);
      }
      if (!refuse) continue;
      dedup.refused("#a", spansOf(fresh));
      for (const one of fresh) all.delete(one);
    }
  }));
});

Deno.test("spans are read back as they were written, and what is none is not", () => {
  fc.assert(fc.property(fc.array(id, { maxLength: 20 }), (ids) => {
    const spans = spansOf(ids);
    const without = spans.map((span) => ({ ...span, at: 0 }));
    if (spans.length > 0) assertEquals(readSpans(showSpans(spans)), without);
  }));
  for (const text of ["", "7", "9 7 p-", "x", "1 2", "=a\n7"]) assertEquals(readSpans(text), undefined, text);
});

Deno.test("ids are bounded by what they take: long ones push out the oldest sooner (D6)", () => {
  const held = new HeldMemory({ most: 1024 ** 3, pool });
  const bytes = 1_000_000;
  const dedup = new Dedup({ window: 1_000_000, most: 1_000_000, bytes, memory: held, seed: 7 });
  const long = "y".repeat(200);
  for (let at = 0; at < 20_000; at++) {
    claim(dedup, `#${at % 3}`, `${at}${long}`);
    if (at % 10 === 0) dedup.stored(at);
    assert(dedup.bytes <= 1.3 * bytes);
  }
  assert(dedup.bytes >= 0.7 * bytes, "as many are remembered as may be");
  assert(Math.abs(held.held - dedup.bytes) <= 64 * 1024, "and counted with what all keep");
  assertEquals(claim(dedup, "#2", `${2}${long}`, `${19_997}${long}`, `${17_000}${long}`), [
    `${19_997}${long}`,
    `${17_000}${long}`,
  ]);
});

Deno.test("topics with an id each, and prefixes with a number each, count for what they take", () => {
  for (const name of ["topics", "prefixes"]) {
    const dedup = new Dedup({ window: 1_000_000, most: 1_000_000, bytes: 1_000_000, memory, seed: 7 });
    for (let at = 0; at < 40_000; at++) {
      claim(dedup, name === "topics" ? `#${at}` : "#t", name === "topics" ? "p-1" : `${at}x-1`);
      dedup.stored(at);
    }
    const most = name === "topics" ? 20_000 : 35_000;
    assert(dedup.bytes <= 1_300_000 && dedup.size <= most, `${name}: ${dedup.size} in ${dedup.bytes} bytes`);
  }
});

Deno.test("what is claimed and refused again and again is not kept", () => {
  const dedup = new Dedup({ window: 1_000_000, most: 1_000_000, bytes: 100_000, memory, seed: 7 });
  for (let at = 0; at < 10_000; at++) {
    const ids = spansOf([`${at}x`, "p-1"]);
    dedup.claim(`#${at}`, ids);
    dedup.refused(`#${at}`, ids);
  }
  assert(dedup.bytes <= 130_000, `${dedup.bytes} bytes`);
  assertEquals(dedup.size, 0);
});

Deno.test("ids are forgotten, and their memory given back, also when nobody publishes any more", () => {
  const own = new HeldMemory({ most: 1024 ** 3, pool });
  const dedup = new Dedup({ window: 1000, most: 1e6, bytes: 1024 ** 3, memory: own, seed: 7 });
  for (let at = 0; at < 100_000; at++) claim(dedup, "#a", `${at}x`);
  dedup.passed(250);
  assert(own.held > 1024 ** 2, "nothing has been stored, so no time has passed");
  dedup.stored(5000);
  for (let passed = 0; passed < 1000; passed += 250) {
    dedup.passed(250);
    assertEquals(claim(dedup, "#a", "7x"), ["7x"], `${passed}`);
  }
  for (let passed = 0; passed < 2000; passed += 250) dedup.passed(250);
  assertEquals([own.held < 100_000, dedup.size], [true, 0]);
  // a clock that was set back
  dedup.stored(5000);
  assertEquals(claim(dedup, "#a", "7x"), []);
});

Deno.test("as many ids as it may remember are all remembered, and of more the oldest are forgotten", () => {
  for (const [count, first] of [[100, ["0x"]], [130, []]] as const) {
    const dedup = new Dedup({ ...SMALL, window: 1_000_000, most: 100 });
    for (let at = 0; at < count; at++) {
      claim(dedup, "#a", `${at}x`);
      dedup.stored(at);
    }
    assertEquals(claim(dedup, "#a", "0x"), [...first], `of ${count}`);
  }
});
