import { assertEquals, assertMatch } from "@std/assert";
import {
  ago,
  inTheFuture,
  nothingStored,
  POSITION,
  positionOf,
  ReadTime,
  secondsHint,
  START,
  type Start,
  startProblem,
  TIME,
  wrongOrder,
} from "../../../lib/cli/options/position.ts";
import { withOffset } from "../../../lib/cli/options/local_time.ts";

const NOW = new Date(2026, 0, 31, 17, 30);

/** A position, times as milliseconds. */
function read(text: string): unknown {
  const position = positionOf(text, { now: NOW, of: "first" });
  return position instanceof Date ? position.getTime() : position;
}

Deno.test("a place is a number, so long ago, a time with its offset or that of here, or Unix seconds", () => {
  const cases: [string, unknown][] = [
    ["0", 0],
    ["123456", 123_456],
    ["-10m", "-10m"],
    ["-007d", "-7d"],
    ["-1h30m", "-5400s"],
    ["-1d12h", "-129600s"],
    ["-1.5h", "-5400s"],
    ["-500ms", "-1s"],
    ["-20000d12h", "-28800720m"],
    ["9:00", new Date(2026, 0, 31, 9, 0).getTime()],
    ["09:30:15", new Date(2026, 0, 31, 9, 30, 15).getTime()],
    ["2026-01-30", new Date(2026, 0, 30).getTime()],
    ["2026-01-30T09:00", new Date(2026, 0, 30, 9).getTime()],
    ["2026-01-30 09:00:30", new Date(2026, 0, 30, 9, 0, 30).getTime()],
    ["2026-01-31T09:00:00Z", Date.UTC(2026, 0, 31, 9)],
    ["2024-02-29 09:00:00.250+02:00", Date.UTC(2024, 1, 29, 7, 0, 0, 250)],
    ["@1763900000", 1_763_900_000_000],
    ["@1763900000.5", 1_763_900_000_500],
    ["@1763900000123", 1_763_900_000_123],
    ["@0", 0],
    ["@99999999999", 99_999_999_999_000],
  ];
  for (const [text, wanted] of cases) assertEquals(read(text), wanted, text);
});

Deno.test("where to begin has words, kcat's too, and so many that came last", () => {
  const cases: [string, Start][] = [
    ["now", "now"],
    ["end", "now"],
    ["earliest", "earliest"],
    ["beginning", "earliest"],
    ["latest", "latest"],
    ["-10", "-10"],
    ["-010", "-10"],
  ];
  for (const [text, value] of cases) assertEquals(START.read(text), { value }, text);
});

Deno.test("what is no place is none: a day that does not exist, a span without its minus, twice a unit", () => {
  const times = [
    "2026-02-30T09:00:00Z",
    "2026-13-01T09:00:00Z",
    "2026-01-31T25:00:00Z",
    "2026-02-30",
    "24:00",
  ];
  const spans = ["10m", "-10w", "-", "-1m1h", "-1h1h", "-h", "-1h 30m", "--1h", "-99999999999d", "-1e3s"];
  const others = ["", "yesterday", "@", "@1.", "@-5", "@12345678901234", "@123456789012", "@1763900000123.5"];
  for (const text of [...times, ...spans, ...others]) assertEquals(read(text), undefined, text);
  for (const text of ["soon", "-0", ...times, ...spans, ...others]) {
    assertEquals("expected" in START.read(text), true, text);
  }
  for (const text of ["earliest", "now", "-10"]) assertEquals("expected" in POSITION.read(text), true, text);
});

Deno.test("a time that leaves open which moment it is says which one was taken, an exact one says nothing", () => {
  const told = (text: string): string | undefined => {
    const position = positionOf(text, { now: NOW, of: "first" });
    return position instanceof ReadTime ? position.told : undefined;
  };
  const nine = withOffset(new Date(2026, 0, 30, 9));
  assertMatch(nine, /^2026-01-30T09:00:00[+-]\d\d:\d\d$/);
  assertEquals(told("2026-01-30T09:00"), `2026-01-30T09:00 is ${nine}`);
  assertMatch(told("17:30") ?? "", /^17:30 is 2026-01-31T17:30:00/);
  assertMatch(told("@1763900000123") ?? "", /^@1763900000123 is 2025-11-2\dT.* \(13 digits: milliseconds\)$/);
  for (const text of ["2026-01-30T09:00:00Z", "@1763900000", "-1h30m", "7"]) {
    assertEquals(told(text), undefined, text);
  }
});

Deno.test("a beginning behind its end is told, where the two can be compared", () => {
  const now = NOW.getTime();
  const fits = (from: Start, to: number | Date | `-${number}h`): boolean =>
    wrongOrder({ from, to, now }) === undefined;
  const at = (ms: number): Date => new Date(now + ms);
  assertEquals([fits(5, 5), fits(5, 4)], [true, false]);
  assertEquals([fits("-2h", "-1h"), fits("-1h", "-2h")], [true, false]);
  assertEquals([fits(at(-5000), at(-5000)), fits(at(-5000), at(-6000))], [true, false]);
  assertEquals([fits("-1h", at(-1000)), fits("-1h", at(-7_200_000))], [true, false]);
  assertEquals([fits(5, at(-1)), fits("earliest", 1), fits("-10", "-1h")], [true, true, true]);
});

