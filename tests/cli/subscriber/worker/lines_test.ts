import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { standIn } from "../../stand_in.ts";
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

Deno.test("a line of 64 KiB is passed on as it is, and one byte less waits for its end", () => {
  const lines: number[] = [];
  const cut = new Lines((line) => lines.push(line.length));
  cut.add(new Uint8Array(65_535));
  assertEquals(lines, []);
  cut.add(new Uint8Array(1));
  assertEquals(lines, [65_537], "with its line end");
  cut.add(encoder.encode("ab\nc"));
  cut.end();
  cut.end();
  assertEquals(lines, [65_537, 3, 2]);
});

Deno.test("of whole lines nothing is kept", () => {
  let copies = 0;
  const bytes = encoder.encode("one\ntwo\n");
  using _slice = standIn(bytes, "slice", () => {
    copies++;
    return new Uint8Array();
  });
  const lines: string[] = [];
  new Lines((line) => lines.push(decoder.decode(line))).add(bytes);
  assertEquals([lines, copies], [["one\n", "two\n"], 0]);
});
