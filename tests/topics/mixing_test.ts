import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { factorOf, mixed } from "../../lib/topics/mixing.ts";

const MASK = (1n << 32n) - 1n;

/** The finish of MurmurHash3, as it is published, on whole numbers of any size. */
function finished(number: bigint): bigint {
  let h = number & MASK;
  h ^= h >> 16n;
  h = h * 0x85ebca6bn & MASK;
  h ^= h >> 13n;
  h = h * 0xc2b2ae35n & MASK;
  return h ^ h >> 16n;
}

Deno.test("a hash and a place are mixed as MurmurHash3 finishes, each place by a step of its own", () => {
  assertEquals(finished(1n), 0x514e28b7n, "as others have it");
  fc.assert(fc.property(fc.integer(), fc.nat(40), (hash, place) => {
    const expected = finished(BigInt(hash) + BigInt(place + 1) * 0x9e3779b1n);
    assertEquals(BigInt(mixed(hash, place)) & MASK, expected);
    assertEquals(mixed(hash, place), mixed(hash, place) | 0, "a small integer");
  }));
});

Deno.test("a factor ends as 5 does, which has the most powers, goes by the seed, and by nothing else", () => {
  const factors = new Set<number>();
  for (let seed = 0; seed < 1000; seed++) {
    const factor = factorOf(seed);
    assertEquals(BigInt(factor) & MASK, finished(BigInt(seed) + 0x9e3779b1n) & ~7n | 5n);
    assertEquals(factor & 7, 5);
    factors.add(factor);
  }
  assert(factors.size > 990);
});
