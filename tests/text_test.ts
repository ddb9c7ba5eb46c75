import { assertEquals } from "@std/assert";
import { countOf, decodeText, jsonLine } from "../lib/text.ts";

Deno.test("jsonLine writes out what could move a cursor or hide, and stays JSON", () => {
  const value = { text: "a\x7f\x9b\u202e\u2028\u{e0001}é日😀\n" };
  const line = jsonLine(value);
  assertEquals(line, String.raw`{"text":"a\u007f\u009b\u202e\u2028\udb40\udc01é日😀\n"}`);
  assertEquals(JSON.parse(line), value);
});

Deno.test("countOf says one and many, thousands apart", () => {
  assertEquals([0, 1, 2, 1_234_567].map((count) => countOf(count, "message")), [
    "0 messages",
    "1 message",
    "2 messages",
    "1,234,567 messages",
  ]);
});

Deno.test("decodeText keeps a byte order mark, and gives nothing for what is no UTF-8", () => {
  assertEquals(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "\ufeffa");
  assertEquals(decodeText(Uint8Array.of(0x61, 0xff)), undefined);
  assertEquals(decodeText(Uint8Array.of(0xc3)), undefined);
  assertEquals(decodeText(Uint8Array.of(0xc3, 0xa9)), "é");
});
