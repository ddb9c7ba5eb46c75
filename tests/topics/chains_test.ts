import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Chains, type Linked } from "../../lib/topics/chains.ts";
import { mixed } from "../../lib/topics/mixing.ts";

interface Entry extends Linked<Entry> {
  readonly key: number;
  next: Entry | undefined;
}

function entry(key: number): Entry {
  return { key, next: undefined };
}

/** The entries with a key that are found by it. */
function under(chains: Chains<Entry>, key: number): Set<Entry> {
  const all = new Set<Entry>();
  for (let each = chains.first(key); each !== undefined; each = each.next) {
    if (each.key === key) all.add(each);
  }
  return all;
}

Deno.test("what is in it is found by its key and nothing else is, after any coming and going", () => {
  // few keys, so that some are the same and buckets are shared
  const step = fc.record({ add: fc.integer({ min: 0, max: 3 }), key: fc.nat(40), pick: fc.nat() });
  fc.assert(fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
    const chains = new Chains<Entry>();
    const here: Entry[] = [];
    for (const { add, key, pick } of steps) {
      if (add > 0 || here.length === 0) {
        const added = entry(key);
        chains.add(added);
        here.push(added);
      } else {
        chains.remove(here.splice(pick % here.length, 1)[0]!);
      }
      assertEquals(chains.size, here.length);
      for (let each = 0; each <= 40; each++) {
        assertEquals(under(chains, each), new Set(here.filter((one) => one.key === each)));
      }
    }
  }));
});

Deno.test("a chain is short however many there are, have been, and however often one comes and goes", () => {
  const chains = new Chains<Entry>();
  const all = Array.from({ length: 50_000 }, (_, at) => entry(mixed(at, 0) & 0x3fffffff));
  for (const each of all) chains.add(each);
  assert(chains.longest <= 12, `${chains.longest}`);
  const again = all[7]!;
  for (let times = 0; times < 100_000; times++) {
    chains.remove(again);
    chains.add(again);
  }
  assert(chains.longest <= 12, `${chains.longest}`);
  for (const each of all.slice(100)) {
    chains.remove(each);
    if (chains.size % 5000 === 0) assert(chains.longest <= 20, `${chains.longest} of ${chains.size}`);
  }
  assertEquals(chains.size, 100);
  for (const each of all.slice(0, 100)) assert(under(chains, each.key).has(each));
  for (const each of all.slice(0, 100)) chains.remove(each);
  assertEquals([chains.size, chains.longest], [0, 0]);
});

Deno.test("there are as many buckets as entries, and up to twice as many when some have gone", () => {
  const order = fc.infiniteStream(fc.nat());
  fc.assert(fc.property(fc.nat(150), fc.nat(150), order, (most, least, draw) => {
    const chains = new Chains<Entry>();
    const here: Entry[] = [];
    const add = (): void => {
      here.push(entry(draw.next().value! % 300));
      chains.add(here.at(-1)!);
    };
    const isSound = (): void => {
      assert(chains.buckets >= chains.size && chains.buckets <= Math.max(1, 2 * chains.size));
      if (here.length > 0) assert(chains.longest >= 1);
      for (const one of here) assert(under(chains, one.key).has(one));
    };
    while (here.length < most) {
      add();
      assertEquals(chains.buckets, chains.size);
    }
    while (here.length > least) {
      const [gone] = here.splice(draw.next().value! % here.length, 1) as [Entry];
      chains.remove(gone);
      assertEquals(gone.next, undefined, "it holds nobody any more");
      assert(!under(chains, gone.key).has(gone));
      isSound();
    }
    while (here.length < most) add();
    isSound();
    for (const one of here.splice(0)) chains.remove(one);
    assertEquals([chains.size, chains.buckets, chains.longest], [0, 1, 0]);
  }));
});

Deno.test("buckets stay until there are more than twice as many as entries, and then two go with each entry", () => {
  const chains = new Chains<Entry>();
  const entries = Array.from({ length: 8 }, (_, key) => entry(mixed(key, 0) & 0xffff));
  for (const each of entries) chains.add(each);
  const buckets = entries.map((each) => (chains.remove(each), chains.buckets));
  assertEquals(buckets, [8, 8, 8, 8, 6, 4, 2, 1]);
});
