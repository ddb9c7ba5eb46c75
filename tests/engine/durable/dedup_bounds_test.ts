import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Dedup } from "../../../lib/engine/durable/dedup.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { spansOf } from "../../support/ids.ts";

const TOLD = 64 * 1024;

function dedup({ window = 1000, most = 1e6, bytes = 1024 ** 3 } = {}): { ids: Dedup; memory: HeldMemory } {
  const memory = new HeldMemory({ most: 1024 ** 3, pool: new ChunkPool() });
  return { ids: new Dedup({ window, most, bytes, memory, seed: 7 }), memory };
}

function isKnown(ids: Dedup, ...names: readonly string[]): boolean[] {
  const known = ids.claim("#a", spansOf(names));
  return names.map((_, at) => known.has(at));
}

Deno.test("an id is forgotten when what came in the first quarter of a window behind it would be, to the millisecond", () => {
  for (const begins of ["before the first commit", "behind it"]) {
    const { ids } = dedup();
    if (begins === "behind it") ids.stored(5000);
    ids.claim("#a", spansOf(["x"]));
    ids.stored(5000);
    for (let time = 5050; time <= 6450; time += 50) {
      ids.stored(time);
      assertEquals(isKnown(ids, "x"), [true], `${begins}: at ${time}`);
    }
    ids.stored(6499);
    assertEquals(isKnown(ids, "x"), [true]);
    ids.stored(6500);
    assertEquals([ids.size, ids.bytes], [0, 0], begins);
  }
});

Deno.test("a commit counts for a sixteenth of the window at most, however long it takes", () => {
  const { ids } = dedup({ window: 1600 });
  ids.stored(0);
  ids.claim("#a", spansOf(["x"]));
  // a quarter until the next part begins, and a window and a quarter behind that
  const last = (400 + 1600 + 400) / 100;
  for (let commit = 1; commit < last; commit++) {
    ids.stored(100_000 * commit);
    assertEquals(isKnown(ids, "x"), [true], `commit ${commit}`);
  }
  ids.stored(100_000 * last);
  assertEquals(ids.size, 0);
});

Deno.test("no time passes while a clock stands, however much is stored", () => {
  const { ids } = dedup();
  ids.claim("#a", spansOf(["x"]));
  for (let commit = 0; commit < 5000; commit++) ids.stored(7000);
  assertEquals(isKnown(ids, "x"), [true]);
});

Deno.test("what has passed while nothing was known makes nothing be known longer (D6)", () => {
  const { ids } = dedup();
  ids.stored(0);
  for (let passed = 0; passed < 60_000; passed += 250) ids.passed(250);
  ids.stored(60_000);
  ids.claim("#a", spansOf(["x"]));
  for (let time = 60_000; time <= 61_000; time += 50) ids.stored(time);
  assertEquals(isKnown(ids, "x"), [true]);
  for (let time = 61_050; time <= 61_550; time += 50) ids.stored(time);
  assertEquals(ids.size, 0);
});

Deno.test("with more ids than may be known the oldest quarter goes, when another is full", () => {
  const { ids } = dedup({ window: 1e9, most: 100 });
  const sizes: number[] = [];
  for (let at = 0; at < 150; at++) {
    ids.claim("#a", spansOf([`${at}x`]));
    ids.stored(at);
    sizes.push(ids.size);
  }
  const wanted = Array.from({ length: 150 }, (_, at) => at < 124 ? at + 1 : at < 149 ? at + 1 - 25 : 100);
  assertEquals(sizes, wanted);
  assertEquals(isKnown(ids, "49x", "50x"), [false, true]);
});

Deno.test("more than may be known that came at once is not known", () => {
  const { ids } = dedup({ window: 1e9, most: 100 });
  ids.claim("#a", spansOf(Array.from({ length: 101 }, (_, at) => `${at}x`)));
  assertEquals(ids.size, 101, "until it is stored");
  ids.stored(1);
  assertEquals(ids.size, 0);
});

/** An id of a topic each of which takes 32 bytes, and so does the topic. */
const TOPIC = `#${"t".repeat(9)}`;

function ofNumber(at: number): string {
  return `${at}`.padStart(9, "a") + "x";
}

Deno.test("with more bytes of ids than may be known the oldest quarter goes, when another is full", () => {
  const { ids } = dedup({ window: 1e9, bytes: 100 * 32 });
  const sizes: number[] = [];
  for (let at = 0; at < 150; at++) {
    ids.claim(TOPIC, spansOf([ofNumber(at)]));
    ids.stored(at);
    sizes.push(ids.size);
  }
  // a quarter is the topic and 24 ids
  const wanted = Array.from(
    { length: 150 },
    (_, at) => at < 119 ? at + 1 : at < 143 ? at + 1 - 24 : at + 1 - 48,
  );
  assertEquals(sizes, wanted);
});

Deno.test("what is claimed and never stored takes as many bytes as what is stored, and goes all at once", () => {
  const { ids } = dedup({ window: 1e9, bytes: 100 * 32 });
  for (let at = 1; at < 100; at++) {
    ids.claim(TOPIC, spansOf([ofNumber(at)]));
    assertEquals(ids.size, at);
  }
  ids.claim(TOPIC, spansOf([ofNumber(100)]));
  assertEquals(ids.size, 0);
});

Deno.test("what ids take is told as soon as it is 64 KiB more or less than what was told, and exactly", () => {
  const { ids, memory } = dedup();
  const claim = (at: number): void => void ids.claim(TOPIC, spansOf([ofNumber(at)]));
  for (let at = 1; at < TOLD / 32 - 1; at++) claim(at);
  assertEquals([ids.bytes, memory.held], [TOLD - 32, 0]);
  claim(0);
  assertEquals([ids.bytes, memory.held], [TOLD, TOLD]);
  for (let at = 1; at < TOLD / 32; at++) claim(at + 5000);
  assertEquals([ids.bytes, memory.held], [2 * TOLD - 32, TOLD]);
  claim(10_000);
  assertEquals(memory.held, 2 * TOLD);
  const refuse = (at: number): void => ids.refused(TOPIC, spansOf([ofNumber(at)]));
  for (let at = 1; at < TOLD / 32; at++) refuse(at + 5000);
  assertEquals([ids.bytes, memory.held], [TOLD + 32, 2 * TOLD]);
  refuse(10_000);
  assertEquals([ids.bytes, memory.held], [TOLD, TOLD]);
});

Deno.test("what ids take is told when they are brought back, and when they are forgotten", () => {
  const many = spansOf(Array.from({ length: 10_000 }, (_, at) => `${at}x`));
  for (const how of ["stored", "passed"] as const) {
    const { ids, memory } = dedup();
    ids.restore("#a", many, 10);
    assertEquals(memory.held, ids.bytes);
    assert(memory.held > 2 * TOLD);
    for (let time = 0; time <= 3000; time += 50) {
      if (how === "stored" || time === 0) ids.stored(time);
      else ids.passed(50);
    }
    assertEquals([ids.bytes, memory.held], [0, 0], how);
  }
});
