import { assertEquals } from "@std/assert";
import {
  clock,
  counted,
  duration,
  perSecond,
  short,
  shownOf,
  size,
  whole,
} from "../../../lib/http/page/format.js";

Deno.test("numbers are shown with three figures at most, and what is not known as a dash", () => {
  const shown = [0, 0.04, 0.5, 6, 9.96, 99.94, 99.96, 999.4, 999.6, 1234, 35_400, 999_950, 12e6, 3e15].map(
    short,
  );
  assertEquals(shown, [
    "0",
    "< 0.1",
    "0.5",
    "6",
    "10",
    "99.9",
    "100",
    "999",
    "1 k",
    "1.2 k",
    "35.4 k",
    "1 M",
    "12 M",
    "3000 T",
  ]);
  assertEquals([null, undefined, NaN, Infinity].map(short), ["–", "–", "–", "–"]);
  assertEquals([perSecond(1500), perSecond(null)], ["1.5 k/s", "–"]);
  assertEquals([whole(12_345_678), whole(null)], ["12,345,678", "–"]);
});

Deno.test("sizes go by 1,024, times by what a person says", () => {
  assertEquals([0, 17, 1023, 1024, 3.4 * 1024 ** 2, 1024 ** 4].map(size), [
    "0 B",
    "17 B",
    "1023 B",
    "1 KiB",
    "3.4 MiB",
    "1 TiB",
  ]);
  assertEquals([0.42, 340, 12_000, 185_000, 7_200_000, 200_000_000].map(duration), [
    "0.4 ms",
    "340 ms",
    "12 s",
    "3 min",
    "2 h",
    "2 d",
  ]);
  assertEquals([size(null), duration(undefined)], ["–", "–"]);
});

Deno.test("a time is shown as it is here, one thing as one", () => {
  const time = new Date(2026, 0, 2, 3, 4, 5, 67).getTime();
  assertEquals([clock(time), clock(time, { millis: true }), clock(NaN)], ["03:04:05", "03:04:05.067", "–"]);
  assertEquals([shownOf(50, 5000), shownOf(0, 0)], ["50 of 5,000", ""]);
  assertEquals([counted(1, "message"), counted(2000, "message")], ["1 message", "2,000 messages"]);
});
