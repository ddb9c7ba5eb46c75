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

Deno.test("of a long line of which most are gone the rest comes in its order, and who comes before it first (G12)", () => {
  const line = new KeyedLine<{ order: number }>();
  for (let order = 1000; order < 1500; order++) line.add({ order });
  for (let order = 1000; order < 1400; order++) {
    assertEquals(line.first!.order, order);
    line.shift();
  }
  for (const order of [1450, 999, 1399, 1, 2000]) line.add({ order });
  const left = line.take(() => true).map(({ order }) => order);
  const rest = Array.from({ length: 100 }, (_, at) => 1400 + at);
  assertEquals(left, [1, 999, 1399, ...rest.slice(0, 51), 1450, ...rest.slice(51), 2000]);
  assertEquals(line.first, undefined);
  line.add({ order: 3 });
  assertEquals(line.first, { order: 3 });
});
