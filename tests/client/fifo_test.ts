import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Fifo } from "../../lib/client/fifo.ts";

Deno.test("whatever is pushed, shifted and taken out: it is what a list would be", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), count: fc.nat(3000) }),
    fc.record({ do: fc.constant("shift" as const), count: fc.nat(3000) }),
    fc.record({ do: fc.constant("take" as const), count: fc.nat(3000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const [fifo, list] = [new Fifo<number>(), [] as number[]];
      let next = 0;
      for (const { do: what, count } of steps) {
        if (what === "take") {
          assertEquals(fifo.takeFrom(count), list.splice(count));
        }
        for (let times = 0; what !== "take" && times < count; times++) {
          if (what === "push") {
            fifo.push(next);
            list.push(next++);
          } else if (fifo.shift() !== list.shift()) {
            throw new Error("what was shifted is another");
          }
        }
        assertEquals([fifo.size, fifo.at(0), fifo.at(1), fifo.at(list.length)], [
          list.length,
          list[0],
          list[1],
          undefined,
        ]);
      }
    }),
    { numRuns: 200 },
  );
});
