import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readRanges, SequenceRanges } from "../lib/sequence_ranges.ts";

const STEP = fc.record({
  adds: fc.boolean(),
  from: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 0, max: 10 }).map((count) => count + 1),
});

function numbers(ranges: Iterable<{ readonly from: number; readonly end: number }>): number[] {
  return [...ranges].flatMap(({ from, end }) => {
    assertEquals(end > from, true, "none is empty");
    return Array.from({ length: end - from }, (_, at) => from + at);
  });
}

Deno.test("ranges of sequence numbers are as a set of them, in the fewest ranges there are", () => {
  fc.assert(fc.property(fc.array(STEP, { maxLength: 30 }), (steps) => {
    const ranges = new SequenceRanges();
    const set = new Set<number>();
    for (const { adds, from, count } of steps) {
      const end = from + count;
      const asked = numbers([{ from, end }]);
      const inside = asked.filter((number) => set.has(number));
      assertEquals(numbers(ranges.without(from, end)), asked.filter((number) => !set.has(number)));
      if (adds) {
        assertEquals(ranges.add(from, end), count - inside.length);
        for (const number of asked) set.add(number);
      } else {
        assertEquals(numbers(ranges.take(from, end)), inside);
        for (const number of asked) set.delete(number);
      }
      const all = [...set].toSorted((one, other) => one - other);
      assertEquals(numbers(ranges), all);
      assertEquals([ranges.size, ranges.empty], [set.size, set.size === 0]);
      for (let number = 1; number < 52; number++) assertEquals(ranges.has(number), set.has(number));
      let before = -1;
      for (const range of ranges) {
        assertEquals(range.from > before, true, "one that touches the one before is a part of it");
        before = range.end;
      }
      assertEquals(readRanges(`${ranges}`)?.toString(), `${ranges}`);
    }
  }));
});

Deno.test("ranges are read as they are written, and nothing else is", () => {
  const ranges = new SequenceRanges();
  assertEquals(`${ranges}`, "");
  ranges.add(3, 8);
  ranges.add(9, 10);
  assertEquals(`${ranges}`, "3-7 9");
  assertEquals(numbers(readRanges("3-7 9")!), [3, 4, 5, 6, 7, 9]);
  assertEquals(readRanges("")?.empty, true);
  for (
    const text of [
      "0",
      "x",
      "3-",
      "7-3",
      "3-7 8",
      "9 3",
      "3  4",
      " 3",
      "1e3",
      "1234567890123456",
      "1-1234567890123456",
    ]
  ) {
    assertEquals(readRanges(text), undefined, text);
  }
});
