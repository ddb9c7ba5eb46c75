import { assertEquals } from "@std/assert";
import { endOfField, frameBytes, isPub } from "../../lib/protocols/header_bytes.ts";
import { encodeText } from "../../lib/wire/bytes.ts";

Deno.test("a publish is what begins with all four bytes of it, wherever that stands", () => {
  const word = encodeText("pub ");
  const stands = (bytes: Uint8Array): boolean => isPub(Uint8Array.of(0x70, ...bytes, 0x0a), 1);
  assertEquals(stands(word), true);
  for (let at = 0; at < word.length; at++) {
    const other = word.slice();
    other[at]! ^= 1;
    assertEquals(stands(other), false, `${at}`);
    const none = new Uint8Array(4);
    none[at] = word[at]!;
    assertEquals(stands(none), false, `nothing but ${at}`);
  }
});

Deno.test("a word ends at a space, or where nothing more is to be looked at", () => {
  const bytes = encodeText("one two");
  assertEquals([0, 3, 4, 7].map((from) => endOfField(bytes, from, 7)), [3, 3, 7, 7]);
  assertEquals([endOfField(bytes, 0, 2), endOfField(bytes, 5, 2)], [2, 2], "no further than that");
});

Deno.test("a publish is as long as its header says, once that has come", () => {
  const of = (header: string, { before = "", limit = Infinity } = {}): number => {
    const bytes = encodeText(`${before}${header}rest`);
    return frameBytes(bytes, { header: before.length, limit: Math.min(limit, bytes.length) });
  };
  assertEquals(of("pub #a 5\n"), 9 + 5 + 1);
  assertEquals(of("pub #a 0\r\n", { before: "ok\n" }), 10 + 0 + 1);
  assertEquals(of("pub #a 12 k=v x=y\n"), 18 + 12 + 1);
  assertEquals(of("pub  5\n"), 7 + 5 + 1, "whatever its topic is");
  assertEquals(of("pub #a 5\n", { limit: 8 }), 0, "its LF has not come");
  assertEquals(of("pub #a 5\n", { limit: 9 }), 15);
  assertEquals(of("pub #a 5"), 0, "there is none");
});
