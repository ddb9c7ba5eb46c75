import { assertEquals } from "@std/assert";
import { type Key, KeyReader } from "../../../lib/cli/prompt/keys.ts";

const encoder = new TextEncoder();

/** The keys of these pieces, read one after another at once; neighbouring text is one text. */
function keysOf(...pieces: readonly (string | Uint8Array)[]): Key[] {
  const reader = new KeyReader();
  const keys: Key[] = [];
  for (const piece of pieces) {
    for (const key of reader.read(typeof piece === "string" ? encoder.encode(piece) : piece, 0)) {
      const last = keys.at(-1);
      if ("text" in key && last !== undefined && "text" in last) {
        keys[keys.length - 1] = { text: last.text + key.text };
      } else keys.push(key);
    }
  }
  return keys;
}

const TYPED = "sub 日本😀\x1b[D\x1b[1;5C\x1bOH\x1b[3~\x7f\x1bb\x01\x1b[200~a\tb\r\nc\x1b[A\x1b[201~\t\r";
const KEYS: readonly Key[] = [
  { text: "sub 日本😀" },
  { does: "left" },
  { does: "word right" },
  { does: "home" },
  { does: "delete" },
  { does: "backspace" },
  { does: "word left" },
  { does: "home" },
  { text: "a\tb" },
  { does: "enter" },
  { text: "c" },
  { does: "up" },
  { does: "tab" },
  { does: "enter" },
];

Deno.test("KeyReader gives the same keys wherever the bytes are split", () => {
  const bytes = encoder.encode(TYPED);
  assertEquals(keysOf(TYPED), KEYS);
  for (let at = 1; at < bytes.length; at++) {
    assertEquals(keysOf(bytes.subarray(0, at), bytes.subarray(at)), KEYS, `split at ${at}`);
  }
  assertEquals(keysOf(...[...bytes].map((byte) => Uint8Array.of(byte))), KEYS, "byte by byte");
});

Deno.test("KeyReader takes an Escape with nothing behind it for the key that it is", () => {
  const reader = new KeyReader();
  assertEquals(reader.read(encoder.encode("\x1b"), 0), []);
  assertEquals(reader.read(encoder.encode("b"), 1000), [{ text: "b" }]);
  assertEquals(reader.read(encoder.encode("\x1b"), 2000), []);
  assertEquals(reader.read(encoder.encode("b"), 2001), [{ does: "word left" }]);
});

Deno.test("KeyReader lets nothing through that could move a cursor: unknown sequences and control characters", () => {
  assertEquals(keysOf("a\x1b[99;7zb\x1b[?1;2cc\x00\x1e\x85d\x1b[24~e"), [{ text: "abcde" }]);
  assertEquals(keysOf("\x1b[200~x\x07\x1b[31my\x03\x1b[201~"), [{ text: "xy" }]);
});

Deno.test("a line end of two characters is one Enter, two line ends are two", () => {
  assertEquals(keysOf("a\r\nb\n\nc\r\r"), [
    { text: "a" },
    { does: "enter" },
    { text: "b" },
    { does: "enter" },
    { does: "enter" },
    { text: "c" },
    { does: "enter" },
    { does: "enter" },
  ]);
});
