import { assertEquals } from "@std/assert";
import { mutantsOf, mutated } from "./mutation/mutants.ts";

const SOURCE = `
import { one } from "./one.ts";
type Never = 1;
export async function f(a: number, b: number): Promise<number> {
  if (a < b && b > 1) return 2;
  await one(a);
  let sum = a + b;
  sum -= 3;
  return sum;
}
`;

Deno.test("each kind of change is made where it can be, and nothing but it is changed", () => {
  const kinds = mutantsOf(SOURCE).map(({ kind, line }) => `${line} ${kind}`).sort();
  assertEquals(kinds, [
    "5 && and || swapped",
    "5 a comparison flipped",
    "5 a comparison flipped",
    "5 a constant moved",
    "5 a constant moved",
    "5 a guard removed",
    "6 a statement removed",
    "6 an await removed",
    "7 a sum turned",
    "8 a constant moved",
    "8 a statement removed",
    "8 a sum turned",
  ]);
  for (const mutant of mutantsOf(SOURCE)) {
    const text = mutated(SOURCE, mutant);
    const { start, end, replacement } = mutant;
    assertEquals(text.length, SOURCE.length - (end - start) + replacement.length);
    assertEquals(text.slice(0, start), SOURCE.slice(0, start));
  }
});
