/**
 * What the publisher does: its job turned into messages.
 *
 * @module
 */
import { RunError, UsageError } from "../../errors.ts";
import { runSources } from "../client/sources.ts";
import type { MqttHabits } from "../client/mqtt_habits.ts";
import type { Notices } from "../client/notices.ts";
import { type Output, OutputClosed } from "../output/output.ts";
import { doneInTime, unread, WAITING } from "../output/patience.ts";
import { Progress } from "../output/progress.ts";
import { pause } from "../process/pause.ts";
import { aborted, type Stop } from "../process/signals.ts";
import { readLineBatches } from "../process/stdin.ts";
import { Extent } from "./extent.ts";
import { type BadLine, jsonLines, keyedLines, type LineReader, plainLines } from "./inputs.ts";
import { checkPayload, type PublisherJob } from "./job.ts";
import type { PublisherOptions } from "./options.ts";
import type { PublisherPlan } from "./plan.ts";
import { Published } from "./published.ts";
import { Sender } from "./sender.ts";
import type { MessagePublisher, Refusals } from "./types.ts";

/** The progress of a job, shown where someone looks: on a terminal that `--json` does not fill. */
export function progressOf(
  job: PublisherJob,
  { options, plan }: { readonly options: PublisherOptions; readonly plan: PublisherPlan },
): Progress {
  const shown = Deno.stderr.isTerminal() && !options.quiet && !options.request &&
    !(options.json && Deno.stdout.isTerminal());
  const did = "published";
  if (job.kind === "message") return new Progress({ did, total: options.repeat * plan.topics.length, shown });
  if (job.kind !== "commands") return new Progress({ did, shown });
  const total = commandsIn(job);
  return new Progress({ did, total, shown: shown && total > 0 });
}

/** How many messages the commands of the file are. */
function commandsIn({ file }: Extract<PublisherJob, { kind: "commands" }>): number {
  const quit = file.findIndex(({ command }) => command.action.verb === "quit");
  return quit === -1 ? file.length : quit;
}

/** What a job needs around it. */
export interface PublisherContext {
  readonly publisher: MessagePublisher;
  readonly refusals: Refusals;
  readonly options: PublisherOptions;
  readonly plan: PublisherPlan;
  readonly job: PublisherJob;
  readonly notices: Notices;
  readonly habits: MqttHabits;
  readonly progress: Progress;
  /** For `--json`. */
  readonly out: Output;
}

/** One run of the publisher. */
export class PublisherRun {
  readonly #context: PublisherContext;
  readonly #sender: Sender;
  readonly #extent = new Extent();
  readonly #topics = new Published();
  /** Aborted before the connection is closed. */
  #closing: AbortSignal | undefined;
  /** Lines that are no command and no message. */
  #badLines = 0;

