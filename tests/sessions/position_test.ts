import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readFrom, readPosition } from "../../lib/sessions/handlers/position.ts";

const NOW = 1_800_000_000_000;

Deno.test("a position is a sequence number, so long ago, or an RFC 3339 time (D3)", () => {
  assertEquals(readPosition("0", NOW), { kind: "sequence", sequence: 0 });
  assertEquals(readPosition("123456789012345", NOW), { kind: "sequence", sequence: 123456789012345 });
  assertEquals(readPosition("-90s", NOW), { kind: "time", time: NOW - 90_000 });
  assertEquals(readPosition("-2h", NOW), { kind: "time", time: NOW - 7_200_000 });
  assertEquals(readPosition("1970-01-01T00:00:00Z", NOW), { kind: "time", time: 0 });
  assertEquals(readPosition("2024-02-29t23:59:59.250+01:30", NOW), {
    kind: "time",
    time: Date.parse("2024-02-29T22:29:59.250Z"),
  });
  assertEquals(readFrom("earliest", NOW), { kind: "earliest" });
  assertEquals(readFrom("latest", NOW), { kind: "latest" });
});

Deno.test("what could mean several things, or nothing, is no position", () => {
  const wrong = [
    "",
    "-1",
    "1.5",
    "-10",
    "-m",
    "10m",
    "yesterday",
    "2024-02-30T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-13-01T00:00:00Z",
    "9".repeat(16),
    "0x10",
    "-9999999999d",
    "2024-01-01T24:00:00Z",
  ];
  for (const text of wrong) assertEquals(readPosition(text, NOW), undefined, text);
  assertEquals(readPosition("earliest", NOW), undefined);
});

Deno.test("every time from 1970 to 9999 is read as the platform reads it", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }),
      (date) => {
        assertEquals(readPosition(date.toISOString(), NOW), { kind: "time", time: date.getTime() });
      },
    ),
  );
});
