/**
 * The figures as text.
 *
 * @module
 */
import { micros, ratio, type Summary } from "./figures.ts";
import type { Shape } from "./shapes.ts";

/** What the tables are made of. */
export interface TableInput {
  readonly shapes: readonly Shape[];
  /** In the order of the columns; the first is the one that is compared with the others. */
  readonly peers: readonly string[];
  readonly summaries: readonly Summary[];
}

/** One row a shape: medians, then how many times better the first peer is than each other one. */
export function mainTable({ shapes, peers, summaries }: TableInput): string {
  const [first = "", ...others] = peers;
  const rows = shapes.map((shape) => {
    const found = new Map(
      summaries.filter((each) => each.shape === shape.name).map((each) => [each.peer, each]),
    );
    const figure = (peer: string): Summary["figure"] => found.get(peer)?.figure ?? null;
    const failed = (peer: string): boolean => (found.get(peer)?.problems.length ?? 0) > 0;
    return [
      shape.title,
      ...peers.map((peer) =>
        (figure(peer)?.text ?? (failed(peer) ? "failed" : "-")) + (failed(peer) ? " !" : "")
      ),
      ...others.map((peer) => times(ratio(figure(first), figure(peer)))),
    ];
  });
  return columns([["shape", ...peers, ...others.map((peer) => `/ ${peer}`)], ...rows]);
}

/** Latencies: p50, p99, p99.9 and the worst, a row a shape and peer. Empty where there are none. */
export function latencyTable({ shapes, summaries }: TableInput): string {
  const rows = shapes.flatMap((shape) =>
    summaries.flatMap(({ shape: name, peer, latency }) =>
      name !== shape.name || latency === null
        ? []
        : [[shape.title, peer, ...[latency.p50, latency.p99, latency.p999, latency.most].map(micros)]]
    )
  );
  return rows.length === 0 ? "" : columns([["shape", "peer", "p50", "p99", "p99.9", "worst"], ...rows]);
}

/** How busy broker and generator were, a row a shape: a generator near 1.00 was the limit, not the broker. */
export function usageTable({ shapes, peers, summaries }: TableInput): string {
  const rows = shapes.map((shape) => [
    shape.title,
    ...peers.map((peer) => {
      const found = summaries.find((each) => each.shape === shape.name && each.peer === peer);
      if (found === undefined || found.brokerCpu === null || found.loadCpu === null) return "-";
      return `${found.brokerCpu.toFixed(2)} ${found.loadCpu.toFixed(2)}`;
    }),
  ]);
  return columns([["cores used: broker, generator", ...peers], ...rows]);
}

/** What went wrong, a line each. */
export function problemLines(summaries: readonly Summary[]): string {
  return summaries.flatMap(({ shape, peer, problems, rounds }) =>
    problems.length === 0
      ? []
      : [`! ${shape}, ${peer}: ${problems.length} of ${rounds} runs failed: ${problems[0]}\n`]
  ).join("");
}

function times(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(2)} x`;
}

/** Rows under each other, the first column to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? "")].length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
