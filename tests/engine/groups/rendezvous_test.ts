import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { hashOf, seedOf, weightOf } from "../../../lib/engine/groups/rendezvous.ts";

const KEYS = Array.from({ length: 10_000 }, (_, at) => `customer-${at}`);

function ownerOf(key: string, seeds: readonly number[]): number {
  const hash = hashOf(key);
  return seeds.toSorted((one, other) => weightOf(hash, other) - weightOf(hash, one))[0]!;
}

function owners(seeds: readonly number[]): number[] {
  return KEYS.map((key) => ownerOf(key, seeds));
}

Deno.test("who comes takes one of n of the keys, and moves no other; who goes moves only its own (G13)", () => {
  for (const n of [1, 2, 4, 8, 32]) {
    const seeds = Array.from({ length: n }, (_, at) => seedOf(at + 1));
    const before = owners(seeds);
    const joined = owners([...seeds, seedOf(n + 1)]);
    const moved = joined.filter((owner, at) => owner !== before[at]);
    assertEquals(new Set(moved), new Set([seedOf(n + 1)]), "only to who came");
    const share = KEYS.length / (n + 1);
    assert(Math.abs(moved.length - share) < 5 * Math.sqrt(share), `${n}: ${moved.length} of ${share}`);
    const left = owners(seeds.slice(1));
    if (n === 1) continue;
    left.forEach((owner, at) => assertEquals(owner === before[at], before[at] !== seedOf(1)));
  }
});

Deno.test("keys that differ have other numbers, and a key another one with each member (G13)", () => {
  assertEquals(new Set(KEYS.map(hashOf)).size, KEYS.length);
  assertNotEquals(weightOf(hashOf("a"), 1), weightOf(hashOf("a"), 2));
  assertEquals(hashOf(""), 0x811c9dc5);
  assertEquals(hashOf("a"), 0xe40c292c);
});
