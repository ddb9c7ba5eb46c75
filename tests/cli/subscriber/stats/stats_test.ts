import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Report } from "../../../../lib/cli/subscriber/stats/stats.ts";
import { Stats } from "../../../../lib/cli/subscriber/stats/stats.ts";
import { reportJson, reportText } from "../../../../lib/cli/subscriber/stats/stats_text.ts";
import { message } from "../../output/collected.ts";

/** Counts by a clock that the test sets, in milliseconds; the wall clock shows a million more. */
function counting(): { stats: Stats; clock: { now: number; missed: number }; doubts: string[] } {
  const clock = { now: 0, missed: 0 };
  const doubts: string[] = [];
  const stats = new Stats({
    header: "sent",
    clock: { now: () => clock.now, wall: () => clock.now + 1e12 },
    missed: () => clock.missed,
    doubt: (problem) => doubts.push(problem),
  });
  return { stats, clock, doubts };
}

Deno.test("each report has what came since the one before, and the last has all, from the first to the last message", () => {
  const { stats, clock } = counting();
  clock.now = 500;
  for (let at = 0; at < 10; at++) stats.add(message("#a", "12345"));
  clock.now = 1000;
  assertEquals(stats.next(), {
    seconds: 1,
    messages: 10,
    bytes: 50,
    missed: 0,
    latency: undefined,
    total: 10,
  });
  clock.now = 2500;
  clock.missed = 3;
  stats.add(message("#a", "12"));
  clock.now = 3000;
  assertEquals(stats.next(), { seconds: 2, messages: 1, bytes: 2, missed: 3, latency: undefined, total: 11 });
  assertEquals(stats.next().messages, 0);
  assertEquals(stats.all(), {
    seconds: 2,
    messages: 11,
    bytes: 52,
    missed: 3,
    latency: undefined,
    total: 11,
  });
});

Deno.test("the time on the way is read from the header, of each second and of all", () => {
  const { stats, clock, doubts } = counting();
  const sent = (late: number): void =>
    stats.add({ ...message("#a", ""), headers: new Map([["sent", `${1e12 + clock.now - late}`]]) });
  for (let at = 1; at <= 100; at++) sent(at);
  stats.add(message("#a", ""));
  const first = stats.next().latency;
  assertEquals([first?.messages, first?.max], [100, 100]);
  assert(Math.abs(first!.p50 - 50) < 2 && Math.abs(first!.p99 - 99) < 4, JSON.stringify(first));
  sent(0.25);
  assertEquals(stats.next().latency, { messages: 1, p50: 0.25, p99: 0.25, max: 0.25 });
  assertEquals([stats.all().latency?.messages, stats.all().latency?.max], [101, 100]);
  assertEquals(doubts, []);
});

Deno.test("a header that is no time, or of a clock that is ahead, is told once and counts as none or as 0", () => {
  const { stats, doubts } = counting();
  for (const sent of ["soon", "later", `${1e12 + 5000}`, `${1e12 + 9000}`]) {
    stats.add({ ...message("#a", ""), headers: new Map([["sent", sent]]) });
  }
  assertEquals(stats.all().latency, { messages: 2, p50: 0, p99: 0, max: 0 });
  assertEquals(doubts, [
    'is no time: "soon"',
    'lies 5000 ms in the future, so the clocks differ: "1000000005000"',
  ]);
});

const REPORT: Report = {
  seconds: 2,
  messages: 24_690,
  bytes: 2_621_440,
  missed: 7,
  total: 1_234_567,
  latency: { messages: 24_690, p50: 0.2134, p99: 12.34, max: 12_345 },
};

Deno.test("a report is one line in words, with what there is to say", () => {
  const width = Infinity;
  assertEquals(
    reportText(REPORT, { kind: "second", width }),
    "12,345 msg/s, 1.3 MiB/s, 1,234,567 so far, 7 missed, p50 0.21 ms, p99 12 ms, max 12.3 s",
  );
  assertEquals(
    reportText({ ...REPORT, latency: undefined }, { kind: "all", width }),
    "all: 1,234,567 messages, 2.5 MiB in 2.0 s, 12,345 msg/s, 1.3 MiB/s, 7 missed",
  );
  assertMatch(
    reportText({ ...REPORT, messages: 30_000 }, { kind: "second", width }),
    /, of 24,690: p50 0.21 ms,/,
  );
  assertMatch(
    reportText({ ...REPORT, seconds: 0, messages: 1, total: 1, bytes: 3 }, { kind: "all", width }),
    /^all: 1 message, 3 B in 0.0 s, 0 msg\/s/,
  );
});

Deno.test("on a terminal of 40 columns a report is broken between its parts, never within one", () => {
  for (const kind of ["second", "all"] as const) {
    const lines = reportText(REPORT, { kind, width: 40 }).split("\n");
    assert(lines.every((line) => line.length <= 40), lines.join("\n"));
    assert(lines.slice(1).every((line) => line.startsWith("  ")));
    const joined = lines.map((line) => line.trim()).join(" ");
    assertEquals(joined, reportText(REPORT, { kind, width: Infinity }));
  }
});

Deno.test("a report as JSON is one object, its times in milliseconds", () => {
  const time = new Date("2026-01-31T09:00:00Z");
  assertEquals(JSON.parse(reportJson(REPORT, { kind: "all", time })), {
    time: "2026-01-31T09:00:00.000Z",
    all: true,
    seconds: 2,
    messages: 24_690,
    bytes: 2_621_440,
    rate: 12_345,
    byte_rate: 1_310_720,
    missed: 7,
    total: 1_234_567,
    latency: REPORT.latency,
  });
  assertEquals("all" in JSON.parse(reportJson(REPORT, { kind: "second", time })), false);
});

Deno.test("a clock that is ahead by a millisecond is none that differs", () => {
  for (const [ahead, said] of [[0.5, []], [1, []], [1.25, ["lies 1 ms"]], [2.75, ["lies 3 ms"]]] as const) {
    const { stats, doubts } = counting();
    stats.add({ ...message("#a", ""), headers: new Map([["sent", `${1e12 + ahead}`]]) });
    assertEquals(doubts.map((doubt) => doubt.slice(0, 9)), [...said], `${ahead} ms`);
    assertEquals(stats.all().latency?.max, 0);
  }
});

Deno.test("without a message there is nothing to count, and of one no time to count it in", () => {
  const { stats, clock } = counting();
  clock.now = 7000;
  const none = { seconds: 0, messages: 0, bytes: 0, missed: 0, latency: undefined, total: 0 };
  assertEquals(stats.all(), none);
  stats.add(message("#a", "abc"));
  assertEquals(stats.all(), { ...none, messages: 1, bytes: 3, total: 1 });
});
