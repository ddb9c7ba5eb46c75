import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { IdSet } from "../../../lib/engine/durable/id_set.ts";

Deno.test("ids that end in a number and do not count up take some bytes beside their own, not hundreds", () => {
  const set = new IdSet();
  for (let at = 0; at < 10_000; at++) set.add({ at: 0, count: 1, prefix: `${at}x`, first: at });
  assert(set.bytes < 10_000 * 90, `${set.bytes}`);
  for (let at = 0; at < 10_000; at++) {
    assertEquals(set.has({ at: 0, count: 1, prefix: `${at}x`, first: at }, 0), true);
    assertEquals(set.has({ at: 0, count: 1, prefix: `${at}x`, first: at + 1 }, 0), false);
  }
});

Deno.test("a set of ids is a set, whatever is added and taken out; empty, it takes nothing", () => {
  const span = fc.record({
    prefix: fc.constantFrom("", "a", "b"),
    first: fc.option(fc.nat(12), { nil: undefined }),
    count: fc.integer({ min: 1, max: 4 }),
    add: fc.boolean(),
  });
  const property = fc.property(fc.array(span, { maxLength: 40 }), (steps) => {
    const set = new IdSet();
    const model = new Set<string>();
    let size = 0;
    for (const { prefix, first, count: wanted, add } of steps) {
      const count = first === undefined ? 1 : wanted;
      const ids = Array.from(
        { length: count },
        (_, at) => first === undefined ? prefix : `${prefix}${first + at}`,
      );
      const of = { at: 0, count, prefix, first };
      if (first === undefined && prefix === "") continue;
      if (!add) {
        size -= set.delete(of);
        for (const id of ids) model.delete(id);
        continue;
      }
      for (const [at, id] of ids.entries()) {
        assertEquals(set.has(of, at), model.has(id));
        if (model.has(id)) assert(set.mayHave(of));
      }
      if (!ids.some((id) => model.has(id))) {
        size += set.add(of);
        for (const id of ids) model.add(id);
      }
    }
    for (const prefix of ["", "a", "b"]) {
      if (prefix !== "") size -= set.delete({ at: 0, count: 1, prefix, first: undefined });
      for (let at = 0; at < 20; at++) {
        const of = { at: 0, count: 1, prefix, first: at };
        assertEquals(set.has(of, 0), model.has(`${prefix}${at}`));
        size -= set.delete(of);
      }
    }
    assertEquals([set.bytes, size], [0, 0]);
  });
  fc.assert(property, { numRuns: 500 });
});
