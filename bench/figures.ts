/**
 * From runs to figures: medians, their units, and how peers compare.
 *
 * @module
 */
import type { Outcome } from "./load/job.ts";
import { median } from "./load/percentile.ts";
import type { Cell } from "./run.ts";

/** What a shape is judged by, and whether more is better. */
export interface Figure {
  readonly value: number;
  readonly unit: "a second" | "µs" | "bytes";
  readonly text: string;
}

/** The figures of one peer in one shape, over its rounds. */
export interface Summary {
  readonly shape: string;
  readonly peer: string;
  /** `null`: not run, or every run failed. */
  readonly figure: Figure | null;
  /** Latencies only: medians of p50, p99, p99.9 and the worst of all. */
  readonly latency: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly most: number;
  } | null;
  /** Medians of the parts of a core that broker and generator used. */
  readonly brokerCpu: number | null;
  readonly loadCpu: number | null;
  readonly rounds: number;
  /** What runs that failed said. */
  readonly problems: readonly string[];
}

/** Takes the medians of a cell. */
export function summarize({ shape, peer, outcomes }: Cell): Summary {
  const latencies = outcomes.filter((outcome) => outcome.kind === "latency");
  const used = outcomes.filter((outcome) => "brokerCpu" in outcome);
  return {
    shape,
    peer,
    figure: figureOf(outcomes),
    latency: latencies.length === 0 ? null : {
      p50: median(latencies.map(({ p50 }) => p50)),
      p99: median(latencies.map(({ p99 }) => p99)),
      p999: median(latencies.map(({ p999 }) => p999)),
      most: Math.max(...latencies.map(({ most }) => most)),
    },
    brokerCpu: used.length === 0 ? null : median(used.map(({ brokerCpu }) => brokerCpu)),
    loadCpu: used.length === 0 ? null : median(used.map(({ loadCpu }) => loadCpu)),
    rounds: outcomes.length,
    problems: outcomes.flatMap((outcome) => outcome.kind === "failed" ? [outcome.problem] : []),
  };
}

/** How many times better `ours` is: above 1 is better, whatever the unit. `null` where one of them has no figure. */
export function ratio(ours: Figure | null, theirs: Figure | null): number | null {
  if (ours === null || theirs === null) return null;
  const times = ours.unit === "a second" ? ours.value / theirs.value : theirs.value / ours.value;
  return Number.isFinite(times) ? times : null;
}

/** A count a second for a person: `3.21 M/s`. */
export function perSecond(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M/s`;
  if (value >= 1e3) return `${(value / 1e3).toPrecision(3)} k/s`;
  return `${value.toPrecision(3)} /s`;
}

/** Microseconds for a person: `98 µs`, `1.20 ms`. */
export function micros(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} s`;
  if (value >= 1e3) return `${(value / 1e3).toPrecision(3)} ms`;
  return `${Math.round(value)} µs`;
}

function figureOf(outcomes: readonly Outcome[]): Figure | null {
  const rates = outcomes.flatMap((outcome) =>
    outcome.kind === "flow" || outcome.kind === "connect" ? [outcome.rate] : []
  );
  if (rates.length > 0) {
    const value = median(rates);
    return { value, unit: "a second", text: perSecond(value) };
  }
  const middles = outcomes.flatMap((outcome) => outcome.kind === "latency" ? [outcome.p50] : []);
  if (middles.length > 0) {
    const value = median(middles);
    return { value, unit: "µs", text: micros(value) };
  }
  const each = outcomes.flatMap((outcome) => outcome.kind === "idle" ? [outcome.bytesEach] : []);
  if (each.length === 0) return null;
  const value = median(each);
  return { value, unit: "bytes", text: `${(value / 1024).toFixed(1)} KiB` };
}
