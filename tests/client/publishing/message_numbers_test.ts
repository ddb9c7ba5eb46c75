import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MessageNumbers } from "../../../lib/client/publishing/message_numbers.ts";

Deno.test("whatever is withdrawn and done with: places, what is done, and who is behind whom are as in a list", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("next" as const) }),
    fc.record({
      do: fc.constantFrom("withdraw" as const, "advance" as const),
      share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const numbers = new MessageNumbers();
      const waiting: number[] = [];
      for (const step of steps) {
        if (step.do === "next") {
          waiting.push(numbers.next());
        } else if (waiting.length > 0 && step.do === "withdraw") {
          const [number = 0] = waiting.splice(Math.floor(step.share * waiting.length), 1);
          numbers.withdraw(number);
        } else if (waiting.length > 0 && step.do === "advance") {
          const done = waiting.splice(0, 1 + Math.floor(step.share * waiting.length));
          numbers.advance(done.length);
          assertEquals(
            done.map((number) => numbers.behind(number)),
            done.map((_, at) => done.length - 1 - at),
          );
        }
        assertEquals(numbers.done, (waiting[0] ?? numbers.last + 1) - 1);
        assertEquals(waiting.map((number) => numbers.placeOf(number)), waiting.map((_, at) => at + 1));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("when all is given up nothing waits, and what is given then is counted on", () => {
  const numbers = new MessageNumbers();
  for (let at = 0; at < 3; at++) numbers.next();
  numbers.withdraw(2);
  numbers.clear();
  assertEquals([numbers.last, numbers.done], [3, 3]);
  assertEquals([numbers.next(), numbers.placeOf(4)], [4, 1]);
  numbers.advance(1);
  assertEquals([numbers.done, numbers.behind(4)], [4, 0]);
});
