import { assertEquals, assertStringIncludes } from "@std/assert";
import { chart } from "../../bench/chart.ts";
import { micros, perSecond, ratio, summarize } from "../../bench/figures.ts";
import type { Outcome } from "../../bench/load/job.ts";
import { median, percentile } from "../../bench/load/percentile.ts";
import { SHAPES } from "../../bench/shapes.ts";
import { latencyTable, mainTable, problemLines } from "../../bench/table.ts";

function rate(value: number): Outcome {
  return {
    kind: "flow",
    published: 1,
    delivered: 1,
    seconds: 1,
    rate: value,
    brokerCpu: 1,
    loadCpu: 0.5,
    brokerBytes: 1,
  };
}

function latency(p50: number): Outcome {
  return {
    kind: "latency",
    messages: 10,
    seconds: 1,
    p50,
    p99: 2 * p50,
    p999: 3 * p50,
    most: 4 * p50,
    brokerCpu: 1,
    loadCpu: 1,
    brokerBytes: 1,
  };
}

const failed: Outcome = { kind: "failed", problem: "nothing came for 5 s" };

Deno.test("A median is the middle value, or the mean of the two in the middle", () => {
  assertEquals([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])], [2, 2.5, 7]);
  assertEquals(median([]), NaN);
});

Deno.test("A percentile is a value that occurred: the nearest rank", () => {
  const sorted = Array.from({ length: 1000 }, (_, at) => at + 1);
  assertEquals([0.5, 0.99, 0.999, 1].map((part) => percentile(sorted, part)), [500, 990, 999, 1000]);
  assertEquals(percentile([5], 0.5), 5);
  assertEquals(percentile([], 0.5), NaN);
});

Deno.test("A summary takes the median of what worked and keeps what failed", () => {
  const summary = summarize({ shape: "s", peer: "p", outcomes: [rate(3e6), failed, rate(1e6), rate(2e6)] });
  assertEquals(summary.figure, { value: 2e6, unit: "a second", text: "2.00 M/s" });
  assertEquals(summary.rounds, 4);
  assertEquals(summary.problems, ["nothing came for 5 s"]);
});

Deno.test("A ratio above 1 is better for rates and for latencies alike", () => {
  const summaries = [rate(4), rate(2), latency(10), latency(30)].map((outcome) =>
    summarize({ shape: "s", peer: "p", outcomes: [outcome] }).figure
  );
  const [fast = null, slow = null, soon = null, late = null] = summaries;
  assertEquals([ratio(fast, slow), ratio(slow, fast), ratio(soon, late)], [2, 0.5, 3]);
  assertEquals(ratio(fast, null), null);
});

Deno.test("Figures are written for a person", () => {
  assertEquals([perSecond(12.3), perSecond(45_600), perSecond(7.891e6)], ["12.3 /s", "45.6 k/s", "7.89 M/s"]);
  assertEquals([micros(98.4), micros(1234), micros(2.5e6)], ["98 µs", "1.23 ms", "2.50 s"]);
});

Deno.test("The tables name every peer, say what was not run and what failed", () => {
  const shapes = SHAPES.filter(({ name }) => name === "1-1-128" || name === "one-at-a-time");
  const cells = [
    { shape: "1-1-128", peer: "hashbus", outcomes: [rate(6e6)] },
    { shape: "1-1-128", peer: "nats", outcomes: [rate(2e6), failed] },
    { shape: "1-1-128", peer: "relay", outcomes: [] },
    { shape: "one-at-a-time", peer: "hashbus", outcomes: [latency(50)] },
    { shape: "one-at-a-time", peer: "nats", outcomes: [failed] },
    { shape: "one-at-a-time", peer: "relay", outcomes: [latency(40)] },
  ];
  const input = { shapes, peers: ["hashbus", "nats", "relay"], summaries: cells.map(summarize) };
  const rows = mainTable(input).split("\n").map((line) => line.split(/\s{2,}/));
  assertEquals(rows[0], ["shape", "hashbus", "nats", "relay", "/ nats", "/ relay"]);
  assertEquals(rows[1], ["1 → 1, 128 B", "6.00 M/s", "2.00 M/s !", "-", "3.00 x", "-"]);
  assertEquals(rows[2], ["one at a time, 128 B", "50 µs", "failed !", "40 µs", "-", "0.80 x"]);
  assertStringIncludes(
    problemLines(input.summaries),
    "1-1-128, nats: 1 of 2 runs failed: nothing came for 5 s",
  );
  assertEquals(latencyTable(input).trim().split("\n").length, 3);
  const svg = chart(input, "a <machine>");
  assertEquals(svg.match(/<title>/g)?.length, 4);
  assertStringIncludes(svg, "a &lt;machine&gt;");
});
