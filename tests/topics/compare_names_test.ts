import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareNames } from "../../lib/topics/compare_names.ts";

const encoder = new TextEncoder();

/** By their bytes. */
function byBytes(one: string, other: string): number {
  const [a, b] = [encoder.encode(one), encoder.encode(other)];
  for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at]! - b[at]!;
  return a.length - b.length;
}

Deno.test("names are in the order of the bytes of their UTF-8", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", ".", "é", "\ue000", "\uffee", "😀", "😁", "𐀀") });
  fc.assert(fc.property(name, name, (one, other) => {
    assertEquals(Math.sign(compareNames(one, other)), Math.sign(byBytes(one, other)), `${one} ${other}`);
  }));
});
