import { assertEquals } from "@std/assert";
import { IdKey } from "../../../lib/engine/durable/id_key.ts";
import { IdSet } from "../../../lib/engine/durable/id_set.ts";
import type { IdSpan } from "../../../lib/id_spans.ts";

/** What an entry takes beside its key and what belongs to it, and that key: a prefix of two and a block's five bytes. */
const ENTRY = 22;
const TOPIC = ENTRY + 2;
/** A block whose numbers follow each other, and one with a bit for each. */
const INTERVAL = ENTRY + 7 + 4;
const BITS = INTERVAL + 128;

/** Numbers of one prefix in a set. */
class Numbers {
  readonly set = new IdSet();
  readonly #key = new IdKey(7);

  constructor() {
    this.#key.ofTopic("#a");
    this.#key.ofText("p-");
  }

  add(first: number, last = first): void {
    this.set.add(this.#key, spanOf(first, last), { offset: 0, count: last - first + 1 });
  }
  delete(first: number, last = first): void {
    this.set.delete(this.#key, spanOf(first, last));
  }
  has(number: number): boolean {
    return this.set.has(this.#key, spanOf(0, 0), number);
  }
  mayHave(first: number, last: number): boolean {
    return this.set.mayHave(this.#key, spanOf(first, last));
  }
  /** Bytes beside its topic's. */
  get bytes(): number {
    return this.set.bytes - TOPIC;
  }
}

function spanOf(first: number, last: number): IdSpan {
  return { at: 0, count: last - first + 1, prefix: "p-", first };
}

/** What it takes after each of these steps: `+` adds, `-` takes out. */
function bytesAfter(...steps: readonly string[]): [step: string, bytes: number][] {
  const numbers = new Numbers();
  const model = new Set<number>();
  return steps.map((step) => {
    const [from, to] = step.slice(1).split("..").map(Number) as [number, number | undefined];
    if (step.startsWith("+")) numbers.add(from, to);
    else numbers.delete(from, to);
    for (let number = from; number <= (to ?? from); number++) {
      if (step.startsWith("+")) model.add(number);
      else model.delete(number);
    }
    const around = [
      0,
      1,
      5,
      9,
      10,
      11,
      500,
      1022,
      1023,
      1024,
      1025,
      2047,
      2048,
      from,
      from + 1,
      (to ?? from) + 1,
    ];
    for (const number of [...around, ...model].filter((number) => number >= 0)) {
      assertEquals(numbers.has(number), model.has(number), `${number} after ${step}`);
    }
    return [step, numbers.bytes];
  });
}

function check(...wanted: readonly [step: string, bytes: number][]): void {
  assertEquals(bytesAfter(...wanted.map(([step]) => step)), wanted as [string, number][]);
}

Deno.test("numbers that follow each other are an interval, whichever end they come at, and whatever goes at an end", () => {
  check(["+10", INTERVAL], ["+11", INTERVAL], ["+9", INTERVAL], ["+12..20", INTERVAL], ["+0..8", INTERVAL]);
  check(["+5..9", INTERVAL], ["-5", INTERVAL], ["-9", INTERVAL], ["-6..8", 0], ["+7", INTERVAL]);
  check(["+1023", INTERVAL], ["+1022", INTERVAL], ["-1023", INTERVAL], ["-1022", 0]);
  check(["+0", INTERVAL], ["-1", INTERVAL], ["-0", 0], ["-0", 0]);
});

Deno.test("numbers with others between them have a bit each, until none of them is left", () => {
  check(["+5", INTERVAL], ["+7", BITS], ["+6", BITS], ["-5..6", BITS], ["-7", 0]);
  check(["+0..1", INTERVAL], ["+1023", BITS], ["+8..9", BITS], ["-0..1", BITS], ["-8..9", BITS], [
    "-1023",
    0,
  ]);
  check(["+5..9", INTERVAL], ["-7", BITS], ["+7", BITS], ["-7", BITS], ["-7", BITS], ["-5..9", 0]);
});

Deno.test("a block that is full is a number of a block of blocks, however it became full", () => {
  check(["+0..1023", INTERVAL], ["+1024..2047", INTERVAL], ["+2048", 2 * INTERVAL]);
  check(["+0..1022", INTERVAL], ["+1023", INTERVAL], ["+1024", 2 * INTERVAL]);
  check(["+5", INTERVAL], ["+7..1023", BITS], ["+0..4", BITS], ["+6", INTERVAL], ["-0..1023", 0]);
  check(["+0..1023", INTERVAL], ["+2048..3071", BITS], ["+1024..2047", BITS]);
  // the last of a million blocks of blocks
  const last = 2 ** 20 - 1024;
  check([`+${last}..${last + 1023}`, INTERVAL], [`+${last + 1024}..${last + 2047}`, 2 * INTERVAL]);
});

Deno.test("a full block that something is taken out of is opened, and the others stay full", () => {
  check(["+0..3071", INTERVAL], ["-1500", 2 * BITS], ["+1500", BITS], ["-0..1023", BITS], ["-1024..3071", 0]);
  check(["+0..2047", INTERVAL], ["-0", 2 * INTERVAL], ["-2047", 2 * INTERVAL], ["-1..2046", 0]);
  check(["+0..1023", INTERVAL], ["-1023", INTERVAL], ["-0..1022", 0]);
});

Deno.test("whether any of a span may be known is told by its interval, and where there are bits it may be", () => {
  const numbers = new Numbers();
  const may = (first: number, last: number): boolean => numbers.mayHave(first, last);
  assertEquals(may(0, 5000), false);
  numbers.add(10, 20);
  assertEquals([may(5, 9), may(5, 10), may(20, 30), may(21, 30), may(12, 13)], [
    false,
    true,
    true,
    false,
    true,
  ]);
  assertEquals([may(1000, 1100), may(0, 1100), may(1024, 1034)], [false, true, false]);
  numbers.add(2048 + 1000, 2048 + 1023);
  assertEquals([may(1000, 3047), may(1000, 3048), may(3071, 3072), may(3072, 3080)], [
    false,
    true,
    true,
    false,
  ]);
  numbers.add(40);
  assertEquals([may(21, 30), may(50, 60)], [true, true], "one looks at each then");
  assertEquals([may(20, 20), may(21, 21), may(40, 40)], [true, false, true], "of one it is known");
  const full = new Numbers();
  full.add(1024, 2047);
  const mayBe = (first: number, last: number): boolean => full.mayHave(first, last);
  assertEquals([mayBe(0, 1023), mayBe(1000, 1024), mayBe(2047, 2050), mayBe(2048, 2050)], [
    false,
    true,
    true,
    false,
  ]);
  full.delete(1024, 2047);
  assertEquals(mayBe(0, 5000), false);
});

Deno.test("a set counts things, not topics, and empty it takes what its topic does", () => {
  const numbers = new Numbers();
  assertEquals([numbers.set.size, numbers.set.bytes], [0, 0]);
  numbers.add(1, 5000);
  // the three blocks that are full are one thing
  assertEquals(numbers.set.size, 3);
  numbers.delete(3000);
  assertEquals(numbers.set.size, 4);
  numbers.delete(1, 5000);
  assertEquals([numbers.set.size, numbers.set.bytes], [0, TOPIC]);
});
