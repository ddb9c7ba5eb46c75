import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cursor, Had, To } from "../../lib/store/types.ts";
import { admits, wantedOf } from "../../lib/store/wanted.ts";
import { matches } from "../../lib/topics/topic.ts";

const BATCH = { id: 5, first: 3, count: 5, time: 50 };
const NUMBERS = [3, 4, 5, 6, 7];

const to = fc.option(
  fc.oneof(
    fc.record({ kind: fc.constant("sequence" as const), sequence: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("time" as const), time: fc.integer({ min: 49, max: 51 }) }),
  ),
  { nil: undefined },
);
const bounds = { sequence: fc.integer({ min: 0, max: 9 }), time: fc.integer({ min: 49, max: 51 }), to };
const had = fc.record({
  pattern: fc.constantFrom("#a", "#b", "#*"),
  since: fc.integer({ min: 3, max: 6 }),
  until: fc.integer({ min: 3, max: 6 }),
  ...bounds,
});
const reception = fc.constantFrom(
  undefined,
  { allow: ["#a"], deny: [] },
  { allow: ["#>"], deny: ["#a"] },
);
const cursor = fc.record({
  pattern: fc.constantFrom("#a", "#*"),
  after: fc.constantFrom(0, 4, 5, 6),
  ...bounds,
  had: fc.array(had, { maxLength: 2 }),
  reception,
});

/** Whether bounds let a message of the batch through. */
function lets(
  { sequence, time, to }: { sequence: number; time: number; to: To | undefined },
  number: number,
): boolean {
  if (number < sequence || BATCH.time < time) return false;
  if (to === undefined) return true;
  return to.kind === "sequence" ? number <= to.sequence : BATCH.time <= to.time;
}

function came({ pattern, since, until, ...of }: Had, number: number): boolean {
  return matches(pattern, "#a") && BATCH.id > since && BATCH.id <= until && lets(of, number);
}

Deno.test("a message of a batch is wanted by a cursor that has not passed it, lets it through, and had it no other way", () => {
  fc.assert(
    fc.property(fc.array(cursor, { minLength: 1, maxLength: 3 }), (cursors: readonly Cursor[]) => {
      const expected = NUMBERS.filter((number) =>
        cursors.some((each) =>
          each.after < BATCH.id && admits(each, "#a") && lets(each, number) &&
          !(each.had ?? []).some((one) => came(one, number))
        )
      );
      const wanted = wantedOf(cursors, "#a", BATCH);
      const numbers = wanted.flatMap(({ from, end }) =>
        Array.from({ length: end - from }, (_, at) => from + at)
      );
      assertEquals(numbers, expected, "each once, in their order");
      // who asks whether anything is wanted looks at how many ranges there are
      assertEquals(wanted.filter(({ from, end }) => from >= end), [], "no range is empty");
    }),
    { numRuns: 3000 },
  );
});

Deno.test("a cursor lets through what may be received; where nothing is said of that, all", () => {
  assertEquals(admits({}, "#a"), true);
  assertEquals(admits({ reception: { allow: ["#*"], deny: ["#b"] } }, "#a"), true);
  assertEquals(admits({ reception: { allow: ["#*"], deny: ["#b"] } }, "#b"), false);
});
