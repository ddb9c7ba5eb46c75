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
import { type BadLine, jsonLines, keyedLines, plainLines, type Read, readMessages } from "./inputs.ts";
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
  const shown = Deno.stderr.isTerminal() && !options.quiet && !(options.json && Deno.stdout.isTerminal());
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
    const start = performance.now();
    let sent = 0;
    for await (const batch of this.#sender.whileGood(this.#batches(job))) {
      for (const item of batch) {
        if ("problem" in item) {
          await this.#badLine(item);
          continue;
        }
        const { topic, payload, options: message, place } = item;
        for (const each of plan.topics.length > 0 ? plan.topics : [topic ?? ""]) {
          // each is due at its time from the start, so the rate holds over time however late one message is
          if (options.rate !== undefined) {
            const early = start + sent * 1000 / options.rate - performance.now();
            if (early > 0) await this.#sender.orFailed(pause(early, signal));
          }
          if (signal.aborted || this.#sender.failure !== undefined) return await this.#sender.settle();
          this.#sender.put({ topic: each, payload, options: message, place });
          sent++;
          const room = this.#sender.room();
          if (room !== undefined) await room;
        }
      }
    }
    this.#extent.end();
    await this.#sender.settle();
  }

  #batches(
    job: Exclude<PublisherJob, { kind: "commands" }>,
  ): AsyncIterable<Iterable<Read | BadLine>> {
    const { options, plan, publisher, refusals } = this.#context;
    const { message } = plan;
    const { delimiter, "key-delimiter": key } = options;
    const lines = (): AsyncIterable<readonly Uint8Array[]> =>
      readLineBatches(Deno.stdin, delimiter === undefined ? {} : { delimiter });
    switch (job.kind) {
      case "lines":
        return readMessages(lines(), key === undefined ? plainLines(message) : keyedLines(key, message));
      case "json lines":
        return readMessages(lines(), jsonLines(message, { hasTopics: plan.topics.length > 0 }));
      case "message":
        // of a broker that is on trial the library knows later what can be said to it
        if (!refusals.onTrial) checkPayload(job, publisher.protocol);
        return repeated(
          { topic: undefined, payload: job.payload, options: message, place: "" },
          options.repeat,
        );
    }
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

async function* repeated(message: Read, times: number): AsyncGenerator<readonly Read[]> {
  const batch: Read[] = Array(Math.min(times, REPEATED_AT_ONCE)).fill(message);
  for (let left = times; left > 0; left -= batch.length) {
    yield left < batch.length ? batch.slice(0, left) : batch;
  }
}

const REPEATED_AT_ONCE = 1000;
