import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chart } from "../../bench/chart.ts";
import { type Figure, micros, ratio, show, spread, summarize, type Summary } from "../../bench/figures.ts";
import type { FloodsOutcome, Outcome, PairsOutcome } from "../../bench/load/job.ts";
import { median, percentile } from "../../bench/load/percentile.ts";
import { DURABLE_PEER_NAMES, PEER_NAMES } from "../../bench/options.ts";
import { DURABLE_SHAPES, SHAPES } from "../../bench/shapes.ts";
import {
  floodsTable,
  flushTable,
  latencyTable,
  mainTable,
  problemLines,
  processorTable,
  ratioTable,
  scaleTable,
} from "../../bench/table.ts";
import { DURABLE_TARGETS, judge, type Target, TARGETS, targetTable } from "../../bench/targets.ts";

function rate(value: number): Outcome {
  return {
    kind: "flow",
    published: 1,
    delivered: 1,
    seconds: 1,
    rate: value,
    brokerCpu: 1,
    brokerSeconds: 1,
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
    brokerSeconds: 1,
    loadCpu: 1,
    brokerBytes: 1,
  };
}

function pairs(rate: number, more: Partial<PairsOutcome> = {}): Outcome {
  const took = { p50: 1000, p99: 3000, p999: 4000, most: 5000 };
  const usage = { brokerCpu: 0.5, brokerSeconds: 1, loadCpu: 0.5, brokerBytes: 1 };
  return { kind: "pairs", messages: 2 * rate, seconds: 2, slowest: 0.9, ...took, ...usage, ...more };
}

function floods(more: Partial<FloodsOutcome> = {}): Outcome {
  const counts = { messages: 4e6, seconds: 2, rate: 2e6, slowest: 0.8, cut: 0, newcomers: 9, unserved: 0 };
  const usage = { brokerCpu: 1, brokerSeconds: 2, loadCpu: 0.5, brokerBytes: 1 };
  return { kind: "floods", ...counts, p50: 4000, p99: 9000, most: 20_000, ...usage, ...more };
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
  assertEquals(summary.figure, { value: 2e6, unit: "a second", text: "2.00 M/s", least: 1e6, most: 3e6 });
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
  const rates = [12.3, 45_600, 7.891e6].map((value) => show(value, "a second"));
  assertEquals(rates, ["12.3 /s", "45.6 k/s", "7.89 M/s"]);
  assertEquals([208, 11_673, 3e8].map((value) => show(value, "bytes")), ["208 B", "11.4 KiB", "286 MiB"]);
  assertEquals([show(48.34, "ms"), show(48.34, "µs")], ["48.3 ms", "48 µs"]);
  assertEquals([micros(98.4), micros(1234), micros(2.5e6)], ["98 µs", "1.23 ms", "2.50 s"]);
});

Deno.test("The spread is half of what lies between the rounds, in per cent of the median", () => {
  const figure: Figure = { value: 10, unit: "ms", text: "", least: 9, most: 12 };
  assertEquals(spread(figure), 15);
});

const peers = [
  { name: "hashbus2", title: "hashbus v2" },
  { name: "hashbus", title: "hashbus classic" },
  { name: "against", title: "against classic" },
  { name: "nats", title: "nats-server" },
];

function cellsOf(tree: Readonly<Record<string, Readonly<Record<string, readonly Outcome[]>>>>): Summary[] {
  return Object.entries(tree).flatMap(([shape, found]) =>
    Object.entries(found).map(([peer, outcomes]) => summarize({ shape, peer, outcomes }))
  );
}

function rowsOf(table: string): string[][] {
  return table.trimEnd().split("\n").map((line) => line.trim().split(/\s{2,}/));
}

Deno.test("The tables name every peer, say what was not run and what failed", () => {
  const shapes = SHAPES.filter(({ name }) => name === "1-1-128" || name === "one-at-a-time");
  const summaries = cellsOf({
    "1-1-128": {
      hashbus2: [rate(9e6)],
      hashbus: [rate(6e6)],
      against: [],
      nats: [rate(2e6), rate(4e6), failed],
    },
    "one-at-a-time": { hashbus2: [latency(50)], hashbus: [], against: [latency(30)], nats: [failed] },
  });
  const input = { shapes, peers, summaries };
  assertEquals(rowsOf(mainTable(input)), [
    ["hashbus v2", "hashbus classic", "against classic", "nats-server"],
    ["1 → 1, 128 B", "9.00 M/s", "6.00 M/s", "-", "3.00 M/s ±33% !"],
    ["one at a time, 128 B", "50 µs", "-", "30 µs", "failed !"],
  ]);
  // another broker of ours is compared in its own protocol only; a row without a pair is left out
  assertEquals(rowsOf(ratioTable(input)), [
    ["times better", "classic / against classic", "v2 / nats-server", "classic / nats-server"],
    ["1 → 1, 128 B", "-", "3.00", "2.00"],
  ]);
  assertStringIncludes(problemLines(summaries), "1-1-128, nats: 1 of 3 runs failed: nothing came for 5 s");
  assertEquals(rowsOf(latencyTable(input))[1], [
    "one at a time, 128 B",
    "hashbus v2",
    "10.0 /s",
    "50 µs",
    "100 µs",
    "150 µs",
    "200 µs",
  ]);
  assertEquals(scaleTable(input), "");
});

