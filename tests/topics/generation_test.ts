import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Generation } from "../../lib/topics/generation.ts";

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
