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