Deno.test("The chart has a bar for every figure, escapes what it is told, and follows a dark page", () => {
  const shapes = SHAPES.filter(({ name }) => name === "1-1-128");
  const summaries = cellsOf({ "1-1-128": { hashbus2: [rate(9e6)], hashbus: [failed], nats: [rate(3e6)] } });
  const svg = chart({ shapes, peers, summaries }, ["a <machine>"]);
  const bars = [...svg.matchAll(/class="bar (\w+)"[^>]*width="(\d+)"/g)];
  assertEquals(bars.map(([, peer]) => peer), ["hashbus2", "nats"]);
  const [ours = 0, theirs = 0] = bars.map(([, , width]) => Number(width));
  assertEquals(Math.round(ours / theirs), 3);
  assertStringIncludes(svg, "a &lt;machine&gt;");
  assertStringIncludes(svg, "prefers-color-scheme:dark");
});

Deno.test("A target is met, missed or not measured, and p99 is judged by p99", () => {
  const summaries = cellsOf({
    "1-1-128": { hashbus2: [rate(9e6)], nats: [rate(3e6)] },
    "one-at-a-time": { hashbus2: [latency(50)], nats: [latency(40)] },
    idle: { hashbus2: [{ kind: "idle", connections: 10, bytesBefore: 0, bytesAfter: 9e4, bytesEach: 9e3 }] },
  });
  const targets: Target[] = [
    { shape: "1-1-128", ours: "hashbus2", peer: "nats", times: 3 },
    { shape: "1-1-128", ours: "hashbus2", peer: "nats", times: 3.01 },
    { shape: "1-1-128", ours: "hashbus", peer: "nats", times: 2 },
    { shape: "one-at-a-time", ours: "hashbus2", peer: "nats", times: 0.8, of: "p99" },
    { shape: "idle", ours: "hashbus2", most: 8000, unit: "bytes" },
  ];
  const verdicts = judge(targets, summaries);
  assertEquals(verdicts.map(({ verdict }) => verdict), ["met", "missed", "not measured", "met", "missed"]);
  const rows = rowsOf(targetTable(verdicts, new Map([["1-1-128", "one to one"], ["hashbus2", "v2"]])));
  assertEquals(rows[2], ["one to one", "v2 / nats", "at least 3.01", "3.00", "missed"]);
  assertEquals(rows[4]?.[0], "one-at-a-time, p99");
  assertEquals(rows[5], ["idle", "v2", "at most 7.8 KiB", "8.8 KiB", "missed"]);
});

Deno.test("Pairs are judged by their rate, p99 and processor time, and by what the peer shows in another shape", () => {
  const summaries = cellsOf({
    "pairs-50": { hashbus2: [pairs(60_000)], nats: [pairs(80_000, { p99: 1000 })] },
    "1-1-crossed": { hashbus2: [rate(6e6)] },
    "1-1-128": { nats: [rate(3e6)] },
  });
  const targets: Target[] = [
    { shape: "pairs-50", ours: "hashbus2", peer: "nats", times: 0.75 },
    { shape: "pairs-50", ours: "hashbus2", peer: "nats", times: 0.5, of: "p99" },
    { shape: "pairs-50", ours: "hashbus2", peer: "nats", times: 0.7, of: "processor time" },
    { shape: "1-1-crossed", ours: "hashbus2", peer: "nats", times: 1.5, peerShape: "1-1-128" },
  ];
  const verdicts = judge(targets, summaries);
  assertEquals(verdicts.map(({ shown }) => shown?.toFixed(2)), ["0.75", "0.33", "0.75", "2.00"]);
  assertEquals(verdicts.map(({ verdict }) => verdict), ["met", "missed", "met", "met"]);
  const rows = rowsOf(targetTable(verdicts, new Map([["1-1-128", "1 → 1"]])));
  assertEquals(rows[2]?.[0], "pairs-50, p99");
  assertEquals(rows[4]?.[1], "hashbus2 / nats, 1 → 1");
});

Deno.test("Floods are judged by the worst newcomer, the slowest flood and who was cut, of all rounds", () => {
  const shape = "floods-200";
  const summaries = cellsOf({
    [shape]: {
      hashbus2: [floods(), floods({ most: 900_000, slowest: 0.6 }), floods({ slowest: 0.4 })],
      hashbus: [floods({ most: 1_100_000 }), floods({ cut: 3, slowest: 0.1 })],
    },
  });
  const all = ["hashbus2", "hashbus"] as const;
  const verdicts = judge(
    all.flatMap((ours): Target[] => [
      { shape, ours, most: 1000, unit: "ms", of: "worst" },
      { shape, ours, least: 0.5, unit: "part", of: "slowest / mean" },
      { shape, ours, most: 0, unit: "count", of: "cut" },
    ]),
    summaries,
  );
  assertEquals(verdicts.map(({ shown }) => shown), [900, 0.6, 0, 1100, 0.45, 3]);
  assertEquals(verdicts.map(({ verdict }) => verdict), ["met", "met", "met", "missed", "missed", "missed"]);
  assertEquals(rowsOf(targetTable(verdicts, new Map())).slice(1, 4), [
    ["floods-200, worst", "hashbus2", "at most 1.00 s", "900 ms", "met"],
    ["floods-200, slowest / mean", "hashbus2", "at least 0.5", "0.60", "met"],
    ["floods-200, cut", "hashbus2", "at most 0", "0", "met"],
  ]);
});

