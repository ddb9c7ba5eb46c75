import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Handed } from "../../../lib/engine/groups/handed.ts";

/** One message as it was given. */
type Kind = "unstored" | "leased" | "passing";

const step = fc.oneof(
  fc.record({
    give: fc.constantFrom<Kind>("unstored", "leased", "passing"),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ pass: fc.integer({ min: 0, max: 7 }) }),
  fc.constant("disown" as const),
  fc.constant("clear" as const),
);

Deno.test("messages leave in the order in which they were given, and what is settled with that is told by its numbers", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const handed = new Handed();
      let model: { readonly kind: Kind; readonly number: number }[] = [];
      let next = 1;
      const check = ({ unstored, settled }: ReturnType<Handed["pass"]>, count: number): void => {
        const gone = model.splice(0, count);
        assertEquals(unstored, gone.filter(({ kind }) => kind === "unstored").length);
        const numbers = settled.flatMap(({ from, end }) =>
          Array.from({ length: end - from }, (_, at) => from + at)
        );
        assertEquals(numbers, gone.filter(({ kind }) => kind === "passing").map(({ number }) => number));
      };
      for (const each of steps) {
        if (each === "clear") {
          check(handed.clear(), model.length);
        } else if (each === "disown") {
          assertEquals(handed.disown(), model.filter(({ kind }) => kind === "unstored").length);
          model = model.map(({ kind, number }) => ({ kind: kind === "unstored" ? kind : "leased", number }));
        } else if ("pass" in each) {
          check(handed.pass(each.pass), each.pass);
        } else {
          const { give, count } = each;
          for (let at = 0; at < count; at++) model.push({ kind: give, number: next + at });
          const unit = { after: undefined, open: 0, ends: new Map<string, number>() };
          if (give === "unstored") handed.unstored(count);
          else if (give === "leased") handed.leased(count);
          else handed.passing({ topic: "#a", unit, attempt: 1, from: next, end: next + count });
          next += count;
        }
      }
      check(handed.clear(), model.length);
    }),
    { numRuns: 300 },
  );
});
