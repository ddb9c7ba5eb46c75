import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Records, within, Words } from "../../../lib/engine/durable/id_memory.ts";

Deno.test("numbers lie one behind the other, zero at first, and keep what they are set to however many come", () => {
  const words = new Words();
  const wanted: number[] = [];
  for (let round = 0; wanted.length < 40_000; round++) {
    const count = [1, 2, 4][round % 3]!;
    // what is asked for together lies in one piece
    while (wanted.length % count !== 0) wanted.push(words.get(words.grow(1)));
    assertEquals([words.length, words.grow(count)], [wanted.length, wanted.length]);
    for (let at = 0; at < count; at++) {
      assertEquals(words.get(wanted.length), 0);
      const value = Math.imul(wanted.length + 1, 0x9e3779b1) >>> 0;
      words.set(wanted.length, value);
      wanted.push(value);
    }
  }
  assertEquals(words.length, wanted.length);
  assert(wanted.every((value, at) => words.get(at) === value));
});

/** A record and what it was filled with. */
interface Taken {
  readonly record: number;
  readonly size: number;
  readonly mark: number;
}

function bytesOf(records: Records, { record, size }: Taken): Uint8Array {
  return records.piece(record).subarray(within(record), within(record) + size);
}

Deno.test("each record has its bytes for itself; what is let go is had again by the next of its size", () => {
  const step = fc.record({
    size: fc.oneof(
      fc.integer({ min: 4, max: 12 }),
      fc.constantFrom(31, 32, 33, 63, 64, 65, 200, 257, 5000, 65_536),
    ),
    takes: fc.constantFrom(true, true, false),
    which: fc.nat(30),
  });
  const property = fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
    const records = new Records();
    const taken: Taken[] = [];
    const free = new Map<number, number[]>();
    let mark = 0;
    for (const { size, takes, which } of steps) {
      if (!takes) {
        if (which >= taken.length) continue;
        const [one] = taken.splice(which, 1);
        records.letGo(one!.record, one!.size);
        free.set(one!.size, [...(free.get(one!.size) ?? []), one!.record]);
        continue;
      }
      const record = records.take(size);
      const again = free.get(size)?.pop();
      if (again !== undefined) assertEquals(record, again, "what was let go last");
      else for (const [other, all] of free) assert(!all.includes(record), `${size} in the place of ${other}`);
      const one = { record, size, mark: ++mark % 251 };
      const bytes = bytesOf(records, one);
      assertEquals(bytes.length, size, "it lies in one piece");
      bytes.fill(one.mark);
      taken.push(one);
    }
    for (const one of taken) assert(bytesOf(records, one).every((byte) => byte === one.mark));
  });
  fc.assert(property, { numRuns: 100 });
});

Deno.test("records lie one behind the other, and one that finds no room at the end of a piece begins the next", () => {
  const records = new Records();
  assertEquals([10, 300, 4].map((size) => records.take(size)), [0, 10, 310]);
  const rest = 65_536 - 314;
  assertEquals([records.take(rest - 10), records.take(10)], [314, 65_526], "to the last byte");
  assertEquals([records.take(65_530), records.take(7), records.take(6)], [65_536, 131_072, 131_079]);
});

Deno.test("a record that is larger than a piece is refused", () => {
  const records = new Records();
  assertThrows(() => records.take(65_537), RangeError, "a record takes 65536 bytes at most, not 65537");
  assertEquals(records.take(65_536), 0);
});

Deno.test("of very many records each that is let go is found again, wherever it lies", () => {
  const records = new Records();
  const all = Array.from({ length: 100_000 }, () => records.take(8));
  assertEquals(new Set(all).size, all.length);
  const gone = all.filter((_, at) => at % 3 === 0);
  for (const record of gone) records.letGo(record, 8);
  const again = gone.map(() => records.take(8));
  assertEquals(again.reverse(), gone);
  assertEquals(records.take(8), 100_000 * 8);
});

Deno.test("where a record lies is known beyond sixteen million bytes, too", () => {
  const records = new Records();
  const all = Array.from({ length: 300 }, () => records.take(65_536));
  const far = [299, 257, 270].map((at) => all[at]!);
  for (const record of far) records.letGo(record, 65_536);
  assertEquals(far.map(() => records.take(65_536)), far.toReversed());
  assertEquals(records.take(65_536), 300 * 65_536);
});
