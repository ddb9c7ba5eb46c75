import { assertEquals } from "@std/assert";
import { ago, POSITION, positionOf, START } from "../../../lib/cli/options/position.ts";

const NOW = new Date(2026, 0, 31, 17, 30);

Deno.test("a place is a number, so long ago, a time with its offset, or the clock of today", () => {
  const cases: [string, unknown][] = [
    ["0", 0],
    ["123456", 123_456],
    ["-10m", "-10m"],
    ["-007d", "-7d"],
    ["9:00", new Date(2026, 0, 31, 9, 0)],
    ["09:30:15", new Date(2026, 0, 31, 9, 30, 15)],
    ["23:59", new Date(2026, 0, 31, 23, 59)],
    ["2026-01-31T09:00:00Z", new Date(Date.UTC(2026, 0, 31, 9))],
    ["2024-02-29 09:00:00.250+02:00", new Date(Date.UTC(2024, 1, 29, 7, 0, 0, 250))],
  ];
  for (const [text, wanted] of cases) assertEquals(positionOf(text, NOW), wanted, text);
});

Deno.test("what is no place is none: a day that does not exist, a time without an offset, a duration", () => {
  for (
    const text of [
      "",
      "yesterday",
      "10m",
      "-10w",
      "24:00",
      "09:60",
      "2026-02-30T09:00:00Z",
      "2026-13-01T09:00:00Z",
      "2026-01-31T25:00:00Z",
      "2026-01-31T09:00:00",
      "2026-01-31",
    ]
  ) assertEquals(positionOf(text, NOW), undefined, text);
  assertEquals("expected" in START.read("soon") && "expected" in POSITION.read("earliest"), true);
  assertEquals(START.read("latest"), { value: "latest" });
});

Deno.test("--since in milliseconds begins at the second before", () => {
  assertEquals([ago(500), ago(3_600_000)], ["-1s", "-3600s"]);
});
