import { assertEquals } from "@std/assert";
import type { Report } from "../../../../lib/cli/subscriber/stats/stats.ts";
import { reportJson, type ReportKind, reportText } from "../../../../lib/cli/subscriber/stats/stats_text.ts";

function report(more: Partial<Report> = {}): Report {
  return { messages: 0, bytes: 0, seconds: 1, missed: 0, total: 0, latency: undefined, ...more };
}

/** In words, on one line. */
function line(more: Partial<Report>, kind: ReportKind = "second"): string {
  return reportText(report(more), { kind, width: Infinity });
}

const LATENCY = { messages: 3, p50: 0.2149, p99: 0.9, max: 3.1 };

Deno.test("a second's report has rates, how many so far and what was missed; the last has all of it", () => {
  assertEquals(
    line({ messages: 12_345, bytes: 1_258_291, total: 98_765, missed: 7 }),
    "12,345 msg/s, 1.2 MiB/s, 98,765 so far, 7 missed",
  );
  assertEquals(
    line({ messages: 98_765, bytes: 9_856_614, seconds: 8, total: 98_765, missed: 1_000 }, "all"),
    "all: 98,765 messages, 9.4 MiB in 8.0 s, 12,346 msg/s, 1.2 MiB/s, 1,000 missed",
  );
  assertEquals(line({ messages: 1, total: 1, seconds: 0 }, "all").startsWith("all: 1 message, "), true);
});

Deno.test("a rate is by the seconds it took, and none where it took no time", () => {
  const rates = (seconds: number): string => line({ messages: 3, bytes: 3, seconds }).split(", 0 so far")[0]!;
  assertEquals([0.5, 1, 1.5, 2].map(rates), [
    "6 msg/s, 6 B/s",
    "3 msg/s, 3 B/s",
    "2 msg/s, 2 B/s",
    "2 msg/s, 2 B/s",
  ]);
  assertEquals([0, -1].map(rates), ["0 msg/s, 0 B/s", "0 msg/s, 0 B/s"]);
});

Deno.test("bytes are in the largest unit of which there is one, with a digit behind the point", () => {
  const sizes = [0, 1, 1023, 1024, 1536, 1024 ** 2 - 1, 1024 ** 2, 1024 ** 3, 1024 ** 4, 1024 ** 5];
  assertEquals(sizes.map((bytes) => line({ bytes }).split(", ")[1]), [
    "0 B/s",
    "1 B/s",
    "1023 B/s",
    "1.0 KiB/s",
    "1.5 KiB/s",
    "1024.0 KiB/s",
    "1.0 MiB/s",
    "1.0 GiB/s",
    "1.0 TiB/s",
    "1024.0 TiB/s",
  ]);
});

Deno.test("how long it took is in two digits, whole milliseconds from 100 on, and seconds from 10,000 on", () => {
  const told = (max: number): string => line({ latency: { ...LATENCY, max } }).split("max ")[1]!;
  const times = [0, 0.014, 0.9876, 3.14, 9.96, 99.4, 100, 100.6, 9999, 10_000, 61_260];
  assertEquals(times.map(told), [
    "0 ms",
    "0.014 ms",
    "0.99 ms",
    "3.1 ms",
    "10 ms",
    "99 ms",
    "100 ms",
    "101 ms",
    "9999 ms",
    "10.0 s",
    "61.3 s",
  ]);
});

Deno.test("of how many it is known how long they took is told where that is not all of them", () => {
  const told = (messages: number): string => line({ messages, latency: LATENCY }).split("0 missed, ")[1]!;
  assertEquals(told(3), "p50 0.21 ms, p99 0.9 ms, max 3.1 ms");
  assertEquals(told(4), "of 3: p50 0.21 ms, p99 0.9 ms, max 3.1 ms");
});

Deno.test("a line that is longer than there is room goes on in the next, indented, and breaks between figures", () => {
  const wrapped = (width: number): string[] => {
    const text = reportText(report({ messages: 1, bytes: 1, total: 1 }), { kind: "second", width });
    return text.split("\n");
  };
  assertEquals(wrapped(38), ["1 msg/s, 1 B/s, 1 so far, 0 missed"]);
  assertEquals(wrapped(34), ["1 msg/s, 1 B/s, 1 so far, 0 missed"]);
  assertEquals(wrapped(33), ["1 msg/s, 1 B/s, 1 so far,", "  0 missed"]);
  assertEquals(wrapped(1), ["1 msg/s,", "  1 B/s,", "  1 so far,", "  0 missed"]);
});

Deno.test("as JSON a report is an object, with what is known", () => {
  const time = new Date("2026-01-31T09:00:00Z");
  const figures = report({ messages: 2, bytes: 10, seconds: 3, missed: 4, total: 5 });
  const common = { time: time.toISOString(), seconds: 3, messages: 2, bytes: 10 };
  const counted = { rate: 0.667, byte_rate: 3.333, missed: 4, total: 5 };
  assertEquals(JSON.parse(reportJson(figures, { kind: "second", time })), { ...common, ...counted });
  const all = reportJson({ ...figures, latency: LATENCY }, { kind: "all", time });
  assertEquals(JSON.parse(all), { ...common, ...counted, all: true, latency: LATENCY });
});
