import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { KeyedLine } from "../../../lib/engine/groups/keyed_line.ts";

Deno.test("whatever comes and goes, the least comes first (G12)", () => {
  fc.assert(fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 300 }), (steps) => {
    const line = new KeyedLine<{ order: number }>();
    let model: number[] = [];
    for (const step of steps) {
      if (step !== null) {
        line.add({ order: step });
        model = [...model, step].toSorted((one, other) => one - other);
      } else if (model.length > 0) {
        assertEquals(line.first!.order, model.shift());
        line.shift();
      }
      assertEquals(line.first?.order, model[0]);
    }
    const odd = line.take(({ order }) => order % 2 === 1).map(({ order }) => order);
    assertEquals(odd, model.filter((order) => order % 2 === 1));
    assertEquals(line.first?.order, model.filter((order) => order % 2 === 0)[0]);
  }));
});
