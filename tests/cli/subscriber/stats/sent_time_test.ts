import { assertEquals } from "@std/assert";
import { sentTime } from "../../../../lib/cli/subscriber/stats/sent_time.ts";

Deno.test("a header says milliseconds, a time, or what date prints", () => {
  const cases: [string, number][] = [
    ["1763900000123", 1_763_900_000_123],
    ["1763900000123.25", 1_763_900_000_123.25],
    ["1763900000", 1_763_900_000_000],
    ["1763900000.5", 1_763_900_000_500],
    ["1763900000123456", 1_763_900_000_123.456],
    ["1763900000123456789", 1_763_900_000_123.456789],
    // as many digits as a unit has at least and at most
    ["99999999999", 99_999_999_999_000],
    ["100000000000", 100_000_000_000],
    ["99999999999999", 99_999_999_999_999],
    ["100000000000000", 100_000_000_000],
    ["10000000000000000", 10_000_000_000_000],
    ["100000000000000000", 100_000_000_000],
    ["2025-11-23T12:13:20.123Z", 1_763_900_000_123],
    ["2025-11-23T13:13:20.123+01:00", 1_763_900_000_123],
  ];
  for (const [text, ms] of cases) assertEquals(sentTime(text)?.toFixed(3), ms.toFixed(3), text);
});

Deno.test("what is no time is none, and neither is one without an offset", () => {
  for (
    const text of ["", "soon", "-1", "1e12", "0x10", "1,5", "2025-11-23T12:13:20", "123456789012345678901"]
  ) {
    assertEquals(sentTime(text), undefined, text);
  }
});
