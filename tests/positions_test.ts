import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  AGO_MOST,
  parsePosition,
  parseTime,
  readFrom,
  readPosition,
  SEQUENCE_MOST,
} from "../lib/positions.ts";

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
  assertEquals(readFrom("-10", NOW), { kind: "last", count: 10, asOf: undefined });
  assertEquals(readFrom("-10@1970-01-01T00:00:01Z", NOW), { kind: "last", count: 10, asOf: 1000 });
  for (const text of ["-0", "-00", "-10@", "-10@1000", "-10@-10m", "-1234567890", "--1"]) {
    assertEquals(readFrom(text, NOW), undefined, text);
  }
  assertEquals(readFrom("latest", NOW), { kind: "last", count: 1, asOf: undefined });
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

Deno.test("what is ago stays ago until somebody says when now is", () => {
  assertEquals(parsePosition("-10m"), { kind: "ago", count: 10, unit: "m" });
  assertEquals(parsePosition("-007d"), { kind: "ago", count: 7, unit: "d" });
  assertEquals(parsePosition("7"), { kind: "sequence", sequence: 7 });
  assertEquals(parsePosition("1970-01-01T00:00:01Z"), { kind: "time", time: 1000 });
  assertEquals(parsePosition("now"), undefined);
});

Deno.test("the largest numbers are read, those above them are none", () => {
  assertEquals(parsePosition(`${SEQUENCE_MOST}`), { kind: "sequence", sequence: SEQUENCE_MOST });
  assertEquals(parsePosition(`${SEQUENCE_MOST + 1}`), undefined);
  assertEquals(parsePosition(`-${AGO_MOST}s`), { kind: "ago", count: AGO_MOST, unit: "s" });
  assertEquals(parsePosition(`-${AGO_MOST + 1}s`), undefined);
});

Deno.test("an offset is one of a clock, and a leap second begins the next minute", () => {
  assertEquals(parseTime("2026-01-01T00:00:00+23:59"), Date.parse("2025-12-31T00:01:00Z"));
  assertEquals(parseTime("2026-01-01T00:00:00-00:30"), Date.parse("2026-01-01T00:30:00Z"));
  assertEquals(parseTime("2026-01-01T00:00:00+24:00"), undefined);
  assertEquals(parseTime("2026-01-01T00:00:00+01:60"), undefined);
  assertEquals(parseTime("2016-12-31T23:59:60Z"), Date.parse("2017-01-01T00:00:00Z"));
  assertEquals(parseTime("2016-12-31T23:59:61Z"), undefined);
});

Deno.test("what is less than a millisecond is left out", () => {
  const cases: [string, number][] = [["0", 0], ["5", 500], ["25", 250], ["0009", 0], ["2899999999", 289]];
  for (const [digits, wanted] of cases) {
    assertEquals(parseTime(`1970-01-01T00:00:00.${digits}Z`), wanted, digits);
  }
});

Deno.test("every day of a month is one, and the day after its last is none", () => {
  for (const year of [1970, 1999, 2000, 2023, 2024, 2100, 2400]) {
    for (let month = 1; month <= 12; month++) {
      const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
      for (const [day, is] of [[0, false], [1, true], [days, true], [days + 1, false]] as const) {
        const text = `${year}-${`${month}`.padStart(2, "0")}-${`${day}`.padStart(2, "0")}T12:34:56Z`;
        assertEquals(parseTime(text), is ? Date.parse(text) : undefined, text);
      }
    }
    for (const month of ["00", "13"]) assertEquals(parseTime(`${year}-${month}-01T00:00:00Z`), undefined);
  }
});

Deno.test("each part of a time is read from its least to its most, with any offset", () => {
  const two = (number: number): string => `${number}`.padStart(2, "0");
  const offset = fc.oneof(
    fc.constantFrom("Z", "z"),
    fc.tuple(fc.constantFrom("+", "-"), fc.nat(25), fc.nat(61)).map(([sign, h, m]) =>
      `${sign}${two(h)}:${two(m)}`
    ),
  );
  fc.assert(
    fc.property(fc.nat(25), fc.nat(61), fc.nat(62), offset, (hour, minute, second, zone) => {
      const text = `2024-02-29T${two(hour)}:${two(minute)}:${two(second)}${zone}`;
      const [, h = "0", m = "0"] = /(\d\d):(\d\d)$/.exec(zone) ?? [];
      const is = hour < 24 && minute < 60 && second < 61 && Number(h) < 24 && Number(m) < 60;
      const east = (zone.startsWith("-") ? -1 : 1) * (60 * Number(h) + Number(m));
      const expected = Date.UTC(2024, 1, 29, hour, minute - (/^z/i.test(zone) ? 0 : east), second);
      assertEquals(parseTime(text), is ? expected : undefined, text);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a unit has its milliseconds", () => {
  const ago = (unit: string): unknown => readPosition(`-3${unit}`, NOW);
  assertEquals(
    ["s", "m", "h", "d"].map(ago),
    [3000, 180_000, 10_800_000, 259_200_000].map((ms) => (
      { kind: "time", time: NOW - ms }
    )),
  );
});
