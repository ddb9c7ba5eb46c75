/**
 * Each hostile kind alone, without a pause, beside two honest publishers who wait for each answer, one of a topic
 * that is stored and one of a topic in memory: what they wait, beside what the disk takes by itself, and whether
 * the broker still ends.
 *
 * @module
 */
import { BESIDE_KIND_NAMES, type BesideKind } from "./beside_kinds.ts";
import { Broker } from "./broker.ts";
import { beHostile } from "./hostile_run.ts";
import { delay } from "./honest.ts";
import { Peer } from "./peer.ts";
import { type Times, timesOf, type Wait } from "./probe.ts";
import { printRows } from "./rows.ts";

export interface BesideOptions {
  readonly command: readonly string[];
  readonly seed: number;
  /** How long each kind stays. */
  readonly ms: number;
  readonly kinds?: readonly BesideKind[];
  readonly say: (line: string) => void;
}

/** One answer in a hundred may take so long, of the broker's own time. */
const P99_MS = 20;
const DRAIN_MS = 5000;
/** Between an answer and the next message, so that they come at any time: milliseconds. */
const REST_MS = 4;
const ALONE_MS = 1500;
/** What is written before each fsync: a small commit. */
const FSYNC_BYTES = 48 * 1024;
const FSYNC_MS = 500;

const WAITS = ["p50", "p99", "worst", "its own p99"];
const COLUMNS = [
  "published",
  "fsync p50",
  "p99",
  "alone p50",
  "p99",
  ...["stored", "in memory"].flatMap((what) => WAITS.map((wait, at) => at === 0 ? `${what} ${wait}` : wait)),
  "SIGTERM ms",
];

/** Prints a row a kind; whether all is within what is promised. */
export async function printBeside(options: BesideOptions): Promise<boolean> {
  const { say, kinds = BESIDE_KIND_NAMES } = options;
  return await printRows({
    kinds,
    columns: COLUMNS,
    say,
    row: (kind, directory) => row(kind, options, directory),
  });
}

async function row(
  kind: BesideKind,
  { command, seed, ms, say }: BesideOptions,
  directory: string,
): Promise<boolean> {
  const fsync = timesOf(await fsyncs(directory));
  const args = ["--data", `${directory}/data`, "--durable", "#d.>", "--drain-timeout", `${DRAIN_MS / 1000}s`];
  const broker = await Broker.start(command, args);
  try {
    const { subPort, pubPort } = broker;
    const stored = await Waiting.begin(pubPort, "#d.quiet");
    const memory = await Waiting.begin(pubPort, "#q.quiet");
    await delay(ALONE_MS / 2);
    stored.waits();
    await delay(ALONE_MS);
    const alone = timesOf(stored.waits());
    memory.waits();
    // it is at work still when the broker is told to end
    const task = { kind, seed, subPort, pubPort, durable: true, bytes: Infinity };
    const hostile = beHostile({ ...task, ms: ms + DRAIN_MS + 2000 });
    await delay(ms);
    const waits = [stored.waits(), memory.waits()] as const;
    const own = ({ from, to }: Wait): number => broker.starved.between(from, to);
    stored.stop();
    memory.stop();
    const ended = await broker.stop(DRAIN_MS + 15_000);
    await hostile;
    const [, published = "0"] = / published=(\d+)/.exec(broker.log) ?? [];
    const all = waits.map((each) => [timesOf(each), timesOf(each, own)] as const);
    const cells = [
      kind,
      published,
      ...[fsync, alone].flatMap(({ p50, p99 }) => [p50, p99].map(shown)),
      ...all.flatMap(([{ p50, p99, worst }, { p99: own }]) => [p50, p99, worst, own].map(shown)),
      ended.ms.toFixed(0) + (ended.code === 0 ? "" : ` (${ended.code})`),
    ];
    say(`| ${cells.join(" | ")} |`);
    const late = all.some(([, { p99 }]: readonly [Times, Times]) => p99 > P99_MS);
    return !late && !broker.overgrown && ended.ms <= DRAIN_MS;
  } finally {
    await broker.kill();
  }
}

/** A publisher with one message under way. */
class Waiting {
  readonly #peer: Peer;
  readonly #frame: string;
  #waits: Wait[] = [];
  #sent: number | undefined;
  #on = true;

  private constructor(peer: Peer, topic: string) {
    this.#peer = peer;
    this.#frame = `pub ${topic} 16\n0123456789abcdef\n`;
  }

  static async begin(port: number, topic: string): Promise<Waiting> {
    const waiting = new Waiting(await Peer.connect(port, { v2: true }), topic);
    void waiting.#go();
    return waiting;
  }

  /** What it has waited since it was asked before, what it still waits for as well. */
  waits(): Wait[] {
    const waits = this.#waits;
    this.#waits = [];
    if (this.#sent !== undefined) waits.push({ from: this.#sent, to: performance.now() });
    return waits;
  }

  stop(): void {
    this.#on = false;
  }

  async #go(): Promise<void> {
    while (this.#on && !this.#peer.closed) {
      const from = this.#sent = performance.now();
      const answer = await this.#peer.ask(this.#frame);
      this.#sent = undefined;
      if (answer === undefined) return;
      if (!answer.ok) throw new Error(`an honest publisher was refused: ${answer.line}`);
      this.#waits.push({ from, to: answer.at });
      await delay(REST_MS);
    }
  }
}

/** What the disk takes by itself for a small commit. */
async function fsyncs(directory: string): Promise<Wait[]> {
  const waits: Wait[] = [];
  const bytes = crypto.getRandomValues(new Uint8Array(FSYNC_BYTES));
  using file = await Deno.open(`${directory}/fsync`, { create: true, write: true });
  const until = performance.now() + FSYNC_MS;
  while (performance.now() < until) {
    await file.write(bytes);
    const from = performance.now();
    await file.syncData();
    waits.push({ from, to: performance.now() });
  }
  return waits;
}

function shown(ms: number): string {
  return ms.toFixed(1);
}