  constructor(context: PublisherContext) {
    this.#context = context;
    const { options, plan, job } = context;
    const canList = job.kind === "commands" && job.readStdin && Deno.stdin.isTerminal();
    this.#sender = new Sender({
      ...context,
      acknowledged: canList ? (topic) => this.#topics.count(topic) : undefined,
      json: options.json,
      verbose: options.verbose && !options.quiet,
      keepGoing: options["keep-going"],
      closing: () => this.#closing?.aborted ?? false,
      options: plan.message,
      stamp: options.stamp,
    });
    context.progress.watch(() => this.#sender.published);
  }

  /** Publishes everything; the exit code. Throws RunError at a refused message unless told to keep going. */
  async work(stop: Stop): Promise<number> {
    const { job } = this.#context;
    this.#closing = stop.signal;
    try {
      if (job.kind === "commands") await this.#runCommands(job, stop);
      else await this.#publishPayloads(job, stop);
    } catch (error) {
      // a reader that went away is a good end, but not of what is not published
      if (!(error instanceof OutputClosed) || this.#extent.isWhole) throw error;
      throw new RunError(`${this.#extent.text(undefined)}: nobody reads the output any more`);
    }
    return this.#code;
  }

  /** The exit code of a run that a signal ended: 1 where not all of its input was published. */
  codeWhenStopped(): number {
    return this.#extent.isWhole ? this.#code : 1;
  }

  /**
   * After the connection is closed: writes out what is printed, and says how far it came. Once it is to stop
   * it does not wait for ever for who reads that. Throws what `work` did not: that it could not be written.
   */
  async end(stop: Stop, { failed }: { readonly failed: boolean }): Promise<void> {
    const { notices, out, progress } = this.#context;
    const flushed = out.flush();
    const inTime = await doneInTime(flushed, {
      stopped: aborted(stop.signal),
      waiting: () => notices.notice(WAITING),
    });
    progress.end();
    const stopped = stop.signal.aborted;
    const { published, refused, summary, failure } = this.#sender;
    // else `work` has thrown it
    if (stopped && !failed && failure !== undefined) notices.failed(failure.message);
    if (stopped && !this.#extent.isWhole) {
      // what failed with the connection is counted as neither
      notices.failed(this.#extent.text(failed ? undefined : published + refused));
    }
    // what failed first is what is told
    if (failed) return;
    if (!inTime) throw unread();
    await flushed.catch((error) => {
      // who has gone away misses nothing, and the exit code says what became of the messages
      if (!(error instanceof OutputClosed)) throw error;
    });
    notices.detail(`${published} published, ${refused + this.#badLines} refused`);
    if (summary !== undefined) notices.detail(`they were acknowledged with ${summary}`);
  }

  get #code(): number {
    return this.#sender.left || this.#badLines > 0 ? 1 : 0;
  }

  /** Publishes as the commands say. */
  async #runCommands(job: Extract<PublisherJob, { kind: "commands" }>, stop: Stop): Promise<void> {
    const { options, plan, notices, habits, progress } = this.#context;
    const reads = job.readStdin && !options["no-input"];
    const sender = this.#sender;
    const extent = this.#extent;
    const { problems } = await runSources({
      role: "publisher",
      id: plan.connection.id,
      file: job.file,
      reads: { terminal: reads, pipe: reads },
      ahead: sender,
      execute: async (action) => {
        if (action.verb !== "pub" && action.verb !== "json") {
          throw new TypeError(`a publisher was handed ${action.verb}`);
        }
        this.#topics.know(action.topic);
        try {
          await sender.publish(action);
        } finally {
          extent.end();
        }
      },
      began: (source) => {
        if (source === "keyboard") return extent.end();
        const done = sender.published + sender.refused;
        extent.begin({ unit: "command", done, ...(source === "file" ? { total: commandsIn(job) } : {}) });
      },
      typed: ({ action }) => {
        if (action.verb !== "quit") extent.type();
      },
      ended: () => extent.end(),
      speed: options.speed,
      keepGoing: options["keep-going"],
      topics: () => this.#topics.topics(),
      list: () => this.#topics.list(),
      notices,
      habits,
      stop,
      prompting: () => progress.end(),
    });
    this.#badLines += problems;
  }

  /** Publishes to the topics of the command line, at the rate asked for. */
  async #publishPayloads(
    job: Exclude<PublisherJob, { kind: "commands" }>,
    { signal }: Stop,
  ): Promise<void> {
    const { options, plan } = this.#context;
    const isOne = job.kind === "message" && options.repeat === 1;
    this.#sender.tellsEach = isOne;
    this.#extent.begin({
      unit: "message",
      done: 0,
      ...(job.kind === "message" ? { total: options.repeat * plan.topics.length } : {}),
    });
    const { batches, read } = this.#input(job);
    const { topics } = plan;
    const copies = Math.max(1, topics.length);
    const sender = this.#sender;
    const pace = new Pace(options.rate);
    let number = 0;
    for await (const lines of sender.whileGood(batches)) {
      for (const line of lines) {
        const item = read(line, ++number);
        if (item === undefined) continue;
        if ("problem" in item) {
          await this.#badLine(item);
          continue;
        }
        for (let at = 0; at < copies; at++) {
          const early = pace.early();
          if (early > 0) await sender.orFailed(pause(early, signal));
          if (signal.aborted || sender.failure !== undefined) return sender.settle();
          sender.put(copies === 1 ? item : { ...item, topic: topics[at]! });
          const room = sender.room();
          if (room !== undefined) await room;
        }
      }
    }
    this.#extent.end();
    await this.#sender.settle();
  }

  /** What is read, and what a line of it says. */
  #input(
    job: Exclude<PublisherJob, { kind: "commands" }>,
  ): { readonly batches: AsyncIterable<readonly Uint8Array[]>; readonly read: LineReader } {
    const { options, plan, publisher, refusals } = this.#context;
    const terms = { topic: plan.topics.length === 1 ? plan.topics[0] ?? "" : "", options: plan.message };
    const { delimiter, "key-delimiter": key } = options;
    if (job.kind === "message") {
      // of a broker that is on trial the library knows later what can be said to it
      if (!refusals.onTrial) checkPayload(job, publisher.protocol);
      const message = { ...terms, payload: job.payload, place: "" };
      return { batches: repeated(job.payload, options.repeat), read: () => message };
    }
    const batches = readLineBatches(Deno.stdin, delimiter === undefined ? {} : { delimiter });
    if (job.kind === "json lines") {
      return { batches, read: jsonLines(terms, { hasTopics: plan.topics.length > 0 }) };
    }
    return { batches, read: key === undefined ? plainLines(terms) : keyedLines(key, terms) };
  }

  /** Tells a bad line in its turn; throws UsageError unless told to keep going. */
  async #badLine({ problem, place }: BadLine): Promise<void> {
    const text = `stdin:${place}: ${problem}`;
    if (!this.#context.options["keep-going"]) {
      await this.#sender.settle();
      throw new UsageError(text);
    }
    this.#badLines++;
    this.#context.notices.failed(text);
  }
}

async function* repeated(payload: Uint8Array, times: number): AsyncGenerator<readonly Uint8Array[]> {
  const batch: Uint8Array[] = Array(Math.min(times, REPEATED_AT_ONCE)).fill(payload);
  for (let left = times; left > 0; left -= batch.length) {
    yield left < batch.length ? batch.slice(0, left) : batch;
  }
}

const REPEATED_AT_ONCE = 1000;

/** `--rate`: each message is due at its time from the start, so it holds over time however late one is. */
class Pace {
  readonly #start = performance.now();
  readonly #rate: number | undefined;
  #count = 0;

  constructor(rate: number | undefined) {
    this.#rate = rate;
  }

  /** Milliseconds before the next message is due; not above 0: it is. Counts it. */
  early(): number {
    if (this.#rate === undefined) return -Infinity;
    return this.#start + this.#count++ * 1000 / this.#rate - performance.now();
  }
}
