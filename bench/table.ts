/**
 * The figures as text.
 *
 * @module
 */
import { bytes, micros, ratio, show, spread, type Summary } from "./figures.ts";
import type { Shape } from "./shapes.ts";

/** One column. */
export interface Column {
  readonly name: string;
  /** As a person reads it. */
  readonly title: string;
}

/** What the tables are made of. */
export interface TableInput {
  readonly shapes: readonly Shape[];
  /** In the order of the columns. */
  readonly peers: readonly Column[];
  readonly summaries: readonly Summary[];
}

/** Columns that are ours: each is held against every other, and not against each other. */
const OURS = ["hashbus2", "hashbus", "interval2"];
/** What gives less than the others is held against its like only. */
const ONLY_AGAINST: Readonly<Record<string, string>> = { interval2: "jetstream" };
/** Another broker of ours is compared in the same protocol only. */
const SAME_PROTOCOL: Readonly<Record<string, string>> = { against2: "hashbus2", against: "hashbus" };

/** One row a shape: medians, and how far the rounds lie apart. */
export function mainTable(input: TableInput): string {
  const rows = input.shapes.map((shape) => [
    shape.title,
    ...input.peers.map(({ name }) => {
      const found = find(input, shape, name);
      const failed = found !== undefined && found.problems.length > 0;
      if (found === undefined || found.figure === null) return failed ? "failed !" : "-";
      const apart = found.rounds > 1 ? ` ±${spread(found.figure).toFixed(0)}%` : "";
      return `${found.figure.text}${apart}${failed ? " !" : ""}`;
    }),
  ]);
  return columns([["", ...input.peers.map(({ title }) => title)], ...rows]);
}

/** One row a shape: how many times better each of ours is than each other one. Empty where there is nothing to compare. */
export function ratioTable(input: TableInput): string {
  const pairs = input.peers.filter(({ name }) => !OURS.includes(name)).flatMap((other) =>
    input.peers.filter(({ name }) => OURS.includes(name) && (SAME_PROTOCOL[other.name] ?? name) === name)
      .filter(({ name }) => (ONLY_AGAINST[name] ?? other.name) === other.name)
      .map((own) => ({ own, other }))
  );
  if (pairs.length === 0) return "";
  // at a part of its own peak each does something else: there is nothing to divide
  const alike = input.shapes.filter(({ rate }) => rate === undefined || "perSecond" in rate);
  const rows = alike.flatMap((shape) => {
    const times = pairs.map(({ own, other }) =>
      ratio(find(input, shape, own.name)?.figure ?? null, find(input, shape, other.name)?.figure ?? null)
    );
    if (times.every((value) => value === null)) return [];
    return [[shape.title, ...times.map((value) => value === null ? "-" : value.toFixed(2))]];
  });
  const short = (title: string): string => title.replace("hashbus ", "");
  return columns([
    ["times better", ...pairs.map(({ own, other }) => `${short(own.title)} / ${other.title}`)],
    ...rows,
  ]);
}

/** Latencies and at what rate, a row a shape and peer. Empty where there are none. */
export function latencyTable({ shapes, peers, summaries }: TableInput): string {
  const many = summaries.some(({ latency, slowest }) => latency !== null && slowest !== null);
  const rows = shapes.flatMap((shape) =>
    summaries.flatMap(({ shape: name, peer, latency, slowest }) =>
      name !== shape.name || latency === null ? [] : [[
        shape.title,
        titleOf(peers, peer),
        show(latency.perSecond, "a second"),
        ...many ? [slowest === null ? "-" : slowest.toFixed(2)] : [],
        ...[latency.p50, latency.p99, latency.p999, latency.most].map(micros),
      ]]
    )
  );
  const head = ["latency", "", "at", ...many ? ["slowest / mean"] : [], "p50", "p99", "p99.9", "worst"];
  return rows.length === 0 ? "" : columns([head, ...rows]);
}

