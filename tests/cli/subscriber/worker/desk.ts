/**
 * A worker with real commands, and messages that no broker has sent.
 *
 * @module
 */
import { RefusedError } from "../../../../lib/errors.ts";
import type { Job, LeasedJob } from "../../../../lib/cli/subscriber/worker/job.ts";
import { Worker, type WorkerParts } from "../../../../lib/cli/subscriber/worker/worker.ts";
import { until } from "../../../support/until.ts";
import { within } from "../../../support/within.ts";
import { message } from "../../output/collected.ts";

const decoder = new TextDecoder();

/** How a worker is made here. */
export type DeskOptions = Partial<Pick<WorkerParts, "jobs" | "count" | "retryDelay" | "extendAfter">> & {
  /** As the broker tells it. */
  readonly maxAttempts?: number;
};

/** What happened, in order: `ack 1`, `nack 2 1000`, `hold`, `leave`. */
export class Desk implements AsyncIterable<Job> {
  readonly log: string[] = [];
  /** Lines of stdout, and what was said. */
  readonly out: string[] = [];
  readonly said: string[] = [];
  /** Numbers of messages that the broker has given to another. */
  readonly expired = new Set<number>();
  readonly worker: Worker;
  readonly working: Promise<void>;
  #queue: Job[] = [];
  #closed = false;
  #came = Promise.withResolvers<void>();

  readonly #maxAttempts: number | undefined;

  constructor(script: string, { maxAttempts, ...options }: DeskOptions = {}) {
    this.#maxAttempts = maxAttempts;
    const say = (text: string): void => void this.said.push(text.replace(/\n$/, ""));
    this.worker = new Worker({
      command: script.startsWith("/") ? [script] : ["sh", "-c", script],
      jobs: 1,
      count: undefined,
      retryDelay: 1000,
      extendAfter: () => 60_000,
      ...options,
      membership: {
        hold: () => this.#log("hold"),
        leave: () => this.#log("leave"),
      },
      onTaken: () => {},
      print: (line) => void this.out.push(decoder.decode(line).replace(/\n$/, "")),
      printed: () => {},
      notices: { failed: say, notice: say, detail: () => {}, passOn: say },
    });
    this.working = this.worker.work(this);
    this.working.catch(() => {});
  }

  /** Messages of a durable topic come, numbered from `seq` on. */
  leased(seq: number, payloads: readonly string[], attempt = 1): void {
    payloads.forEach((text, at) => this.give(this.#lease(seq + at, { text, attempt })));
  }

  /** A message of a topic in memory comes. */
  give(job: Job): void {
    this.#queue.push(job);
    this.#came.resolve();
  }

  /** As when the connection is closed: what had come is still given out. */
  close(): void {
    this.#closed = true;
    this.#came.resolve();
  }

  /** Leaves, closes, and waits for the end of everything. */
  async stop(): Promise<void> {
    await this.leave();
    this.close();
    await this.over();
  }

  /** The worker has left. */
  async leave(): Promise<void> {
    await within("the end of what is being worked on", this.worker.leave());
  }

  /** Nothing runs any more. */
  async idle(): Promise<void> {
    await within("the end of what runs", this.worker.idle());
  }

  /** The worker has come to its end. */
  async over(): Promise<void> {
    await within("the end of the worker", this.working);
  }

  /** Waits until something has been logged, or printed. */
  async see(text: string): Promise<void> {
    const all = (): string[] => [...this.log, ...this.out, ...this.said];
    await until(() => `"${text}" (${JSON.stringify(all())} came)`, () => all().includes(text));
  }

  /** Waits until so many commands run. */
  async running(count: number): Promise<void> {
    await until(() => `${count} commands that run`, () => this.worker.running >= count);
  }

  /** Waits until so many lines were printed. */
  async printed(count: number): Promise<void> {
    await until(() => `${count} lines (${this.out.length} came)`, () => this.out.length >= count);
  }

  /** Waits until so much was asked of the broker. */
  async logged(count: number): Promise<void> {
    await until(() => `${count} requests (${this.log.length} came)`, () => this.log.length >= count);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Job, undefined> {
    for (;;) {
      const job = this.#queue.shift();
      if (job !== undefined) yield job;
      else if (this.#closed) return undefined;
      else {
        await this.#came.promise;
        this.#came = Promise.withResolvers();
      }
    }
  }

  #lease(seq: number, { text, attempt }: { readonly text: string; readonly attempt: number }): LeasedJob {
    return {
      ...message("#jobs", text),
      group: "g",
      seq,
      attempt,
      ackTimeout: undefined,
      maxAttempts: this.#maxAttempts,
      ack: () => this.#held(seq, `ack ${seq}`),
      nack: ({ delay } = {}) => this.#held(seq, `nack ${seq}${delay === undefined ? "" : ` ${delay}`}`),
      extend: () => this.#held(seq, `extend ${seq}`),
    };
  }

  #held(seq: number, done: string): Promise<void> {
    if (!this.expired.has(seq)) return this.#log(done);
    return Promise.reject(new RefusedError("NOT_HELD" as RefusedError["code"], `${done}: not held`));
  }

  #log(done: string): Promise<void> {
    this.log.push(done);
    return Promise.resolve();
  }
}
