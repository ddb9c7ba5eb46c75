import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Counters, type Totals } from "../lib/counters.ts";

const KINDS = ["dropped", "expired", "unsent", "refused", "loginsRefused", "redelivered", "dead"] as const;
const WITH_BYTES = [["published", "publishedBytes"], ["delivered", "deliveredBytes"]] as const;

Deno.test("what is counted adds up, each kind for itself", () => {
  const kinds = [...KINDS, ...WITH_BYTES.map(([kind]) => kind)];
  const counts = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(1000)), { maxLength: 30 });
  fc.assert(fc.property(counts, (all) => {
    const counters = new Counters();
    for (const [kind, messages] of all) counters[kind](messages, 10 * messages);
    const sums = new Map<keyof Totals, number>();
    for (const kind of kinds) {
      sums.set(kind, all.reduce((sum, [each, messages]) => each === kind ? sum + messages : sum, 0));
    }
    for (const [kind, bytes] of WITH_BYTES) sums.set(bytes, 10 * sums.get(kind)!);
    for (const [kind, sum] of sums) assertEquals(counters.totals[kind], sum, kind);
    assertEquals(Object.keys(counters.totals).length, sums.size);
  }));
});

Deno.test("connections that ended are counted by why they did", () => {
  const counters = new Counters();
  for (const reason of ["quit", "stalled", "quit"]) counters.ended(reason);
  assertEquals(counters.endings, new Map([["quit", 2], ["stalled", 1]]));
});