Deno.test("Who shares and who is harmed is shown, and what a message costs the broker", () => {
  const shapes = SHAPES.filter(({ name }) => ["1-100", "pairs-50", "floods-200"].includes(name));
  const summaries = cellsOf({
    "1-100": { hashbus2: [{ ...rate(3e6), published: 2e4, delivered: 2e6 } as Outcome] },
    "pairs-50": { hashbus2: [pairs(60_000, { slowest: 0.25 })] },
    "floods-200": { hashbus2: [floods({ cut: 2, said: "the broker closed the connection" })] },
  });
  const input = { shapes, peers: peers.slice(0, 1), summaries };
  const [head = [], row = []] = rowsOf(latencyTable(input));
  assertEquals(head, ["latency", "at", "slowest / mean", "p50", "p99", "p99.9", "worst"]);
  assertEquals(row.slice(2), ["60.0 k/s", "0.25", "1.00 ms", "3.00 ms", "4.00 ms", "5.00 ms"]);
  assertEquals(rowsOf(floodsTable(input))[1]?.slice(2), [
    "2.00 M/s",
    "0.80",
    "2",
    "9",
    "0",
    "4.00 ms",
    "20.0 ms",
  ]);
  // a second for 2 million deliveries, one for 120,000, two for 4 million
  assertEquals(rowsOf(processorTable(input)).slice(1).map(([, micros]) => micros), ["0.50", "8.3", "0.50"]);
  assertStringIncludes(
    problemLines(summaries),
    "floods-200, hashbus2: the broker closed the connection",
  );
  assertEquals(processorTable({ shapes, peers, summaries: [] }), "");
  assertEquals(floodsTable({ shapes, peers, summaries: [] }), "");
});

Deno.test("Every target names a shape and peers that there are", () => {
  const all = [
    { targets: TARGETS, shapes: SHAPES, names: PEER_NAMES },
    { targets: DURABLE_TARGETS, shapes: DURABLE_SHAPES, names: DURABLE_PEER_NAMES },
  ];
  for (const { targets, shapes, names } of all) {
    for (const target of targets) {
      assert(shapes.some(({ name }) => name === target.shape), target.shape);
      const other = "peer" in target ? target.peerShape : undefined;
      assert(other === undefined || shapes.some(({ name }) => name === other), other);
      for (const name of [target.ours, ..."peer" in target ? [target.peer] : []]) {
        assert(names.some((each) => each === name), name);
      }
    }
  }
});

Deno.test("What is fsynced later is held against what is fsynced later, and against nothing else", () => {
  const shapes = DURABLE_SHAPES.slice(0, 1);
  const [shape = ""] = shapes.map(({ name }) => name);
  const kept = ["hashbus2", "interval2", "redis", "jetstream"].map((name) => ({ name, title: name }));
  const summaries = cellsOf({
    [shape]: { hashbus2: [rate(6e6)], interval2: [rate(9e6)], redis: [rate(2e6)], jetstream: [rate(3e6)] },
  });
  const [head = [], row = []] = rowsOf(ratioTable({ shapes, peers: kept, summaries }));
  assertEquals(head.slice(1), ["hashbus2 / redis", "hashbus2 / jetstream", "interval2 / jetstream"]);
  assertEquals(row.slice(1), ["3.00", "2.00", "3.00"]);
});

Deno.test("Messages for each flush of the disk are shown where flushes were counted", () => {
  const usage = { seconds: 1, brokerCpu: 1, brokerSeconds: 1, loadCpu: 1, brokerBytes: 1 };
  const flushed: Outcome = { kind: "flow", published: 3000, delivered: 0, rate: 3000, ...usage, flushes: 2 };
  const took = { p50: 1, p99: 1, p999: 1, most: 1 };
  const once: Outcome = { kind: "acked", messages: 50, ...took, ...usage, flushes: 100 };
  const shapes = DURABLE_SHAPES.filter(({ publishers }) => publishers === 1);
  const [many = "", one = ""] = shapes.map(({ name }) => name);
  const columns = [{ name: "hashbus2", title: "ours" }, { name: "redis", title: "theirs" }];
  const summaries = cellsOf({
    [many]: { hashbus2: [flushed], redis: [rate(1)] },
    [one]: { hashbus2: [once] },
  });
  const rows = rowsOf(flushTable({ shapes, peers: columns, summaries }));
  assertEquals(rows.map((row) => row.slice(-2)), [["ours", "theirs"], ["1500", "-"], ["0.50", "-"]]);
  assertEquals(
    flushTable({ shapes, peers: columns, summaries: cellsOf({ [many]: { redis: [rate(1)] } }) }),
    "",
  );
});
