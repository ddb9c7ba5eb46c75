import { assertEquals, assertThrows } from "@std/assert";
import { readFrom, readTo } from "../../../lib/http/messages/position.ts";
import { Problem } from "../../../lib/http/problem.ts";

const EXAMPLES = "a sequence number, -10m (ten minutes ago) or a time such as 2026-01-31T09:00:00Z";

Deno.test("a replay begins at a word, at the last so many, at a number or a time", () => {
  for (const word of ["earliest", "latest", "now", "-10", "-10m"] as const) {
    assertEquals(readFrom(word), word);
  }
  assertEquals(readFrom("5"), 5);
  assertEquals(readFrom("2026-01-31T09:00:00Z"), new Date(Date.UTC(2026, 0, 31, 9)));
  const { message, status } = assertThrows(() => readFrom("soon"), Problem);
  assertEquals([status, message], [
    400,
    `from= is earliest, latest, -10 (the last ten), ${EXAMPLES}, not "soon"`,
  ]);
});

Deno.test("it ends at a number or a time, and not at a word or the last so many", () => {
  assertEquals([readTo("5"), readTo("-10m")], [5, "-10m"]);
  assertEquals(readTo("2026-01-31T09:00:00Z"), new Date(Date.UTC(2026, 0, 31, 9)));
  for (const text of ["latest", "-10", ""]) {
    assertEquals(assertThrows(() => readTo(text), Problem).message, `to= is ${EXAMPLES}, not "${text}"`);
  }
});
