/**
 * What the subscriber does: subscribes as it is told and
 * prints what arrives, until enough has come or it is stopped.
 *
 * @module
 */
import type { SlowPolicy } from "../../slow_policy.ts";
import { matches } from "../../topics/topic.ts";
import type { PlacedCommand } from "../commands/command_file.ts";
import { readCommandFile, runSession } from "../commands/sources.ts";
import { openToWrite } from "../process/files.ts";
import type { SubFields } from "../commands/grammar.ts";
import { createPrinter } from "../output/format.ts";
import type { Arrived } from "../output/message.ts";
import type { Notices } from "../client/notices.ts";
import { Output, type OutputTarget } from "../output/output.ts";
import type { Position, Start } from "../options/position.ts";
import { Pace, type Replays } from "./replays.ts";
import { pause } from "../process/pause.ts";
import type { Prompt } from "../commands/prompt.ts";
import { Recorder } from "./recorder.ts";
import type { Stop } from "../process/signals.ts";
import type { SubscriberOptions, SubscriberPlan } from "./options.ts";

/** Where messages come from. The library's Subscriber is one. */
export interface MessageSubscriber extends AsyncIterable<Arrived> {
  /** Resolves when acknowledged; rejects with RefusedError when the broker said no. */
  subscribe(
    pattern: string,
    options?: { readonly slow?: SlowPolicy; readonly from?: Start; readonly to?: Position },
  ): Promise<unknown>;
  unsubscribe(pattern: string): Promise<void>;
  readonly patterns: ReadonlySet<string>;
  /** The iteration then ends after what has arrived. */
  close(): Promise<void>;
}

/** The exit code when the time of `-W` ran out. */
const TIME_IS_OVER = 27;
/** Topics remembered for Tab, and for which patterns are left out. */
const TOPICS_KEPT = 10_000;

/** What is read and opened before a broker is there. */
export interface SubscriberJob {
  readonly file: readonly PlacedCommand[];
  readonly record: Deno.FsFile | undefined;
}

/** Reads the command file, opens the recording. Throws UsageError. */
export async function prepareSubscriber(options: SubscriberOptions): Promise<SubscriberJob> {
  const file = await readCommandFile(options.file, "subscriber");
  const record = options.record === undefined
    ? undefined
    : await openToWrite(options.record, "the recording");
  return { file, record };
}

/** What a run needs around it. */
export interface SubscriberContext {
  readonly subscriber: MessageSubscriber;
  readonly options: SubscriberOptions;
  readonly plan: SubscriberPlan;
  readonly job: SubscriberJob;
  /** Gives the exit code when the time is over; {@link timeOver}. */
  readonly timeOver: Promise<number>;
  readonly notices: Notices;
  /** Told by the subscriber's events. */
  readonly replays: Replays;
}

/** Gives the exit code of `-W` when its time, from the start of the process, is over; never without it. */
export async function timeOver({ wait }: SubscriberOptions, { signal }: Stop): Promise<number> {
  const over = wait !== undefined && await pause(wait - performance.now(), signal);
  return over ? TIME_IS_OVER : await new Promise<never>(() => {});
}

/** One run of the subscriber. */
export class SubscriberRun {
  readonly #context: SubscriberContext;
  readonly #screen = new Screen();
  readonly #out = new Output(this.#screen);
  readonly #recording: { readonly out: Output; readonly recorder: Recorder } | undefined;
  readonly #known = new Set<string>();
  readonly #printing: Promise<void>;
  /** Aborted when no pause is worth keeping any more. */
  readonly #leaving = new AbortController();
  #printed = 0;

  constructor(context: SubscriberContext) {
    this.#context = context;
    const { record } = context.job;
    if (record !== undefined) {
      const out = new Output(record);
      const recorder = new Recorder(out, () => {
        context.notices.failed(
          "a message that no command line can hold (a line break, not UTF-8) is not recorded",
        );
      });
      this.#recording = { out, recorder };
    }
    // reading begins before subscribing does: replies come in one stream with messages
    this.#printing = this.#print();
    // told by the race in `work`
    this.#printing.catch(() => {});
  }

