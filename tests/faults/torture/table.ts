/**
 * Each hostile kind alone on a broker of its own, beside ten honest clients: by how much the process grows, what
 * is kept of it while the client is there and when it has left, what the others feel, and whether the broker
 * still ends.
 *
 * @module
 */
import { STEADY_CUT } from "./kinds.ts";
import { mib } from "./findings.ts";
import { uncollected } from "./growth.ts";
import { MOST_WAIT_MS } from "./round.ts";
import { printRows } from "./rows.ts";
import { TABLE_KIND_NAMES, type TableKind } from "./table_kinds.ts";
import { type Beside, DRAIN_MS, type Rested, TableRow } from "./table_row.ts";

export interface TableOptions {
  readonly command: readonly string[];
  readonly seed: number;
  /** How long each kind stays. */
  readonly ms: number;
  /** How long memory may take to come back. */
  readonly backMs: number;
  readonly kinds?: readonly TableKind[];
  readonly say: (line: string) => void;
}

/** Brokers whose kind has left rest beside each other: with a minute of rest a row takes some 12 s of its own. */
const AT_A_TIME = 6;

const COLUMNS = [
  "sent",
  "grew at most",
  "kept",
  "of the system",
  "a byte sent",
  "OK p50",
  "p99",
  "worst ms",
  "its own p99",
  "alone p99",
  "back after",
  "then",
  "SIGTERM ms",
];

/** Prints the table; whether all is within what is promised. */
export async function printTable(options: TableOptions): Promise<boolean> {
  const { say, kinds = TABLE_KIND_NAMES } = options;
  const alone = new Alone();
  return await printRows({
    kinds,
    columns: COLUMNS,
    say,
    atATime: AT_A_TIME,
    row: (kind, directory) => row(kind, options, { data: `${directory}/data`, alone }),
  });
}

/** One at a time: who measures is not beside anyone else who does; brokers that only rest may be. */
class Alone {
  #last: Promise<unknown> = Promise.resolve();

  async with<Result>(work: () => Promise<Result>): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = promise;
    await before;
    return await work().finally(resolve);
  }
}

async function row(
  kind: TableKind,
  { command, seed, ms, backMs, say }: TableOptions,
  { data, alone }: { readonly data: string; readonly alone: Alone },
): Promise<boolean> {
  await using table = await alone.with(() => TableRow.begin(command, data));
  const first = await alone.with(() => table.beside({ kind, seed, ms }));
  const rested = await table.rest(backMs);
  const ended = await alone.with(() => table.end({ kind, seed }));
  const figures = { ...first, ...rested, ended };
  const more = [
    table.broker.overgrown ? "killed at 3 GiB" : "",
    first.waited > MOST_WAIT_MS ? `its publisher hangs for ${first.waited.toFixed(0)} ms` : "",
    first.cut.includes(STEADY_CUT) ? STEADY_CUT : "",
  ].filter((what) => what !== "");
  say(`${line(kind, figures)}${more.length === 0 ? "" : ` ${more.join(", ")} |`}`);
  return more.length === 0 && within(figures);
}

interface Figures extends Beside, Rested {
  readonly ended: number;
}

function line(kind: string, { sent, grew, kept, times, own, alone, back, left, ended }: Figures): string {
  const ms = (value: number): string => value.toFixed(1);
  const cells = [
    kind,
    mib(sent),
    mib(grew),
    ...(kept === undefined ? ["", "", ""] : [
      mib(Math.max(0, kept.heap)),
      mib(Math.max(0, kept.rss)),
      (Math.max(0, kept.heap) / Math.max(1, sent)).toFixed(1),
    ]),
    ms(times.p50),
    ms(times.p99),
    ms(times.worst),
    ms(own),
    ms(alone.p99),
    back === undefined ? "not yet" : `${(back / 1000).toFixed(0)} s`,
    mib(Math.max(0, left)),
    ended.toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** What is an object, however few bytes name it, is bounded. */
const OBJECTS_BYTES = 24 * 1024 ** 2;

function within({ sent, grew, kept, own, back, ended }: Figures): boolean {
  const alive = kept?.heap ?? 0;
  return grew - uncollected(1) <= 4 * sent && alive - OBJECTS_BYTES <= 4 * sent && own <= 20 &&
    back !== undefined && ended <= DRAIN_MS;
}