/** What floods do to each other and to newcomers, a row a shape and peer. Empty where there are none. */
export function floodsTable({ shapes, peers, summaries }: TableInput): string {
  const rows = shapes.flatMap((shape) =>
    summaries.flatMap(({ shape: name, peer, floods, slowest }) =>
      name !== shape.name || floods === null ? [] : [[
        shape.title,
        titleOf(peers, peer),
        show(floods.perSecond, "a second"),
        slowest === null ? "-" : slowest.toFixed(2),
        String(floods.cut),
        String(floods.newcomers),
        String(floods.unserved),
        micros(floods.p50),
        micros(floods.most),
      ]]
    )
  );
  const head = ["floods", "", "answered", "slowest / mean", "cut", "newcomers", "unserved", "p50", "worst"];
  return rows.length === 0 ? "" : columns([head, ...rows]);
}

/** What subscriptions by the hundred thousand cost, a row a peer. Empty where it was not measured. */
export function scaleTable({ peers, summaries }: TableInput): string {
  const rows = summaries.flatMap(({ peer, scale }) =>
    scale === null ? [] : [[
      titleOf(peers, peer),
      String(scale.connections),
      String(scale.subscriptions),
      micros(1e6 * scale.subscribeSeconds),
      bytes(scale.bytesBefore),
      bytes(scale.bytesAfter),
      bytes(scale.bytesEach),
      ...[scale.cold, scale.warm].flatMap(({ p50, p99 }) => [micros(p50), micros(p99)]),
    ]]
  );
  const head = ["at scale", "connections", "subscriptions", "made in", "RSS before", "after", "each"];
  const took = ["cold p50", "p99", "warm p50", "p99"];
  return rows.length === 0 ? "" : columns([[...head, ...took], ...rows]);
}

/** How busy broker and generator were, a row a shape: a generator near 1.00 was the limit, not the broker. */
export function usageTable(input: TableInput): string {
  const rows = input.shapes.flatMap((shape) => {
    const found = input.peers.map(({ name }) => find(input, shape, name));
    if (!found.some((each) => each !== undefined && each.brokerCpu !== null)) return [];
    return [[
      shape.title,
      ...found.map((each) =>
        each === undefined || each.brokerCpu === null || each.loadCpu === null
          ? "-"
          : `${each.brokerCpu.toFixed(2)} ${each.loadCpu.toFixed(2)}`
      ),
    ]];
  });
  if (rows.length === 0) return "";
  return columns([["cores used: broker, generator", ...input.peers.map(({ title }) => title)], ...rows]);
}

/** The broker's processor time for a message, a row a shape. Empty where it was not counted. */
export function processorTable(input: TableInput): string {
  const rows = input.shapes.flatMap((shape) => {
    const found = input.peers.map(({ name }) => find(input, shape, name)?.cpuMicros ?? null);
    if (found.every((each) => each === null)) return [];
    return [[
      shape.title,
      ...found.map((each) => each === null ? "-" : each.toPrecision(each < 100 ? 2 : 3)),
    ]];
  });
  if (rows.length === 0) return "";
  return columns([["µs of the broker a message", ...input.peers.map(({ title }) => title)], ...rows]);
}

/** Messages for each flush of the disk, a row a shape. Empty where flushes were not counted. */
export function flushTable(input: TableInput): string {
  const rows = input.shapes.flatMap((shape) => {
    const found = input.peers.map(({ name }) => find(input, shape, name)?.perFlush ?? null);
    if (found.every((each) => each === null)) return [];
    return [[shape.title, ...found.map((each) => each === null ? "-" : each.toFixed(each < 10 ? 2 : 0))]];
  });
  if (rows.length === 0) return "";
  return columns([["messages a flush of the disk", ...input.peers.map(({ title }) => title)], ...rows]);
}

/** What went wrong and who was harmed, a line each. */
export function problemLines(summaries: readonly Summary[]): string {
  return summaries.flatMap(({ shape, peer, problems, said, rounds }) => [
    ...problems.length === 0
      ? []
      : [`! ${shape}, ${peer}: ${problems.length} of ${rounds} runs failed: ${problems[0]}\n`],
    ...said.slice(0, 1).map((why) => `${shape}, ${peer}: ${why}\n`),
  ]).join("");
}

/** Rows under each other, the first column to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => [...(row[at] ?? "")].length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}

function find({ summaries }: TableInput, shape: Shape, peer: string): Summary | undefined {
  return summaries.find((each) => each.shape === shape.name && each.peer === peer);
}

function titleOf(peers: readonly Column[], name: string): string {
  return peers.find((peer) => peer.name === name)?.title ?? name;
}
