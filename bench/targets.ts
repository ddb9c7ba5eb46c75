/**
 * What the figures must show, as ratios of medians in one run.
 *
 * @module
 */
import { bytes, type Figure, micros, ratio, type Summary } from "./figures.ts";
import { columns } from "./table.ts";

const BOTH = ["hashbus2", "hashbus"] as const;

/**
 * What a target may be about, in place of a shape's figure; `worst` and `cut`: of newcomers and of floods.
 */
type Aspect = "p99" | "processor time" | "worst" | "slowest / mean" | "cut";

/**
 * One thing that must show: that `ours` is at least `times` times as good as `peer` in the shape
 * (`peerShape`: as the peer in that one), or that its figure is at most `most` or at least `least`.
 */
export type Target =
  & { readonly shape: string; readonly ours: typeof BOTH[number]; readonly of?: Aspect }
  & (
    | { readonly peer: string; readonly times: number; readonly peerShape?: string }
    | { readonly most: number; readonly unit: "bytes" | "ms" | "count" }
    | { readonly least: number; readonly unit: "part" }
  );

/** What became of a target; `shown`: the ratio or the figure, `null` where it was not measured. */
export interface Verdict {
  readonly target: Target;
  readonly shown: number | null;
  readonly verdict: "met" | "missed" | "not measured";
}

/** All of them. */
export const TARGETS: readonly Target[] = [
  ...atLeast("1-1-16", "hashbus2", { nats: 5 }),
  ...atLeast("1-1-128", "hashbus2", { nats: 3.5, relay: 0.7 }),
  ...atLeast("1-1-1k", "hashbus2", { nats: 2 }),
  ...atLeast("1-1-64k", "hashbus2", { nats: 1 }),
  ...atLeast("1-1-128", "hashbus", { nats: 2, redis: 3, mosquitto: 12 }),
  ...BOTH.flatMap((ours) => atLeast("1-100", ours, { nats: 6, redis: 4 })),
  ...BOTH.flatMap((ours) => atLeast("1-1000", ours, { nats: 3 })),
  ...atLeast("20-20", "hashbus2", { nats: 1.5 }),
  ...BOTH.flatMap((ours): readonly Target[] => [
    { shape: "one-at-a-time", ours, peer: "nats", times: 1 },
    { shape: "one-at-a-time", ours, peer: "nats", times: 1, of: "p99" },
    { shape: "idle", ours, most: 12 * 1024, unit: "bytes" },
  ]),
  { shape: "startup", ours: "hashbus2", most: 150, unit: "ms" },
  { shape: "1-1-crossed", ours: "hashbus2", peer: "nats", times: 1.5, peerShape: "1-1-128" },
  ...BOTH.flatMap((ours): readonly Target[] => [
    ...atLeast("changing-1k", ours, { nats: 1.5, redis: 2 }),
    ...atLeast("changing-100k", ours, { nats: 1.2, redis: 1 }),
    ...atLeast("pairs-50", ours, { nats: 0.9 }),
    { shape: "pairs-50", ours, peer: "nats", times: 1, of: "processor time" },
    { shape: "pairs-200", ours, peer: "nats", times: 0.5, of: "p99" },
    ...atLeast("pairs-1000", ours, { nats: 0.75 }),
    { shape: "pairs-1000", ours, peer: "nats", times: 0.5, of: "p99" },
    ...["floods-200", "floods-500"].flatMap((shape): readonly Target[] => [
      { shape, ours, most: 1000, unit: "ms", of: "worst" },
      { shape, ours, least: 0.5, unit: "part", of: "slowest / mean" },
      { shape, ours, most: 0, unit: "count", of: "cut" },
    ]),
  ]),
];

/** Those of `--durable`. */
export const DURABLE_TARGETS: readonly Target[] = [
  ...["kept-10k-1", "kept-10k-4"].flatMap((shape) =>
    atLeast(shape, "hashbus2", { redis: 3, jetstream: 2.5 })
  ),
  ...atLeast("kept-1", "hashbus2", { redis: 1 }),
  ...BOTH.flatMap((ours) => atLeast("kept-64", ours, { redis: 1 })),
  ...atLeast("queue-4", "hashbus2", { jetstream: 3, redis: 2, beanstalkd: 2 }),
];

/** The shapes without which nothing can be said about a target. */
export const TARGET_SHAPES: ReadonlySet<string> = new Set(
  TARGETS.flatMap((target) =>
    "peer" in target ? [target.shape, target.peerShape ?? target.shape] : [target.shape]
  ),
);

/** Holds the targets against what was measured. */
export function judge(targets: readonly Target[], summaries: readonly Summary[]): readonly Verdict[] {
  return targets.map((target) => {
    const ours = figureOf(summaries, { ...target, peer: target.ours });
    const theirs = "peer" in target
      ? figureOf(summaries, { ...target, shape: target.peerShape ?? target.shape })
      : null;
    const shown = "peer" in target ? ratio(ours, theirs) : ours?.value ?? null;
    if (shown === null) return { target, shown, verdict: "not measured" };
    const met = "most" in target
      ? shown <= target.most
      : shown >= ("times" in target ? target.times : target.least);
    return { target, shown, verdict: met ? "met" : "missed" };
  });
}

/** A row a target. `titles`: shapes and peers as a person reads them, by name. */
export function targetTable(verdicts: readonly Verdict[], titles: ReadonlyMap<string, string>): string {
  const title = (name: string): string => titles.get(name) ?? name;
  const rows = verdicts.map(({ target, shown, verdict }) => {
    const what = [title(target.shape), ...("of" in target ? [target.of ?? ""] : [])].join(", ");
    const value = (number: number): string => {
      if (!("most" in target)) return number.toFixed(2);
      if (target.unit === "count") return String(number);
      return target.unit === "bytes" ? bytes(number) : micros(1000 * number);
    };
    const beside = "peer" in target && target.peerShape !== undefined ? `, ${title(target.peerShape)}` : "";
    const needed = "times" in target ? target.times : "least" in target ? target.least : value(target.most);
    return [
      what,
      "peer" in target ? `${title(target.ours)} / ${title(target.peer)}${beside}` : title(target.ours),
      `at ${"most" in target ? "most" : "least"} ${needed}`,
      shown === null ? "-" : value(shown),
      verdict,
    ];
  });
  return rows.length === 0 ? "" : columns([["it must show", "", "", "shown", ""], ...rows]);
}

function figureOf(
  summaries: readonly Summary[],
  { shape, peer, of }: { readonly shape: string; readonly peer: string; readonly of?: Aspect },
): Figure | null {
  const found = summaries.find((each) => each.shape === shape && each.peer === peer);
  if (found === undefined || found.figure === null) return null;
  if (of === undefined) return found.figure;
  const value = valueOf(found, of);
  // all of these are the better the less they are, but for the share, which is not divided
  return value === null ? null : { ...found.figure, unit: "µs", value };
}

function valueOf({ latency, floods, cpuMicros, slowest }: Summary, of: Aspect): number | null {
  switch (of) {
    case "p99":
      return latency?.p99 ?? null;
    case "processor time":
      return cpuMicros;
    case "worst":
      return floods === null ? null : floods.most / 1000;
    case "slowest / mean":
      return slowest;
    case "cut":
      return floods?.cut ?? null;
  }
}

function atLeast(
  shape: string,
  ours: Target["ours"],
  times: Readonly<Record<string, number>>,
): readonly Target[] {
  return Object.entries(times).map(([peer, least]) => ({ shape, ours, peer, times: least }));
}
