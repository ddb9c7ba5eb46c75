/**
 * From runs to figures: medians, their units, their spread, and how peers compare.
 *
 * @module
 */
import type { Outcome, ScaleOutcome } from "./load/job.ts";
import { median } from "./load/percentile.ts";
import type { Cell } from "./run.ts";

/** What a value counts; more is better of `a second` alone. */
export type Unit = "a second" | "µs" | "ms" | "bytes";

/** What a shape is judged by: the median of its rounds. */
export interface Figure {
  readonly value: number;
  readonly unit: Unit;
  readonly text: string;
  /** Of the rounds. */
  readonly least: number;
  readonly most: number;
}

/** What floods and the newcomers among them showed, over all rounds. */
export interface FloodsSummary {
  /** The median of what floods had answered a second, all together. */
  readonly perSecond: number;
  /** Most that were cut in a round. */
  readonly cut: number;
  readonly newcomers: number;
  readonly unserved: number;
  /** The median, and the worst of all, microseconds. */
  readonly p50: number;
  readonly most: number;
}

/** The figures of one peer in one shape, over its rounds. */
export interface Summary {
  readonly shape: string;
  readonly peer: string;
  /** `null`: not run, or every run failed. */
  readonly figure: Figure | null;
  /** Latencies only: medians of the rate, of p50, p99 and p99.9, and the worst of all. */
  readonly latency: {
    readonly perSecond: number;
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly most: number;
  } | null;
  /** Of many at once: the median of what the slowest got of the mean, from 0 to 1. */
  readonly slowest: number | null;
  /** `floods` only. */
  readonly floods: FloodsSummary | null;
  /** `scale` only: the last round that worked. */
  readonly scale: ScaleOutcome | null;
  /** Medians of the parts of a core that broker and generator used. */
  readonly brokerCpu: number | null;
  readonly loadCpu: number | null;
  /** The median of the broker's processor time for what the rate counts, microseconds; where there is a rate. */
  readonly cpuMicros: number | null;
  /** The median of messages for each flush of the disk; where that was counted. */
  readonly perFlush: number | null;
  readonly rounds: number;
  /** Why floods were cut, or newcomers not served: that is a figure, not a failed run. */
  readonly said: readonly string[];
  /** What runs that failed said. */
  readonly problems: readonly string[];
}

/** Takes the medians of a cell. */
export function summarize({ shape, peer, outcomes }: Cell): Summary {
  const latencies = outcomes.filter((outcome) =>
    outcome.kind === "latency" || outcome.kind === "acked" || outcome.kind === "pairs"
  );
  const floods = outcomes.filter((outcome) => outcome.kind === "floods");
  const slowest = outcomes.flatMap((outcome) => "slowest" in outcome ? outcome.slowest ?? [] : []);
  const cpuMicros = outcomes.flatMap((outcome) => cpuMicrosOf(outcome) ?? []);
  const used = outcomes.filter((outcome) => "brokerCpu" in outcome);
  const flushed = outcomes.flatMap((outcome) => messagesPerFlush(outcome) ?? []);
  return {
    shape,
    peer,
    figure: figureOf(outcomes),
    latency: latencies.length === 0 ? null : {
      perSecond: median(latencies.map(({ messages, seconds }) => messages / seconds)),
      p50: median(latencies.map(({ p50 }) => p50)),
      p99: median(latencies.map(({ p99 }) => p99)),
      p999: median(latencies.map(({ p999 }) => p999)),
      most: Math.max(...latencies.map(({ most }) => most)),
    },
    slowest: slowest.length === 0 ? null : median(slowest),
    floods: floods.length === 0 ? null : {
      perSecond: median(floods.map(({ rate }) => rate)),
      cut: Math.max(...floods.map(({ cut }) => cut)),
      newcomers: floods.reduce((sum, { newcomers }) => sum + newcomers, 0),
      unserved: floods.reduce((sum, { unserved }) => sum + unserved, 0),
      p50: median(floods.map(({ p50 }) => p50)),
      most: Math.max(...floods.map(({ most }) => most)),
    },
    scale: outcomes.findLast((outcome) => outcome.kind === "scale") ?? null,
    brokerCpu: used.length === 0 ? null : median(used.map(({ brokerCpu }) => brokerCpu)),
    loadCpu: used.length === 0 ? null : median(used.map(({ loadCpu }) => loadCpu)),
    cpuMicros: cpuMicros.length === 0 ? null : median(cpuMicros),
    perFlush: flushed.length === 0 ? null : median(flushed),
    rounds: outcomes.length,
    said: floods.flatMap(({ said }) => said ?? []),
    problems: outcomes.flatMap((outcome) => outcome.kind === "failed" ? [outcome.problem] : []),
  };
}

