/**
 * Runs the shapes: peers in turns, one generator process a run.
 *
 * @module
 */
import { benchCertificate } from "./certificate.ts";
import type { Place } from "./durable/place.ts";
import { Program } from "../scripts/program.ts";
import type { Job, Outcome } from "./load/job.ts";
import { median } from "./load/percentile.ts";
import type { BenchOptions } from "./options.ts";
import type { Peer } from "./peers.ts";
import { PEAK_SHAPE, type Shape } from "./shapes.ts";
import type { Running } from "./start.ts";

/** Nothing received for so long ends a run. */
const PATIENCE_SECONDS = 5;
/** A run of a slow peer may take so much longer than it publishes. */
const DRAIN_SECONDS = 30;
const GENERATOR = `${import.meta.dirname}/load/main.ts`;
const CONFIG = `${import.meta.dirname}/../deno.json`;

/** Starts of a broker in a round of the shape `startup`. */
const STARTS = 5;
const LEAVES_MUCH: ReadonlySet<Outcome["kind"]> = new Set(["failed", "idle", "scale", "floods"]);

/** What one peer showed in one shape, a figure a round. Empty where the shape is not run on it. */
export interface Cell {
  readonly shape: string;
  readonly peer: string;
  readonly outcomes: readonly Outcome[];
}

/** Runs one shape on all peers, round after round, and hands over a cell for each. */
export async function runShape(
  shape: Shape,
  peers: readonly Peer[],
  { options, earlier, progress, place }: {
    readonly options: BenchOptions;
    /** Cells of shapes that were run before this one. */
    readonly earlier: readonly Cell[];
    readonly progress: (text: string) => void;
    /** Where stores are made. */
    readonly place?: Place;
  },
): Promise<Cell[]> {
  await using brokers = new Brokers();
  const outcomes = new Map<Peer, Outcome[]>();
  for (const peer of peers) outcomes.set(peer, []);
  const rounds = Math.min(options.rounds, shape.roundsMost ?? Infinity);
  for (let round = 1; round <= rounds; round++) {
    for (const peer of peers) {
      if (!peer.runs(shape)) continue;
      progress(`${shape.title}: ${peer.name}, round ${round} of ${rounds}`);
      const outcome = await once(shape, peer, { options, earlier, brokers, place });
      outcomes.get(peer)?.push(outcome);
      // what a failed run, or one that counts memory, leaves behind is not the next one's burden
      if (LEAVES_MUCH.has(outcome.kind)) await brokers.stop(peer);
    }
  }
  return peers.map((peer) => ({ shape: shape.name, peer: peer.name, outcomes: outcomes.get(peer) ?? [] }));
}

async function once(
  shape: Shape,
  peer: Peer,
  { options, earlier, brokers, place }: {
    readonly place: Place | undefined;
    readonly options: BenchOptions;
    readonly earlier: readonly Cell[];
    readonly brokers: Brokers;
  },
): Promise<Outcome> {
  const rate = rateOf(shape, peer, earlier);
  if (rate === null) return { kind: "failed", problem: `its peak (shape ${PEAK_SHAPE}) is not known` };
  try {
    if (shape.mode === "startup") return await startup(peer, shape);
    const broker = await brokers.start(peer, shape);
    await place?.settle();
    return await generate({
      dialect: peer.dialect(shape),
      host: "127.0.0.1",
      publisherPort: broker.publisherPort,
      subscriberPort: broker.subscriberPort,
      pid: broker.pid,
      shape,
      seconds: options.seconds,
      warmSeconds: options.warmSeconds,
      patienceSeconds: PATIENCE_SECONDS,
      mostSeconds: options.seconds * (shape.lasts ?? 1) + DRAIN_SECONDS,
      ...(rate === undefined ? {} : { rate }),
      ...(shape.tls === undefined ? {} : { ca: (await benchCertificate()).pem }),
      ...(place === undefined ? {} : { disk: place.device }),
    });
  } catch (error) {
    return { kind: "failed", problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Starts the broker and ends it, over and over. */
async function startup(peer: Peer, shape: Shape): Promise<Outcome> {
  const took: number[] = [];
  for (let at = 0; at < STARTS; at++) {
    const start = performance.now();
    await using _broker = await peer.start(shape);
    took.push(performance.now() - start);
  }
  return { kind: "startup", starts: STARTS, milliseconds: median(took) };
}

/** Messages a second for an `open` shape, undefined for the others, `null` where the peak it is part of is missing. */
function rateOf(shape: Shape, peer: Peer, earlier: readonly Cell[]): number | undefined | null {
  if (shape.rate === undefined) return undefined;
  if ("perSecond" in shape.rate) return shape.rate.perSecond;
  const peak = earlier.find((cell) => cell.shape === PEAK_SHAPE && cell.peer === peer.name);
  const rates = peak?.outcomes.flatMap((outcome) => outcome.kind === "flow" ? [outcome.rate] : []) ?? [];
  return rates.length === 0 ? null : median(rates) * shape.rate.ofPeak;
}

/** What one process of the generator found. */
export async function generate(job: Job): Promise<Outcome> {
  const most = (job.warmSeconds + job.seconds) * 2 + job.mostSeconds * 2;
  const command = [Deno.execPath(), "run", "-A", "--config", CONFIG, GENERATOR, JSON.stringify(job)];
  await using generator = Program.start(command);
  const timer = setTimeout(() => generator.stop("SIGKILL"), most * 1000);
  try {
    const status = await generator.ended;
    const said = generator.lines.find((line) => line.startsWith('{"kind"'));
    if (said !== undefined) return JSON.parse(said) as Outcome;
    const why = status.signal === "SIGKILL" ? `not done after ${most} s` : generator.lines[0];
    return { kind: "failed", problem: `the generator ended with ${status.code}: ${why}` };
  } finally {
    clearTimeout(timer);
  }
}

/** The brokers of one shape: each started when first asked for, all ended together. */
class Brokers implements AsyncDisposable {
  readonly #running = new Map<Peer, Running>();

  async start(peer: Peer, shape: Shape): Promise<Running> {
    const present = this.#running.get(peer);
    if (present !== undefined) return present;
    const started = await peer.start(shape);
    this.#running.set(peer, started);
    return started;
  }

  async stop(peer: Peer): Promise<void> {
    const present = this.#running.get(peer);
    this.#running.delete(peer);
    await present?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of [...this.#running.keys()]) await this.stop(peer);
  }
}
