/**
 * Commands that do what the test says, in the place of those that a worker would start, and messages whose broker is
 * the test.
 *
 * @module
 */
import type { Answers } from "../../../../lib/cli/subscriber/worker/answers.ts";
import type { Job, LeasedJob } from "../../../../lib/cli/subscriber/worker/job.ts";
import { Worker, type WorkerParts } from "../../../../lib/cli/subscriber/worker/worker.ts";
import { FakeTime } from "../../fake_time.ts";
import { message } from "../../output/collected.ts";
import { standIn } from "../../stand_in.ts";

type Piped = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** A command that runs. */
export interface FakeCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  print(text: string): void;
  /** It has ended, and all that it has started. */
  end(code: number, signal?: Deno.Signal): void;
}

/** How a worker is made here. */
export interface BenchOptions
  extends Partial<Pick<WorkerParts, "jobs" | "count" | "retryDelay" | "extendAfter">> {
  readonly answers?: Answers;
  /** Thrown in the place of starting a command, behind so many. */
  readonly unstartable?: Error;
  readonly startable?: number;
  /** What the broker answers to what is asked of it, by what that is: `hold`, `leave`, `ack 1`, `nack 1 1000`. */
  readonly broker?: (asked: string) => Promise<void>;
}

/** A worker, its commands, and its broker, in a time of their own. */
export class Bench implements AsyncIterable<Job>, Disposable {
  readonly time = new FakeTime();
  readonly commands: FakeCommand[] = [];
  /** How often one was to be started. */
  attempts = 0;
  /** What was asked of the broker, in order. */
  readonly log: string[] = [];
  readonly said: string[] = [];
  readonly printed: string[] = [];
  readonly worker: Worker;
  readonly working: Promise<void>;
  /** How the work ended. */
  ended: string | undefined;
  /** How often it was told that nobody takes messages any more. */
  returned = 0;
  readonly #stack = new DisposableStack();
  readonly #queue: Job[] = [];
  #closed = false;
  #came = Promise.withResolvers<void>();
  readonly #broker: (asked: string) => Promise<void>;

  constructor(
    { unstartable, startable = 0, broker = () => Promise.resolve(), ...options }: BenchOptions = {},
  ) {
    this.#broker = broker;
    const start = (name: string, given: Deno.CommandOptions): unknown => {
      if (this.attempts++ >= startable && unstartable !== undefined) throw unstartable;
      return this.#start(name, given);
    };
    class Command {
      constructor(readonly name: string, readonly given: Deno.CommandOptions) {}
      spawn(): unknown {
        return start(this.name, this.given);
      }
    }
    this.#stack.use(standIn(Deno, "Command", Command as unknown as typeof Deno.Command));
    this.#stack.use(standIn(Deno, "kill", (pid, signal) => {
      this.log.push(`${signal} ${pid}`);
      this.commands[-pid - 1]?.end(137, "SIGKILL");
    }));
    const say = (text: string): void => void this.said.push(text.replace(/\n$/, ""));
    this.worker = new Worker({
      command: ["do", "it"],
      jobs: 1,
      count: undefined,
      retryDelay: 1000,
      extendAfter: () => 60_000,
      ...options,
      membership: { hold: () => this.#ask("hold"), leave: () => this.#ask("leave") },
      onTaken: () => {},
      print: (line) => void this.printed.push(new TextDecoder().decode(line)),
      printed: () => {},
      notices: { failed: say, notice: say, detail: say, passOn: say },
    });
    this.working = this.worker.work(this);
    this.working.then(() => this.ended = "done", (error) => this.ended = `${error}`);
  }

  /** All that follows, and so much time. */
  async after(ms = 0): Promise<void> {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    if (ms === 0) return;
    this.time.pass(ms);
    await this.after();
  }

  /** Messages of a durable topic, with these numbers. */
  async leased(...seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) this.#give(this.lease(seq));
    await this.after();
  }

  /** Messages of a topic in memory. */
  async inMemory(...texts: readonly string[]): Promise<void> {
    for (const text of texts) this.#give({ ...message("#mem", text), group: "g" });
    await this.after();
  }

  /** A command ends. */
  async end(at: number, code = 0): Promise<void> {
    this.commands[at]!.end(code);
    await this.after();
  }

  /** As when the connection is closed: what had come is still given out. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#came.resolve();
    await this.after();
  }

  lease(seq: number, more: Partial<LeasedJob> = {}): LeasedJob {
    return {
      ...message("#jobs", `${seq}`),
      group: "g",
      seq,
      ackTimeout: undefined,
      maxAttempts: undefined,
      ack: () => this.#ask(`ack ${seq}`),
      nack: ({ delay, unused } = {}) =>
        this.#ask(
          [`nack ${seq}`, ...delay === undefined ? [] : [delay], ...unused ? ["unused"] : []].join(" "),
        ),
      extend: () => this.#ask(`extend ${seq}`),
      ...more,
    };
  }

  give(job: Job): Promise<void> {
    this.#give(job);
    return this.after();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Job, undefined> {
    try {
      for (;;) {
        const job = this.#queue.shift();
        if (job !== undefined) yield job;
        else if (this.#closed) return undefined;
        else {
          await this.#came.promise;
          this.#came = Promise.withResolvers();
        }
      }
    } finally {
      this.returned++;
    }
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.time[Symbol.dispose]();
  }

  #give(job: Job): void {
    this.#queue.push(job);
    this.#came.resolve();
  }

  #ask(what: string): Promise<void> {
    this.log.push(what);
    return this.#broker(what);
  }

  #start(name: string, { args = [], env = {} }: Deno.CommandOptions): unknown {
    const pipes: Piped[] = [];
    const stream = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ start: (controller: Piped) => void pipes.push(controller) });
    const [stdout, stderr] = [stream(), stream()];
    const ended = Promise.withResolvers<Deno.CommandStatus>();
    let over = false;
    this.commands.push({
      args: [name, ...args],
      env: env as Readonly<Record<string, string>>,
      print: (text) => pipes[0]!.enqueue(new TextEncoder().encode(text)),
      end: (code, signal) => {
        if (over) return;
        over = true;
        for (const pipe of pipes) pipe.close();
        ended.resolve({ code, success: code === 0, signal: signal ?? null });
      },
    });
    const pid = this.commands.length;
    return { pid, status: ended.promise, stdin: new WritableStream(), stdout, stderr };
  }
}
