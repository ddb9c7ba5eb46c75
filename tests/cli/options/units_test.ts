import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { CLIENT_ID, decimal, DURATION, type Kind, showSize, size } from "../../../lib/cli/options/units.ts";

function value<T>(kind: Kind<T>, text: string): T | undefined {
  const read = kind.read(text);
  return "value" in read ? read.value : undefined;
}

Deno.test("durations are milliseconds, a bare number is seconds", () => {
  const readings: [string, number][] = [
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1.5s", 1500],
    ["1h30m", 5_400_000],
    ["1m0.5s", 60_500],
    ["3", 3000],
    ["0", 0],
  ];
  for (const [text, ms] of readings) assertEquals(value(DURATION, text), ms, text);
  for (const text of ["", "s", "5y", "-1s", "1 s", "1e3", "Infinity", "9999d", "1s1s", "1m1h", "0x1"]) {
    assertEquals(value(DURATION, text), undefined, text);
  }
});

Deno.test("sizes are bytes, KiB are 1024 and KB 1000", () => {
  const kind = size({ least: 0, most: Number.MAX_SAFE_INTEGER });
  const readings: [string, number][] = [
    ["65536", 65_536],
    ["64KiB", 65_536],
    ["64kib", 65_536],
    ["64 KiB", 65_536],
    ["64KB", 64_000],
    ["1MiB", 1_048_576],
    ["1GiB", 1_073_741_824],
    ["1TiB", 1024 ** 4],
    ["1KB", 1000],
    ["2MB", 2_000_000],
    ["3GB", 3_000_000_000],
    ["4TB", 4_000_000_000_000],
    ["1.5KiB", 1536],
    ["12B", 12],
  ];
  for (const [text, bytes] of readings) assertEquals(value(kind, text), bytes, text);
  for (const text of ["", "KiB", "-1", "1.5", "64K", "1e3", "1 2", "99999TiB"]) {
    assertEquals(value(kind, text), undefined, text);
  }
  assertEquals(value(size({ least: 512, most: 1024 }), "511"), undefined);
  assertEquals(value(size({ least: 512, most: 1024 }), "1025"), undefined);
});

Deno.test("a size is shown as one would write it", () => {
  const kind = size({ least: 1, most: Number.MAX_SAFE_INTEGER });
  assertEquals([showSize(65_536), showSize(1000), showSize(1_073_741_824)], ["64KiB", "1000", "1GiB"]);
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (bytes) => {
    assertEquals(value(kind, showSize(bytes)), bytes);
  }));
});

Deno.test("decimal numbers are not negative and end somewhere", () => {
  const speed = decimal({ expected: "a number" });
  const rate = decimal({ expected: "a number above 0", above: 0 });
  assertEquals(["0", "0.5", ".5", "2.", "10"].map((text) => value(speed, text)), [0, 0.5, 0.5, 2, 10]);
  assertEquals(
    ["-1", "", ".", "1e9", "NaN", "1,5"].map((text) => value(speed, text)),
    Array(6).fill(undefined),
  );
  assertEquals([value(rate, "0"), value(rate, "0.001")], [undefined, 0.001]);
});

Deno.test("an id is one word", () => {
  assertEquals(value(CLIENT_ID, "p1-ü"), "p1-ü");
  for (const text of ["", "a b", "a\tb", "a\nb", "a\x07", "a\u202e", "\ud800"]) {
    assertEquals(value(CLIENT_ID, text), undefined);
  }
});
