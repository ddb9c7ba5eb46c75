import { assert } from "@std/assert";
import { collectHeap } from "../lib/collect.ts";

Deno.test("the heap is collected: what nobody holds is gone", async () => {
  let big: { readonly bytes: number[] } | undefined = { bytes: new Array(1000).fill(1) };
  const seen = new WeakRef(big);
  assert(big.bytes.length > 0);
  big = undefined;
  // what a weak reference was asked for lives until the turn ends
  for (let turns = 0; turns < 20 && seen.deref() !== undefined; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    collectHeap();
  }
  assert(seen.deref() === undefined);
});
