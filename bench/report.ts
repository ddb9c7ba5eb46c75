/**
 * What a run leaves behind: everything as JSON, and a chart.
 *
 * @module
 */
import { chart } from "./chart.ts";
import type { Finding } from "./durable/findings.ts";
import type { Machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { Peer } from "./peers.ts";
import type { Cell } from "./run.ts";
import type { TableInput } from "./table.ts";
import type { Verdict } from "./targets.ts";

/** All that is known when a run is over. */
export interface Report {
  readonly date: Date;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string | null>>;
  readonly peers: readonly Peer[];
  readonly cells: readonly Cell[];
  readonly verdicts: readonly Verdict[];
  readonly findings: readonly Finding[];
  readonly input: TableInput;
}

/**
 * Writes `<name>.json` and `<name>.svg` in the folder and returns their paths. The name is `latest` for a run of everything (`durable` for all that is
 * stored), and `part` for one of some shapes or some peers, so that trying something out leaves the last whole run alone.
 */
export async function save(
  report: Report,
  folder: string,
  options: BenchOptions,
): Promise<readonly string[]> {
  const whole = options.durable ? "durable" : "latest";
  const path = `${folder}/${options.whole ? whole : "part"}`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${path}.json`, json(report, options));
  await Deno.writeTextFile(`${path}.svg`, chart(report.input, caption(report, options)));
  return [`${path}.json`, `${path}.svg`];
}

function caption({ machine, date }: Report, { rounds, seconds }: BenchOptions): readonly string[] {
  const { processor, cores, deno, commit } = machine;
  return [
    `${processor}, ${cores} cores, Deno ${deno}, commit ${commit ?? "-"}, ${date.toISOString().slice(0, 10)}`,
    `Medians of ${rounds} rounds of ${seconds} s, peers in turns, over loopback. Each group has its own scale.`,
  ];
}

/** Readable, and a line a run, so that two versions can be compared. */
function json(report: Report, { rounds, seconds, warmSeconds, shapes }: BenchOptions): string {
  const { date, machine, versions, peers, cells, verdicts, findings, input } = report;
  const settings = {
    rounds,
    seconds,
    warmSeconds,
    peers: Object.fromEntries(peers.map((peer) => [peer.name, peer.settings])),
  };
  const runs = cells.flatMap(({ shape, peer, outcomes }) =>
    outcomes.map((outcome) => ({ shape, peer, ...outcome }))
  );
  const parts = {
    date: JSON.stringify(date),
    machine: JSON.stringify(machine),
    versions: JSON.stringify(versions, null, 2),
    settings: JSON.stringify(settings, null, 2),
    targets: lines(verdicts),
    ...(findings.length === 0 ? {} : { findings: lines(findings) }),
    shapes: lines(shapes),
    summaries: lines(input.summaries),
    runs: lines(runs),
  };
  return `{\n${Object.entries(parts).map(([key, value]) => `"${key}": ${value}`).join(",\n")}\n}\n`;
}

function lines(values: readonly unknown[]): string {
  return `[\n${values.map((value) => JSON.stringify(value, rounded)).join(",\n")}\n]`;
}

/** Six digits say all there is to say. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