/** How many times better `ours` is: above 1 is better, whatever the unit. `null` where one of them has no figure. */
export function ratio(ours: Figure | null, theirs: Figure | null): number | null {
  if (ours === null || theirs === null) return null;
  const times = ours.unit === "a second" ? ours.value / theirs.value : theirs.value / ours.value;
  return Number.isFinite(times) ? times : null;
}

/** A value for a person: `3.21 M/s`, `98 µs`, `1.20 ms`, `11.4 KiB`. */
export function show(value: number, unit: Unit): string {
  switch (unit) {
    case "a second":
      return perSecond(value);
    case "µs":
      return micros(value);
    case "ms":
      return micros(1000 * value);
    case "bytes":
      return bytes(value);
  }
}

/** How far the rounds lie apart: half of what is between the least and the most, in per cent of the median. */
export function spread({ value, least, most }: Figure): number {
  return value === 0 ? 0 : 50 * (most - least) / value;
}

/** Microseconds for a person. */
export function micros(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} s`;
  if (value >= 1e3) return `${(value / 1e3).toPrecision(3)} ms`;
  return `${Math.round(value)} µs`;
}

/** Bytes for a person. */
export function bytes(value: number): string {
  if (value >= 1024 ** 2) return `${(value / 1024 ** 2).toFixed(0)} MiB`;
  if (value >= 1024) return `${(value / 1024).toFixed(1)} KiB`;
  return `${Math.round(value)} B`;
}

function perSecond(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M/s`;
  if (value >= 1e3) return `${(value / 1e3).toPrecision(3)} k/s`;
  return `${value.toPrecision(3)} /s`;
}

function figureOf(outcomes: readonly Outcome[]): Figure | null {
  const found = outcomes.flatMap((outcome) => valueOf(outcome) ?? []);
  const unit = found[0]?.unit;
  if (unit === undefined) return null;
  const values = found.map(({ value }) => value);
  const value = median(values);
  return { value, unit, text: show(value, unit), least: Math.min(...values), most: Math.max(...values) };
}

/** The broker's processor time for a message, as the rate counts messages. */
function cpuMicrosOf(outcome: Outcome): number | null {
  switch (outcome.kind) {
    case "flow":
      return 1e6 * outcome.brokerSeconds / (outcome.delivered === 0 ? outcome.published : outcome.delivered);
    case "acked":
    case "pairs":
    case "floods":
    case "latency":
      return 1e6 * outcome.brokerSeconds / outcome.messages;
    default:
      return null;
  }
}

function messagesPerFlush(outcome: Outcome): number | null {
  if (outcome.kind !== "flow" && outcome.kind !== "acked") return null;
  const messages = outcome.kind === "flow" ? outcome.published : outcome.messages;
  return outcome.flushes === undefined ? null : messages / Math.max(1, outcome.flushes);
}

function valueOf(outcome: Outcome): { readonly value: number; readonly unit: Unit } | null {
  switch (outcome.kind) {
    case "flow":
    case "connect":
      return { value: outcome.rate, unit: "a second" };
    case "acked":
    case "pairs":
      return { value: outcome.messages / outcome.seconds, unit: "a second" };
    case "floods":
      return outcome.newcomers === 0 ? null : { value: outcome.p50, unit: "µs" };
    case "latency":
      return { value: outcome.p50, unit: "µs" };
    case "idle":
    case "scale":
      return { value: outcome.bytesEach, unit: "bytes" };
    case "startup":
      return { value: outcome.milliseconds, unit: "ms" };
    case "failed":
      return null;
  }
}
