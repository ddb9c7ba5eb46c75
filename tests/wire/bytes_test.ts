import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeText, isAscii } from "../../lib/wire/bytes.ts";

Deno.test("what is all ASCII from one place to another is, whatever lies around it", () => {
  const byte = fc.oneof(fc.constantFrom(0, 0x7e, 0x7f, 0x80, 0x81, 0xff), fc.nat(0x7f));
  fc.assert(fc.property(fc.array(byte, { maxLength: 12 }), fc.nat(12), fc.nat(12), (all, one, other) => {
    const bytes = Uint8Array.from(all);
    const [start, end] = [Math.min(one, other, all.length), Math.min(Math.max(one, other), all.length)];
    assertEquals(isAscii(bytes, start, end), all.slice(start, end).every((each) => each < 0x80));
  }));
  assertEquals(isAscii(encodeText("a\x7fé"), 0, 2), true);
  assertEquals(isAscii(encodeText("aé"), 0, 2), false);
});
