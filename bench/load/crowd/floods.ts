/**
 * Many who publish as fast as they are let, each to a topic of its own, and one newcomer after the other among them.
 *
 * @module
 */
import { type Dialect, DIALECTS } from "../dialects/mod.ts";
import { join } from "../dialects/types.ts";
import { type Job, type Outcome, payloadOf, topicOf } from "../job.ts";
import { percentile } from "../percentile.ts";
import { Poll, READABLE, WRITABLE } from "../sockets/poll.ts";
import { LATER, Socket } from "../sockets/socket.ts";
import { Meter } from "../usage.ts";
import { Newcomers } from "./newcomers.ts";
import { Tally, tallyOf } from "./tally.ts";

/** Bytes that a flood writes over and over. */
const BLOCK_BYTES = 64 * 1024;
/** How long one waits for news before one looks at the clock. */
const LOOK_MS = 20;
/** How long a newcomer may take. */
const NEWCOMER_PATIENCE_MS = 30_000;

/** Runs a `floods` job. Who is cut is counted, and does not come back. */
export async function floods(job: Job): Promise<Outcome> {
  const crowd = new Floods(job);
  await using newcomers = await Newcomers.ready(job);
  try {
    crowd.run({ untilMs: performance.now() + job.warmSeconds * 1000 });
    crowd.count();
    newcomers.begin();
    const meter = new Meter(job.pid);
    const start = performance.now();
    crowd.run({ untilMs: start + job.seconds * (job.shape.lasts ?? 1) * 1000 });
    const seconds = (performance.now() - start) / 1000;
    const usage = meter.read();
    const taken = crowd.count();
    // who has come is still among floods until it is served
    newcomers.end();
    crowd.run({ untilMs: performance.now() + NEWCOMER_PATIENCE_MS, orUntil: () => !newcomers.underWay });
    const { took, unserved, why } = await newcomers.all();
    const { cut } = crowd;
    const said = crowd.problem ?? why;
    const messages = taken.reduce((sum, count) => sum + count, 0);
    const mean = messages / taken.length;
    return {
      kind: "floods",
      messages,
      seconds,
      rate: messages / seconds,
      slowest: mean === 0 ? 0 : Math.min(...taken) / mean,
      cut,
      newcomers: took.length,
      unserved,
      p50: percentile(took, 0.5),
      p99: percentile(took, 0.99),
      most: percentile(took, 1),
      ...(said === null ? {} : { said }),
      ...usage,
    };
  } finally {
    crowd.close();
  }
}

/** One who floods. */
interface Flood {
  readonly socket: Socket;
  readonly block: Uint8Array<ArrayBuffer>;
  readonly tally: Tally;
  /** Messages that an answer stands for. */
  readonly worth: number;
  /** Where in the block it is. */
  at: number;
  /** Answered when it was last counted. */
  before: number;
  open: boolean;
}

class Floods {
  readonly #job: Job;
  readonly #floods: Flood[] = [];
  readonly #poll = new Poll();
  #problem: string | null = null;
  #cut = 0;

  constructor(job: Job) {
    this.#job = job;
    try {
      for (let at = 0; at < job.shape.publishers; at++) this.#join(at);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Why the first of those left who are no longer there, or `null`. */
  get problem(): string | null {
    return this.#problem;
  }

  /** How many the broker has closed. */
  get cut(): number {
    return this.#cut;
  }

  /** What of each was answered since the last call. */
  count(): readonly number[] {
    return this.#floods.map((flood) => {
      const answered = flood.tally.messages * flood.worth;
      const since = answered - flood.before;
      flood.before = answered;
      return since;
    });
  }

  /** Floods until that time, by `performance.now()`, or until something is so. */
  run({ untilMs, orUntil }: { readonly untilMs: number; readonly orUntil?: () => boolean }): void {
    while (performance.now() < untilMs && orUntil?.() !== true) {
      const count = this.#poll.wait(LOOK_MS);
      for (let at = 0; at < count; at++) this.#serve(this.#poll.number(at), this.#poll.events(at));
    }
  }

  close(): void {
    for (const { socket } of this.#floods) socket.close();
    this.#poll.close();
  }

  #join(at: number): void {
    const { shape, dialect: name, host, publisherPort, patienceSeconds } = this.#job;
    const dialect: Dialect = DIALECTS[name];
    const frame = dialect.publish(topicOf(at, shape.topics), payloadOf(shape.size), at);
    const frames = Math.max(1, Math.floor(BLOCK_BYTES / frame.length));
    const { barrier } = dialect;
    const answered = tallyOf(dialect, { publisher: at, subscribers: 0 });
    // where publishes are not answered, each block ends with a question that is
    if (answered === null && barrier === null) throw new Error(`nothing is answered in ${name}`);
    const asked = answered === null ? barrier : null;
    const tally = answered ??
      new Tally({ kind: "each", bytes: asked?.until ?? new Uint8Array(0) }, dialect.interjection);
    const socket = Socket.open({ host, port: publisherPort }, dialect.publisherHello(at), patienceSeconds);
    this.#floods.push({
      socket,
      block: join(...Array.from({ length: frames }, () => frame), ...(asked === null ? [] : [asked.send])),
      tally,
      worth: asked === null ? 1 : frames,
      at: 0,
      before: 0,
      open: true,
    });
    this.#poll.add(socket, at, READABLE | WRITABLE);
  }

  #serve(number: number, events: number): void {
    const flood = this.#floods[number]!;
    if (!flood.open) return;
    try {
      // an error shows when it is read
      if ((events & ~WRITABLE) !== 0 && flood.tally.read(flood.socket) === 0) {
        return this.#leave(flood, "the broker closed the connection");
      }
      if ((events & WRITABLE) === 0) return;
      const written = flood.socket.write(flood.block.subarray(flood.at));
      if (written !== LATER) flood.at = (flood.at + written) % flood.block.length;
    } catch (error) {
      this.#leave(flood, error instanceof Error ? error.message : String(error));
    }
  }

  #leave(flood: Flood, why: string): void {
    this.#problem ??= why;
    this.#cut++;
    flood.open = false;
    this.#poll.remove(flood.socket);
  }
}
