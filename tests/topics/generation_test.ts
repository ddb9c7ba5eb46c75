import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Generation, hashOf } from "../../lib/topics/generation.ts";
import { factorOf } from "../../lib/topics/mixing.ts";

const encoder = new TextEncoder();

Deno.test("a generation is a map, also where all hashes are alike or fall on the last slots", () => {
  const name = fc.string({ minLength: 0, maxLength: 3, unit: fc.constantFrom("a", "b", "ü") });
  const hash = fc.constantFrom(0, -1, 255, 0x7fffffff, 0x80000000 | 0);
  const property = fc.property(fc.array(fc.tuple(name, hash), { maxLength: 80 }), (names) => {
    const generation = new Generation<number>();
    const model = new Map<string, { readonly hash: number; readonly value: number }>();
    for (const [at, [text, hash]] of names.entries()) {
      if (model.has(text)) continue;
      const bytes = encoder.encode(`>${text}<`);
      generation.add(bytes, 1, { end: bytes.length - 1, hash, value: at });
      model.set(text, { hash, value: at });
    }
    assertEquals(generation.size, model.size);
    for (const [text] of names) {
      const { hash, value } = model.get(text)!;
      const bytes = encoder.encode(text);
      assertEquals(generation.find(bytes, 0, { end: bytes.length, hash }), value);
      assertEquals(generation.find(bytes, 0, { end: bytes.length, hash: hash ^ 1 }), undefined);
    }
  });
  fc.assert(property);
});

Deno.test("a generation grows: its first and its last name are found, and their bytes are its own", () => {
  const generation = new Generation<number>();
  const bytes = new Uint8Array(300);
  for (let at = 0; at < 20_000; at++) {
    const { written } = encoder.encodeInto(`${at}`.padEnd(at % 300, "."), bytes);
    generation.add(bytes, 0, { end: written, hash: Math.imul(at, 0x9e3779b1), value: at });
  }
  for (const at of [0, 1, 191, 192, 9999, 19_999]) {
    const { written } = encoder.encodeInto(`${at}`.padEnd(at % 300, "."), bytes);
    assertEquals(generation.find(bytes, 0, { end: written, hash: Math.imul(at, 0x9e3779b1) }), at);
  }
});

Deno.test("its bytes are a slot of 24 for each entry and a quarter, and the names; both double as they fill", () => {
  const generation = new Generation<number>();
  const name = new Uint8Array(64);
  const expected = (): number => {
    const names = 64 * generation.size;
    const [slots, room] = [256, 4096].map((least, at) => {
      let size = least;
      while (at === 0 ? 5 * (generation.size - 1) >= 4 * size : size < names) size *= 2;
      return size;
    }) as [number, number];
    return room + 24 * slots;
  };
  assertEquals(generation.bytes, 4096 + 24 * 256);
  for (let at = 0; at < 2000; at++) {
    new DataView(name.buffer).setUint32(8, at);
    generation.add(name, 0, { end: 64, hash: Math.imul(at, 0x9e3779b1), value: at });
    assertEquals(generation.bytes, expected(), `${at}`);
  }
});

Deno.test("a name that is longer than all room before it finds room, from any place in its bytes", () => {
  const generation = new Generation<string>();
  const bytes = encoder.encode(`${"<".repeat(50_000)}${"x".repeat(20_000)}>`);
  generation.add(bytes, 50_000, { end: 70_000, hash: 7, value: "long" });
  assertEquals(generation.bytes, 20_000 + 24 * 256, "no more than it needs");
  generation.add(bytes, 49_999, { end: 50_001, hash: 7, value: "short" });
  assertEquals(generation.bytes, 40_000 + 24 * 256, "or twice what there was");
  assertEquals(generation.find(bytes, 50_000, { end: 70_000, hash: 7 }), "long");
  assertEquals(generation.find(bytes, 49_999, { end: 50_001, hash: 7 }), "short");
  assertEquals(generation.find(bytes, 49_999, { end: 50_000, hash: 7 }), undefined);
});

Deno.test("a hash is that of the bytes from one place to another, and of each of them", () => {
  const factor = factorOf(99);
  const text = encoder.encode("one.two.three");
  const hash = (bytes: Uint8Array, start = 0, end = bytes.length): number =>
    hashOf(bytes, start, { end, factor });
  assertEquals(hash(encoder.encode("<one.two.three>"), 1, 14), hash(text));
  const all = new Set([hash(text)]);
  for (let at = 0; at < text.length; at++) {
    const other = text.slice();
    other[at]! ^= 1;
    all.add(hash(other));
    all.add(hash(text, 0, at));
  }
  assertEquals(all.size, 2 * text.length + 1);
  // FNV-1a, with its own factor, of nothing and of one byte, its upper half mixed into its lower
  assertEquals(hashOf(text, 0, { end: 0, factor: 0x01000193 }), (0x811c9dc5 ^ (0x811c9dc5 >>> 15)) | 0);
  assertEquals(
    hashOf(encoder.encode("a"), 0, { end: 1, factor: 0x01000193 }),
    (0xe40c292c ^ (0xe40c292c >>> 15)) | 0,
  );
  const buckets = new Array<number>(256).fill(0);
  for (let at = 0; at < 25_600; at++) buckets[hash(encoder.encode(`topic.${at}`)) & 255]!++;
  assert(Math.max(...buckets) < 200, "the lowest bits, which a table goes by, are as good as any");
});

Deno.test("names that differ in any of their parts have hashes of their own, and slots: first, middle, last", () => {
  const families: readonly ((number: number) => string)[] = [
    (number) => `${number}.state`,
    (number) => `a.${number}.state`,
    (number) => `orders.eu.new.${number}`,
    (number) => `${number % 100}.${Math.floor(number / 100)}`,
    (number) => `${"x".repeat(60)}${number}${"y".repeat(41)}`,
  ];
  const names = 20_000;
  for (const [at, nameOf] of families.entries()) {
    // a mixed seed alone makes of the last two factors whose powers hardly differ
    for (const seed of [0, 1, 0x1234567, 0x7fffffff, 3793202, 7800216]) {
      const factor = factorOf(seed);
      const hashes = new Set<number>();
      const slots = new Set<number>();
      for (let number = 0; number < names; number++) {
        const bytes = encoder.encode(nameOf(number));
        const hash = hashOf(bytes, 0, { end: bytes.length, factor });
        hashes.add(hash);
        slots.add(hash & 0xffff);
      }
      // by chance: a twentieth of a pair, and 17,236 of 65,536 slots
      assert(hashes.size > 0.995 * names, `family ${at}, seed ${seed}: ${hashes.size}`);
      assert(slots.size > 0.8 * names, `family ${at}, seed ${seed}: ${slots.size} slots`);
    }
  }
});
