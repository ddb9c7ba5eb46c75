import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Lines } from "../../../../lib/cli/subscriber/worker/lines.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The lines of a text that comes in these pieces. */
function linesOf(pieces: readonly string[]): string[] {
  const lines: string[] = [];
  const cut = new Lines((line) => lines.push(decoder.decode(line)));
  for (const piece of pieces) cut.add(encoder.encode(piece));
  cut.end();
  return lines;
}

Deno.test("lines are handed on whole, however the bytes come, and the last one gets its end", () => {
  fc.assert(fc.property(fc.array(fc.stringMatching(/^[a\n]{0,4}$/)), (pieces) => {
    const text = pieces.join("");
    const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    assertEquals(linesOf(pieces), whole.match(/[^\n]*\n/g) ?? []);
  }));
});

Deno.test("a line without an end does not fill the memory", () => {
  const piece = "x".repeat(1000);
  const lines = linesOf(Array.from({ length: 1000 }, () => piece));
  assert(lines.length > 10);
  assertEquals(lines.join("").replaceAll("\n", "").length, 1_000_000);
});

Deno.test("bytes that are used again by who gave them are kept as they were", () => {
  const lines: string[] = [];
  const cut = new Lines((line) => lines.push(decoder.decode(line)));
  const bytes = encoder.encode("one");
  cut.add(bytes);
  bytes.fill(0x78);
  cut.end();
  assertEquals(lines, ["one\n"]);
});
