import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { TopicNames } from "../../lib/topics/topic_names.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The name, as plainly as it can be said. */
function named(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return text.startsWith("#") ? text : `#${text}`;
}

/** How often bytes were decoded meanwhile. */
function decodings(doing: () => void): number {
  const { decode } = TextDecoder.prototype;
  let count = 0;
  TextDecoder.prototype.decode = function (...args): string {
    count++;
    return decode.apply(this, args);
  };
  try {
    doing();
  } finally {
    TextDecoder.prototype.decode = decode;
  }
  return count;
}

Deno.test("topics are named as they are, with their #, whatever was named before (T2)", () => {
  const names = new TopicNames();
  const piece = fc.constantFrom("a", "#", "b.", "\u00fc", "\ufeff", "x".repeat(500), "\ufffd");
  const texts = fc.array(fc.array(piece, { maxLength: 4 }).map((parts) => parts.join("")), { maxLength: 20 });
  fc.assert(fc.property(texts, (all) => {
    for (const bytes of [...all, ...all].map((text) => encoder.encode(text))) {
      assertEquals(names.of(bytes), named(bytes));
      bytes.fill(0x21);
    }
  }));
});

Deno.test("names that are like one another, or the beginning of one another, are never taken for another", () => {
  const names = new TopicNames();
  for (let one = 0x20; one < 0x80; one++) {
    for (let other = 0x20; other < 0x80; other++) {
      for (const text of [[one], [one, other], [one, other, one], [one]]) {
        const bytes = Uint8Array.from(text);
        const name = String.fromCharCode(...text);
        if (names.of(bytes) !== (one === 0x23 ? name : `#${name}`)) assertEquals(names.of(bytes), name);
      }
    }
  }
});

Deno.test("a topic that comes again is not decoded again, but for one of more than 1,024 bytes", () => {
  const names = new TopicNames();
  for (const [length, again] of [[1, 0], [5, 0], [1024, 0], [1025, 3]] as const) {
    const bytes = encoder.encode("t".repeat(length));
    assertEquals(decodings(() => names.of(bytes)), 1);
    assertEquals(decodings(() => [1, 2, 3].forEach(() => names.of(bytes.slice()))), again, `${length}`);
  }
  assertEquals(decodings(() => new TopicNames().of(new Uint8Array(0))), 1);
});