Deno.test("a beginning in the future is told, unless another machine's clock may be that much ahead", () => {
  const now = NOW.getTime();
  const starts: Start[] = [new Date(now + 10_000), new Date(now - 1), "-1h", 9_999_999_999, "-10", "latest"];
  for (const from of starts) assertEquals(inTheFuture(from, now), undefined);
  const time = new ReadTime(now + 3_600_000, { written: "18:30" });
  assertMatch(
    inTheFuture(time, now) ?? "",
    /^18:30 \(2026-01-31T18:30:00\S+\) lies in the future, .* 2026-01-31T17:30/,
  );
});

Deno.test("--since in milliseconds begins at the second before", () => {
  assertEquals([ago(500), ago(3_600_000)], ["-1s", "-3600s"]);
});

Deno.test("so long ago is in the smallest unit that has a number for it, rounded so that nothing is missed", () => {
  const most = 999_999_999;
  const spans: [number, string][] = [
    [0, "-0s"],
    [1, "-1s"],
    [1000, "-1s"],
    [1001, "-2s"],
    [most * 1000, `-${most}s`],
    [most * 1000 + 1, "-16666667m"],
    [most * 60_000, `-${most}m`],
    [most * 60_000 + 1, "-16666667h"],
    [most * 3_600_000, `-${most}h`],
    [most * 3_600_000 + 1, "-41666667d"],
    [most * 86_400_000, `-${most}d`],
  ];
  for (const [ms, text] of spans) assertEquals(ago(ms), text);
  assertEquals([read(`-${most}d`), read(`-${most}d1h`), read(`-${most - 1}d23h`)], [
    `-${most}d`,
    undefined,
    `-${most}d`,
  ]);
});

Deno.test("the last of each topic are from one to nine digits of them, and never none", () => {
  for (const [text, value] of [["-1", "-1"], ["-01", "-1"], ["-999999999", "-999999999"]] as const) {
    assertEquals(START.read(text), { value }, text);
  }
  for (const text of ["-0", "-00", "-1000000000", "-1.0"]) {
    assertEquals("expected" in START.read(text), true, text);
  }
});

Deno.test("Unix seconds have a part to the millisecond, and are told apart from sequence numbers", () => {
  const cases: [string, unknown][] = [
    ["@1.25", 1250],
    ["@1.0009", 1000],
    ["@1.123456789", 1123],
    ["@12345678901", 12_345_678_901_000],
    ["@1.1234567891", undefined],
    ["@12345678901234", undefined],
    ["@1234567890123", 1_234_567_890_123],
  ];
  for (const [text, wanted] of cases) assertEquals(read(text), wanted, text);
  const hinted = [1_763_900_000, 1_763_900_000_123].map(secondsHint);
  assertEquals(hinted, [
    " (Unix seconds are written @1763900000)",
    " (Unix seconds are written @1763900000123)",
  ]);
  const others: Start[] = [
    176_390_000,
    17_639_000_000,
    176_390_000_012,
    17_639_000_001_234,
    "now",
    "-1000000000",
  ];
  for (const other of others) assertEquals(secondsHint(other), "", `${other}`);
});

Deno.test("a time lies in the future from a minute on, where clocks may differ no more", () => {
  const now = NOW.getTime();
  assertEquals(inTheFuture(new Date(now + 60_000), now), undefined);
  assertEquals(inTheFuture(new Date(now + 60_001), now) === undefined, false);
});

Deno.test("that nothing can come is told for either reason, the future first", () => {
  const now = NOW.getTime();
  const future = new Date(now + 3_600_000);
  assertEquals(nothingStored({ from: "-1h", to: undefined, now }), undefined);
  assertEquals(nothingStored({ from: 3, to: 3, now }), undefined);
  assertEquals(nothingStored({ from: 4, to: 3, now }), "4 lies behind 3, where it is to end");
  assertEquals(nothingStored({ from: "-1h", to: "-2h", now }), "-1h lies behind -2h, where it is to end");
  assertMatch(nothingStored({ from: future, to: 3, now }) ?? "", / lies in the future, /);
  assertMatch(nothingStored({ from: future, to: undefined, now }) ?? "", / lies in the future, /);
  assertEquals(wrongOrder({ from: 5, to: new Date(0), now }), undefined, "they cannot be compared");
  assertEquals(wrongOrder({ from: new Date(now), to: 5, now }), undefined);
});

Deno.test("a group that is new cannot begin with the last of each topic, and anywhere else it can", () => {
  for (const last of ["latest", "-10"] as const) {
    assertMatch(startProblem(last) ?? "", /^a group that is new begins now, earliest, at a number/);
  }
  const others: (Start | undefined)[] = [undefined, "now", "earliest", 10, "-10m", NOW];
  for (const other of others) assertEquals(startProblem(other), undefined, `${other}`);
});

Deno.test("a moment is a time and no other place; where two are meant, --to ends with the second", () => {
  assertEquals(TIME.read("2026-01-31T09:00:00Z"), { value: new Date(Date.UTC(2026, 0, 31, 9)) });
  for (const text of ["7", "-1h", "now", "earliest", "-10", ""]) {
    assertEquals("expected" in TIME.read(text), true, text);
  }
  assertEquals([POSITION.write?.(7), POSITION.write?.("-1h"), START.write?.("latest")], [
    "7",
    "-1h",
    "latest",
  ]);
  assertMatch(TIME.write?.(NOW) ?? "", /^2026-01-31T17:30:00[+-]/);
});