  /** Subscribes and runs commands, until something ends it: the exit code. */
  async work(stop: Stop): Promise<number> {
    const ends = [
      this.#printing.then(() => 0),
      this.#commands(stop),
      this.#out.failed,
      this.#context.timeOver,
    ];
    if (this.#context.plan.endsWithReplay) ends.push(this.#context.replays.over.then(() => 0));
    if (this.#recording !== undefined) ends.push(this.#recording.out.failed);
    return await Promise.race(ends);
  }

  /** After the connection is closed: prints what had arrived, and writes everything out. */
  async drain(): Promise<void> {
    this.#leaving.abort();
    // why printing ended before its time, if it did, `work` has told
    await Promise.allSettled([this.#printing]);
    await this.#out.flush();
    const { notices, job } = this.#context;
    notices.detail(`${this.#printed} received`);
    if (this.#recording === undefined) return;
    await this.#recording.out.flush();
    job.record?.close();
    const { skipped } = this.#recording.recorder;
    if (skipped > 0) notices.failed(`${skipped} messages are not in the recording`);
  }

  async #print(): Promise<void> {
    const { subscriber, options, plan, replays } = this.#context;
    const pace = options.speed === undefined || options.speed === 0 ? undefined : new Pace(options.speed);
    const terminal = Deno.stdout.isTerminal();
    const print = createPrinter({
      format: options.format,
      json: options.json,
      noNewline: options["no-newline"],
      terminal,
    });
    const isLeftOut = filter(options["filter-out"]);
    const recording = this.#recording;
    for await (const message of subscriber) {
      if (plan.endsWithReplay && replays.ended) return;
      if (isLeftOut(message.topic)) continue;
      const { time } = message;
      if (pace !== undefined && replays.replaying && time !== undefined) {
        if (pace.wait(time.getTime(), performance.now()) > 0) await this.#out.flush();
        if (!await pace.keep(time.getTime(), this.#leaving.signal)) return;
      }
      print(message, this.#out);
      recording?.recorder.record(
        message,
        time?.getTime() ?? performance.timeOrigin + performance.now(),
      );
      this.#remember(message.topic);
      if (++this.#printed === options.count) return;
      if (this.#out.full) await this.#out.flush();
      if (recording?.out.full) await recording.out.flush();
    }
  }

  async #commands(stop: Stop): Promise<number> {
    const { subscriber, options, plan, job, notices } = this.#context;
    for (const pattern of options.topic) {
      await this.#subscribe(pattern);
      notices.detail(`subscribed to ${pattern}`);
    }
    const { end } = await runSession({
      role: "subscriber",
      id: plan.connection.id,
      file: job.file,
      reads: options.file === "-" ? { terminal: false, pipe: false } : plan.reads,
      execute: (action) => {
        switch (action.verb) {
          case "sub":
            this.#remember(action.pattern);
            return this.#subscribe(action.pattern, action);
          case "unsub":
            this.#context.replays.drop(action.pattern);
            return subscriber.unsubscribe(action.pattern);
          case "pub":
            throw new TypeError("a subscriber was handed pub");
        }
      },
      speed: options.speed ?? 1,
      keepGoing: false,
      topics: () => new Set([...subscriber.patterns, ...this.#known]),
      notices,
      stop,
      prompting: (prompt) => this.#screen.prompt = prompt,
    });
    this.#context.replays.complete();
    // at the end of a file or a pipe it stays until it is stopped
    return end !== "end" || options["exit-subscribed"] ? 0 : await new Promise<never>(() => {});
  }

  /** `own`: what a command says, which wins over the command line. */
  async #subscribe(pattern: string, own: SubFields = {}): Promise<void> {
    const { subscriber, options, plan: { replay }, replays } = this.#context;
    const to = own.to ?? replay?.to;
    const from = own.from ?? replay?.from ?? (to === undefined ? undefined : "earliest");
    const slow = own.slow ?? options.slow;
    const isReplay = from !== undefined && from !== "now";
    if (isReplay) replays.add(pattern);
    try {
      await subscriber.subscribe(pattern, {
        ...(isReplay ? { from } : {}),
        ...(isReplay && to !== undefined ? { to } : {}),
        ...(slow === undefined ? {} : { slow }),
      });
    } catch (error) {
      replays.drop(pattern);
      throw error;
    }
  }

  #remember(topic: string): void {
    if (this.#known.size < TOPICS_KEPT) this.#known.add(topic);
  }
}

/** Stdout, or the prompt on it while there is one. */
class Screen implements OutputTarget {
  prompt: Prompt | undefined;

  write(bytes: Uint8Array): Promise<number> {
    if (this.prompt !== undefined && Deno.stdout.isTerminal()) return this.prompt.write(bytes);
    return Deno.stdout.write(bytes);
  }
}

/** Whether a topic is one of those to leave out; asked for every message, so it remembers. */
function filter(patterns: readonly string[]): (topic: string) => boolean {
  if (patterns.length === 0) return () => false;
  const known = new Map<string, boolean>();
  return (topic) => {
    const before = known.get(topic);
    if (before !== undefined) return before;
    const found = patterns.some((pattern) => matches(pattern, topic));
    if (known.size >= TOPICS_KEPT) known.clear();
    known.set(topic, found);
    return found;
  };
}
