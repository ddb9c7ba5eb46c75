import { assertEquals } from "@std/assert";
import { DELIMITER } from "../../../lib/cli/options/escapes.ts";

Deno.test("a delimiter is any text, with bytes written by a backslash", () => {
  const cases: [string, number[]][] = [
    ["\\0", [0]],
    ["\\n---\\n", [10, 45, 45, 45, 10]],
    ["\\x1F\\t", [0x1f, 9]],
    ["ü%", [0xc3, 0xbc, 0x25]],
    ["\\\\0", [0x5c, 0x30]],
    ["", []],
  ];
  for (const [text, bytes] of cases) {
    assertEquals(DELIMITER.read(text), { value: Uint8Array.from(bytes) }, text);
  }
});

Deno.test("an escape that is none, or not whole, is quoted", () => {
  const problem = (text: string): unknown => ({ problem: "", ...DELIMITER.read(text) }).problem;
  assertEquals(problem("a\\qb"), '"\\q" is none of \\n \\t \\r \\0 \\a \\e \\v \\f \\\\ \\xHH');
  assertEquals(problem("\\x1"), '"\\x" is none of \\n \\t \\r \\0 \\a \\e \\v \\f \\\\ \\xHH');
  assertEquals(problem("a\\"), '"a\\" ends within an escape; write \\\\ for the backslash itself');
});

Deno.test("every byte is written in hex, in either case, and every short escape is its byte", () => {
  for (let byte = 0; byte < 256; byte++) {
    const hex = byte.toString(16).padStart(2, "0");
    for (const text of [`\\x${hex}`, `\\x${hex.toUpperCase()}`]) {
      assertEquals(DELIMITER.read(text), { value: Uint8Array.of(byte) }, text);
    }
  }
  const shorts = "\\n\\t\\r\\0\\a\\e\\v\\f\\\\";
  assertEquals(DELIMITER.read(shorts), { value: Uint8Array.of(10, 9, 13, 0, 7, 27, 11, 12, 92) });
  for (const text of ["\\xg0", "\\x0g", "\\x:0", "\\x/0"]) {
    assertEquals("problem" in DELIMITER.read(text), true, text);
  }
});

Deno.test("a delimiter is shown so that it can be seen", () => {
  assertEquals(DELIMITER.write?.(Uint8Array.of(0x61, 0x0a, 0x00, 0x1b)), "a\\n\\x00\\x1b");
});
