import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SmallMap } from "../lib/small_map.ts";

Deno.test("a small map does what a map does, whatever is put in and taken out", () => {
  const step = fc.record({ key: fc.constantFrom("a", "b", "c", "__proto__", ""), set: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const small = new SmallMap<string, number>();
    const map = new Map<string, number>();
    for (const [value, { key, set }] of steps.entries()) {
      if (set) {
        small.set(key, value);
        map.set(key, value);
      } else {
        small.delete(key);
        map.delete(key);
      }
      assertEquals(small.size, map.size);
      for (const each of ["a", "b", "c", "__proto__", ""]) assertEquals(small.get(each), map.get(each));
      assertEquals([...small].sort(), [...map].sort());
    }
  }));
});

Deno.test("one entry is no map, and the first place is filled again", () => {
  const small = new SmallMap<string, number>();
  small.set("a", 1);
  small.set("a", 2);
  small.set("b", 3);
  small.delete("a");
  small.set("b", 4);
  assertEquals([...small], [["b", 4]], "it stays where it is");
  small.set("c", 5);
  assertEquals([...small], [["c", 5], ["b", 4]], "in the place that was free");
  small.set("c", 6);
  assertEquals([[...small], small.size], [[["c", 6], ["b", 4]], 2]);
});
