import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Counters, type Totals } from "../lib/counters.ts";

const KINDS: readonly (keyof Totals)[] = [
  "published",
  "delivered",
  "dropped",
  "expired",
  "unsent",
  "refused",
  "loginsRefused",
];

Deno.test("what is counted adds up, each kind for itself", () => {
  const counts = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(1000)), { maxLength: 30 });
  fc.assert(fc.property(counts, (all) => {
    const counters = new Counters();
    for (const [kind, messages] of all) counters[kind](messages);
    for (const kind of KINDS) {
      const sum = all.reduce((sum, [each, messages]) => each === kind ? sum + messages : sum, 0);
      assertEquals(counters.totals[kind], sum, kind);
    }
  }));
});
