import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { IdKey } from "../../../lib/engine/durable/id_key.ts";
import { IdSet } from "../../../lib/engine/durable/id_set.ts";
import type { IdSpan } from "../../../lib/id_spans.ts";

/** Ids of one topic in a set. */
class Ids {
  readonly key = new IdKey(7);
  readonly set: IdSet;
  readonly #topic: string;

  constructor(topic = "#a", set = new IdSet()) {
    this.#topic = topic;
    this.set = set;
  }

  mayHave(span: IdSpan): boolean {
    return this.set.mayHave(this.#of(span), span);
  }
  has(span: IdSpan, offset = 0): boolean {
    return this.set.has(this.#of(span), span, offset);
  }
  add(span: IdSpan): void {
    this.set.add(this.#of(span), span, { offset: 0, count: span.count });
  }
  delete(span: IdSpan): void {
    this.set.delete(this.#of(span), span);
  }

  #of({ prefix }: IdSpan): IdKey {
    this.key.ofTopic(this.#topic);
    this.key.ofText(prefix);
    return this.key;
  }
}

/** Numbers behind a prefix; undefined: an id without one. */
function span(prefix: string, first: number | undefined, count = 1): IdSpan {
  return { at: 0, count, prefix, first };
}

Deno.test("an id takes some 22 bytes and its own, whether it ends in a number or not", () => {
  for (const first of [undefined, 7]) {
    const ids = new Ids();
    const before = ids.set.bytes;
    let own = 0;
    for (let at = 0; at < 10_000; at++) {
      ids.add(span(`${at}x`, first));
      own += `${at}x`.length;
    }
    const each = (ids.set.bytes - before - own) / 10_000;
    assert(each < (first === undefined ? 23 : 32), `${each}`);
    assertEquals(ids.set.size, 10_000);
    for (let at = 0; at < 10_000; at++) {
      assert(ids.has(span(`${at}x`, first)));
      assert(!ids.has(span(`${at}y`, first)));
      if (first !== undefined) assert(!ids.has(span(`${at}x`, first + 1)));
    }
  }
});

Deno.test("what counts up takes some bytes for a million, in whatever order it comes, less what was taken out", () => {
  const ids = new Ids();
  for (let from = 0; from < 3 * 2 ** 20; from += 512) {
    ids.add(span("p-", from + 512 * (from & 512 ? -1 : 1), 512));
  }
  assertEquals([ids.set.size, ids.set.bytes < 1000], [3, true]);
  assert(ids.has(span("p-", 3 * 2 ** 20 - 1)));
  assert(!ids.mayHave(span("p-", 3 * 2 ** 20, 5000)));
  ids.delete(span("p-", 2 ** 20 + 77, 2));
  assertEquals([76, 77, 78, 79].map((at) => ids.has(span("p-", 2 ** 20 + at))), [true, false, false, true]);
  assertEquals([1, 2].map((at) => ids.has(span("p-", at * 2 ** 20 - 1))), [true, true], "its neighbours");
  ids.add(span("p-", 2 ** 20 + 77, 2));
  assertEquals([ids.set.size, ids.set.bytes < 1000], [3, true]);
});

Deno.test("numbers of one block that do not follow each other take a bit each", () => {
  const ids = new Ids();
  const odd = Array.from({ length: 512 }, (_, at) => 2 * at + 1);
  for (const number of odd.toReversed()) ids.add(span("p-", number));
  assertEquals([ids.set.size, ids.set.bytes < 250], [1, true]);
  for (const number of odd) {
    assertEquals([ids.has(span("p-", number)), ids.has(span("p-", number - 1))], [true, false]);
  }
  ids.delete(span("p-", 0, 1024));
  assertEquals(ids.set.size, 0);
});

Deno.test("an id is one of its topic, and told from all that have as much as possible in common with it", () => {
  const set = new IdSet();
  const [a, b, empty] = [new Ids("#a", set), new Ids("#b", set), new Ids("", set)];
  const ids = [
    ...["", "p", "p-", "\0", "\xff", "#a"].map((prefix) => span(prefix, undefined)),
    ...[0, 1023, 1024, 2 ** 20, 2 ** 32, 2 ** 42, 1e15 - 1].flatMap((number) =>
      ["", "p-", "p-\0"].map((of) => span(of, number))
    ),
  ];
  for (const [at, id] of ids.entries()) {
    assertEquals([a, b, empty].map((of) => of.has(id) || of.mayHave(id)), [false, false, false]);
    [a, b, empty][at % 3]!.add(id);
    assertEquals([a, b, empty].map((of) => of.has(id)), [0, 1, 2].map((of) => of === at % 3));
  }
  assertEquals(set.size, ids.length - 3, "0 and 1023 of a prefix are one");
});

Deno.test("a set of ids is a set, whatever is added and taken out; empty, it takes what its topic does", () => {
  const edge = fc.constantFrom(0, 1020, 1024, 2040, 2 ** 20 - 4);
  const step = fc.record({
    prefix: fc.constantFrom("", "a", "b"),
    first: fc.option(fc.tuple(edge, fc.nat(12)).map(([from, by]) => from + by), { nil: undefined }),
    count: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom(1024, 3000)),
    add: fc.boolean(),
  });
  const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const ids = new Ids();
    const model = new Set<string>();
    for (const { prefix, first, count: wanted, add } of steps) {
      const count = first === undefined ? 1 : wanted;
      const of = span(prefix, first, count);
      const names = Array.from(
        { length: count },
        (_, at) => first === undefined ? `${prefix}x` : `${prefix}${first + at}`,
      );
      if (!add) {
        ids.delete(of);
        for (const name of names) model.delete(name);
        continue;
      }
      for (let at = 0; at < count; at += count > 4 ? 97 : 1) {
        assertEquals(ids.has(of, at), model.has(names[at]!));
      }
      const known = names.some((name) => model.has(name));
      if (known) assert(ids.mayHave(of));
      if (known) continue;
      ids.add(of);
      for (const name of names) model.add(name);
    }
    for (const prefix of ["", "a", "b"]) {
      assertEquals(ids.has(span(prefix, undefined)), model.has(`${prefix}x`));
      ids.delete(span(prefix, undefined));
      for (const from of [0, 1020, 2040, 2 ** 20 - 4]) {
        for (let at = from; at < from + 20; at++) {
          assertEquals(ids.has(span(prefix, at)), model.has(`${prefix}${at}`));
        }
      }
      for (const from of [0, 2 ** 20 - 4]) ids.delete(span(prefix, from, 6000));
    }
    assertEquals([ids.set.size, ids.set.bytes < 40], [0, true]);
  });
  fc.assert(property, { numRuns: 200 });
});

Deno.test("what is added and taken out again and again has the place of what was there before", () => {
  const ids = new Ids();
  const rows = [
    span("whole", undefined),
    span("p-", 3),
    span("q-", 5, 2000),
    span("x".repeat(255), undefined),
  ];
  for (const row of rows) ids.add(row);
  const { bytes } = ids.set;
  for (let round = 0; round < 2000; round++) {
    for (const row of rows) ids.delete(row);
    for (const row of rows) ids.add(row);
  }
  assertEquals(ids.set.bytes, bytes);
});

Deno.test("an id may be longer than what is kept for one, and is told from others as long", () => {
  const ids = new Ids();
  for (const length of [506, 507, 508, 512, 2000]) {
    const long = "x".repeat(length);
    ids.add(span(`${long}a`, undefined));
    ids.add(span(long, 7));
    assertEquals([ids.has(span(`${long}a`, undefined)), ids.has(span(`${long}b`, undefined))], [true, false]);
    assertEquals([ids.has(span(long, 7)), ids.has(span(long, 8))], [true, false]);
  }
});
