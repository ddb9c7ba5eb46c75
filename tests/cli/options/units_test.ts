import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  choice,
  CLIENT_ID,
  CONTEXT,
  count,
  decimal,
  DURATION,
  FILE,
  FOLDER,
  GROUP,
  type Kind,
  PATTERN,
  port,
  showDuration,
  showSize,
  size,
  SLOW,
  TEXT,
  TOPIC,
  WINDOW,
  WORD,
} from "../../../lib/cli/options/units.ts";

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

/** What is said of a text: its value, what was expected, or what is wrong. */
function said<T>(kind: Kind<T>, text: string): T | string {
  const read = kind.read(text);
  if ("value" in read) return read.value;
  return "expected" in read ? `expected ${read.expected}` : read.problem;
}

Deno.test("a duration is at most ten years, and is shown in its largest whole unit", () => {
  const most = 3650 * 86_400_000;
  assertEquals([value(DURATION, "3650d"), value(DURATION, "3650d1ms")], [most, undefined]);
  assertEquals(
    said(DURATION, "x"),
    "expected a duration such as 500ms, 10s, 5m, 2h or 7d (at most 3650d)",
  );
  const spans: [number, string][] = [
    [0, "0ms"],
    [1, "1ms"],
    [999, "999ms"],
    [1000, "1s"],
    [1500, "1500ms"],
    [59_000, "59s"],
    [60_000, "1m"],
    [90_000, "90s"],
    [3_600_000, "1h"],
    [7_200_000, "2h"],
    [86_400_000, "1d"],
    [90_000_000, "25h"],
  ];
  for (const [ms, text] of spans) assertEquals([showDuration(ms), value(DURATION, text)], [text, ms]);
  assertEquals(DURATION.write?.(60_000), "1m");
});

Deno.test("a whole number and a size are taken from the least to the most, and no other is", () => {
  const number = count({ least: 2, most: 5 });
  assertEquals(["1", "2", "5", "6"].map((text) => value(number, text)), [undefined, 2, 5, undefined]);
  for (const text of ["", "-2", "2.0", "0x3", "3 ", "1e0"]) {
    assertEquals(said(number, text), "expected a whole number from 2 to 5", text);
  }
  const bytes = size({ least: 512, most: 1024 });
  assertEquals(["512", "1KiB"].map((text) => value(bytes, text)), [512, 1024]);
  const expected = "expected a size from 512 to 1KiB, such as 65536, 64KiB or 1GiB";
  assertEquals([said(bytes, "511"), said(bytes, "1025"), said(bytes, "x")], [expected, expected, expected]);
  assertEquals([value(WINDOW, "1"), value(WINDOW, "0")], [1, undefined]);
});

Deno.test("a size is shown in no unit of which it is a part or has a part", () => {
  assertEquals([512, 1024, 1536, 2048, 1024 ** 2, 1.5 * 1024 ** 2, 1024 ** 4].map(showSize), [
    "512",
    "1KiB",
    "1536",
    "2KiB",
    "1MiB",
    "1536KiB",
    "1TiB",
  ]);
  assertEquals(showSize(0), "0");
});

Deno.test("a port is one of TCP, and nought only where a free one may be taken", () => {
  const texts = ["0", "1", "65535", "65536", "", "-1", "1.0", "000001"];
  const none = undefined;
  assertEquals(texts.map((text) => value(port(0), text)), [0, 1, 65_535, none, none, none, none, none]);
  assertEquals(texts.map((text) => value(port(1), text)), [none, 1, 65_535, none, none, none, none, none]);
  assertEquals(said(port(0), "x"), "expected a port from 0 to 65535 (0: any free one)");
  assertEquals(said(port(1), "x"), "expected a port from 1 to 65535");
  assertEquals([port(0).placeholder, port(0).config], ["PORT", ["number"]]);
});

Deno.test("a choice is one of its words, which a shell offers", () => {
  const kind = choice("one", "two");
  assertEquals([said(kind, "one"), said(kind, "two")], ["one", "two"]);
  for (const text of ["", "three", "ONE", "on"]) assertEquals(said(kind, text), "expected one of one, two");
  assertEquals([kind.placeholder, kind.completes], ["one|two", { kind: "words", words: ["one", "two"] }]);
  assertEquals([said(SLOW, "latest"), SLOW.placeholder], ["latest", "POLICY"]);
});

Deno.test("a name and a file are a text that says something, and a text may say nothing", () => {
  for (const kind of [WORD, FILE, FOLDER, CONTEXT]) {
    assertEquals([said(kind, "x y"), said(kind, "")], ["x y", "expected a value that is not empty"]);
  }
  assertEquals([said(TEXT, "x y"), said(TEXT, "")], ["x y", ""]);
  assertEquals([FILE, FOLDER, CONTEXT].map(({ completes }) => completes?.kind), [
    "files",
    "folders",
    "contexts",
  ]);
});

Deno.test("topics, patterns and groups are read as they are written anywhere", () => {
  assertEquals([said(TOPIC, "a.b"), said(TOPIC, "#a.b")], ["#a.b", "#a.b"]);
  assertEquals(value(TOPIC, "#a.*"), undefined);
  assertEquals([said(PATTERN, "a.*"), value(PATTERN, "a..b")], ["#a.*", undefined]);
  assertEquals([said(GROUP, "workers"), value(GROUP, "a b"), value(GROUP, "")], [
    "workers",
    undefined,
    undefined,
  ]);
});
