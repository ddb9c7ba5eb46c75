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

Deno.test("an Escape and what comes up to 50 ms behind it are one key, and later they are two", () => {
  for (const [later, key] of [[50, { does: "word left" }], [51, { text: "b" }]] as const) {
    const reader = new KeyReader();
    reader.read(encoder.encode("\x1b"), 1000);
    assertEquals(reader.read(encoder.encode("b"), 1000 + later), [key], `${later} ms`);
  }
  const reader = new KeyReader();
  reader.read(encoder.encode("\x1b["), 0);
  assertEquals(reader.read(encoder.encode("A"), 1000), [{ does: "up" }], "what has begun is waited for");
});

Deno.test("each key does what it does in a shell", () => {
  const keys: [typed: string, does: string][] = [
    ["\r", "enter"],
    ["\n", "enter"],
    ["\t", "tab"],
    ["\x01", "home"],
    ["\x02", "left"],
    ["\x03", "interrupt"],
    ["\x04", "end of input"],
    ["\x05", "end"],
    ["\x06", "right"],
    ["\x08", "backspace"],
    ["\x0b", "delete to end"],
    ["\x0c", "clear screen"],
    ["\x0e", "down"],
    ["\x10", "up"],
    ["\x14", "swap"],
    ["\x15", "delete to start"],
    ["\x17", "delete word"],
    ["\x19", "yank"],
    ["\x7f", "backspace"],
    ["\x1bb", "word left"],
    ["\x1bf", "word right"],
    ["\x1bd", "delete word right"],
    ["\x1b\x7f", "delete word"],
    ["\x1b\x08", "delete word"],
    ["\x1b\x1bb", "word left"],
  ];
  for (
    const [letter, does] of Object.entries({ A: "up", B: "down", C: "right", D: "left", H: "home", F: "end" })
  ) {
    keys.push([`\x1b[${letter}`, does], [`\x1bO${letter}`, does]);
  }
  for (const [number, does] of Object.entries({ 1: "home", 3: "delete", 4: "end", 7: "home", 8: "end" })) {
    keys.push([`\x1b[${number}~`, does]);
  }
  keys.push(["\x1b[1;5D", "word left"], ["\x1b[1;3C", "word right"], ["\x1b[1;5A", "up"], [
    "\x1b[1;2H",
    "home",
  ]);
  for (const [typed, does] of keys) {
    assertEquals(keysOf(typed), [{ does }] as Key[], JSON.stringify(typed));
    assertEquals(
      keysOf(`a${typed}b`),
      [{ text: "a" }, { does }, { text: "b" }] as Key[],
      JSON.stringify(typed),
    );
  }
});
