/**
 * What the figures must show, as ratios of medians in one run.
 *
 * @module
 */
import { bytes, type Figure, micros, ratio, type Summary } from "./figures.ts";
import { columns } from "./table.ts";

const BOTH = ["hashbus2", "hashbus"] as const;

/**
 * One thing that must show: that `ours` is at least `times` times as good as `peer` in the shape, or that its figure is at
 * most `most`.
 */
export type Target =
  & { readonly shape: string; readonly ours: typeof BOTH[number] }
  & (
    | { readonly peer: string; readonly times: number; readonly of?: "p99" }
    | { readonly most: number; readonly unit: "bytes" | "ms" }
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
];

/** Those of `--durable`. */
export const DURABLE_TARGETS: readonly Target[] = [
  ...["kept-10k-1", "kept-10k-4"].flatMap((shape) =>
    atLeast(shape, "hashbus2", { redis: 3, jetstream: 2.5 })
  ),
  ...atLeast("kept-1", "hashbus2", { redis: 1 }),
];

/** The shapes without which nothing can be said about a target. */
export const TARGET_SHAPES: ReadonlySet<string> = new Set(TARGETS.map(({ shape }) => shape));

/** Holds the targets against what was measured. */
export function judge(targets: readonly Target[], summaries: readonly Summary[]): readonly Verdict[] {
  return targets.map((target) => {
    const of = (peer: string): Figure | null => figureOf(summaries, { ...target, peer });
    const ours = of(target.ours);
    const shown = "most" in target ? ours?.value ?? null : ratio(ours, of(target.peer));
    if (shown === null) return { target, shown, verdict: "not measured" };
    const met = "most" in target ? shown <= target.most : shown >= target.times;
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
      return target.unit === "bytes" ? bytes(number) : micros(1000 * number);
    };
    return [
      what,
      "peer" in target ? `${title(target.ours)} / ${title(target.peer)}` : title(target.ours),
      "peer" in target ? `at least ${target.times}` : `at most ${value(target.most)}`,
      shown === null ? "-" : value(shown),
      verdict,
    ];
  });
  return rows.length === 0 ? "" : columns([["it must show", "", "", "shown", ""], ...rows]);
}

function figureOf(
  summaries: readonly Summary[],
  { shape, peer, of }: { readonly shape: string; readonly peer: string; readonly of?: "p99" },
): Figure | null {
  const found = summaries.find((each) => each.shape === shape && each.peer === peer);
  if (found === undefined || found.figure === null) return null;
  if (of === undefined) return found.figure;
  return found.latency === null ? null : { ...found.figure, value: found.latency.p99 };
}

function atLeast(
  shape: string,
  ours: Target["ours"],
  times: Readonly<Record<string, number>>,
): readonly Target[] {
  return Object.entries(times).map(([peer, least]) => ({ shape, ours, peer, times: least }));
}
