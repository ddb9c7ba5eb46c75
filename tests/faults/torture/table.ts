/**
 * Each hostile kind alone on a broker of its own, beside ten honest clients: what it makes the broker keep, what
 * the others feel, and whether the broker still ends.
 *
 * @module
 */
import { Broker } from "./broker.ts";
import { Counters } from "./counters.ts";
import { History } from "./history.ts";
import { delay, Subscriber, type World } from "./honest.ts";
import { beHostile } from "./hostile_run.ts";
import { STEADY_CUT } from "./kinds.ts";
import { probing, type Times, timesOf, waitsOf } from "./probe.ts";
import { mib, MOST_WAIT_MS } from "./round.ts";
import { printRows } from "./rows.ts";
import { TABLE_KIND_NAMES, type TableKind } from "./table_kinds.ts";

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

const BYTES = 32 * 1024 ** 2;
const DRAIN_MS = 5000;
const HONEST = 5;

const COLUMNS = [
  "sent",
  "kept at most",
  "a byte sent",
  "OK p50",
  "p99",
  "worst ms",
  "its own p99",
  "alone p99",
  "back after",
  "SIGTERM ms",
];

/** Prints the table; whether all is within what is promised. */
export async function printTable(options: TableOptions): Promise<boolean> {
  const { say, kinds = TABLE_KIND_NAMES } = options;
  return await printRows({
    kinds,
    columns: COLUMNS,
    say,
    row: (kind, directory) => row(kind, options, `${directory}/data`),
  });
}

async function row(
  kind: TableKind,
  { command, seed, ms, backMs, say }: TableOptions,
  data: string,
): Promise<boolean> {
  const args = ["--data", data, "--durable", "#d.>", "--drain-timeout", `${DRAIN_MS / 1000}s`];
  const broker = await Broker.start(command, args);
  try {
    const { subPort, pubPort } = broker;
    const world: World = {
      history: new History(),
      counters: new Counters(),
      subPort,
      pubPort,
      policy: "block",
    };
    const readers = await Promise.all(Array.from({ length: HONEST }, async (_, at) => {
      const reader = await Subscriber.connect(world, { v2: at % 2 === 0, name: `reader ${at}` });
      await reader.subscribe(`#q.${at}`);
      return reader;
    }));
    const probes = readers.map((_, at) =>
      probing(world, { v2: at % 2 === 0, topic: `#q.${at}`, everyMs: 20 })
    );
    const publishers = probes.map(({ publisher }) => publisher);
    await delay(2000);
    waitsOf(publishers);
    await delay(2000);
    const alone = timesOf(waitsOf(publishers));
    const base = broker.rss;
    broker.forgetPeak();
    const task = { kind, seed, subPort, pubPort, durable: true, bytes: BYTES };
    const report = await beHostile({ ...task, ms });
    const { sent, cut = "" } = report;
    const waited = kind === "reads steadily, but slowly" ? 0 : report.waited;
    const waits = waitsOf(publishers);
    const times = timesOf(waits);
    const own = timesOf(waits, ({ from, to }) => broker.starved.between(from, to)).p99;
    const peak = broker.peak;
    const back = await backTo(broker, base * 1.2, backMs);
    const again = broker.over ? undefined : beHostile({ ...task, ms: 3000 + DRAIN_MS });
    await delay(2000);
    for (const probe of probes) probe.stop();
    const ended = await broker.stop(DRAIN_MS + 15_000);
    await Promise.all(probes.map(({ done }) => done));
    await again;
    const figures = {
      sent,
      waited,
      kept: Math.max(0, peak - base),
      times,
      own,
      alone,
      back,
      ended: ended.ms,
    };
    const more = [
      broker.overgrown ? "killed at 3 GiB" : "",
      waited > MOST_WAIT_MS ? `its publisher hangs for ${waited.toFixed(0)} ms` : "",
      cut.includes(STEADY_CUT) ? STEADY_CUT : "",
    ].filter((what) => what !== "");
    say(`${line(kind, figures)}${more.length === 0 ? "" : ` ${more.join(", ")} |`}`);
    return !broker.overgrown && !cut.includes(STEADY_CUT) && within(figures);
  } finally {
    await broker.kill();
  }
}

interface Figures {
  readonly sent: number;
  readonly waited: number;
  readonly kept: number;
  readonly times: Times;
  /** One answer in a hundred takes so long of the broker's own time, milliseconds. */
  readonly own: number;
  readonly alone: Times;
  readonly back: number | undefined;
  readonly ended: number;
}

function line(kind: string, { sent, kept, times, own, alone, back, ended }: Figures): string {
  const ms = (value: number): string => value.toFixed(1);
  const cells = [
    kind,
    mib(sent),
    mib(kept),
    (kept / Math.max(1, sent)).toFixed(1),
    ms(times.p50),
    ms(times.p99),
    ms(times.worst),
    ms(own),
    ms(alone.p99),
    back === undefined ? "not yet" : `${(back / 1000).toFixed(0)} s`,
    ended.toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Small sums are the garbage collector's. */
const NOISE_BYTES = 64 * 1024 ** 2;

function within({ sent, waited, kept, own, back, ended }: Figures): boolean {
  if (waited > MOST_WAIT_MS) return false;
  return kept - NOISE_BYTES <= 4 * sent && own <= 20 && back !== undefined && ended <= DRAIN_MS + 1000;
}

/** How long it takes until no more than this is kept. */
async function backTo(broker: Broker, bytes: number, within: number): Promise<number | undefined> {
  const began = performance.now();
  while (performance.now() - began < within) {
    if (broker.rss <= bytes) return performance.now() - began;
    await delay(100);
  }
  return undefined;
}
