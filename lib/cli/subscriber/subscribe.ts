/**
 * What the subscriber does: subscribes as it is told and
 * prints what arrives, until enough has come or it is stopped.
 *
 * @module
 */
import { RefusedError, RunError, UsageError } from "../../errors.ts";
import type { SlowPolicy } from "../../slow_policy.ts";
import { countOf, quote } from "../../text.ts";
import type { PlacedCommand } from "../commands/command_file.ts";
import { readCommandFile, runSources } from "../client/sources.ts";
import type { Closable } from "../client/run.ts";
import { checkExecutable } from "../process/executable.ts";
import { openToWrite } from "../process/files.ts";
import { wallClock } from "../process/wall_clock.ts";
import type { SubFields } from "../commands/grammar.ts";
import { createPrinter, type Printer } from "../output/format.ts";
import type { Arrived } from "../messages/message.ts";
import type { MqttHabits } from "../client/mqtt_habits.ts";
import type { Notices } from "../client/notices.ts";
import { Output, OutputClosed } from "../output/output.ts";
import { doneInTime, unread, WAITING } from "../output/patience.ts";
import { nothingStored, type Position, type Start, withSecondsHint } from "../options/position.ts";
import { Acknowledging, closedBehindPrinted } from "./acknowledging.ts";
import { groupProblem } from "./group_terms.ts";
import { leftOut } from "./left_out.ts";
import { Pace, type Replays } from "./replays.ts";
import { pause } from "../process/pause.ts";
import { Recorder } from "./recorder.ts";
import { Reporter } from "./stats/reporter.ts";
import { Stdout } from "./stdout.ts";
import { aborted, type Stop } from "../process/signals.ts";
import { Stats } from "./stats/stats.ts";
import { ToldPositions } from "./told_positions.ts";
import { Subscribed } from "./subscribed.ts";
import { TIME_IS_OVER } from "../client/exit_codes.ts";
import type { Responding } from "./worker/answers.ts";
import { closedBehind } from "./worker/closing.ts";
import type { Worker } from "./worker/worker.ts";
import { windowOf, workerOf } from "./worker/start.ts";
import type { SubscriberOptions, SubscriberPlan } from "./options.ts";

/** Where messages come from. The library's Subscriber is one. */
export interface MessageSubscriber extends AsyncIterable<Arrived> {
  /** Resolves when acknowledged; rejects with RefusedError when the broker said no. */
  subscribe(
    pattern: string,
    options?: {
      readonly slow?: SlowPolicy;
      readonly from?: Start;
      readonly to?: Position;
      readonly group?: string;
      readonly window?: number;
      readonly ack?: "auto" | "explicit";
      readonly by?: "key";
    },
  ): Promise<unknown>;
  unsubscribe(pattern: string, options?: { readonly group?: string }): Promise<void>;
}

/** The header that says when a message was sent. */
const LATENCY_HEADER = "sent";
const NOTHING = new Uint8Array();

/** What is read and opened before a broker is there. */
export interface SubscriberJob {
  readonly file: readonly PlacedCommand[];
  readonly record: Deno.FsFile | undefined;
}

/** Reads the command file, opens the recording. Throws UsageError. */
export async function prepareSubscriber(options: SubscriberOptions): Promise<SubscriberJob> {
  const file = await readCommandFile(options.file, "subscriber");
  for (const { command: { action }, place } of file) {
    const problem = action.verb === "sub" ? groupProblem(action, options) : undefined;
    if (problem !== undefined) throw new UsageError(`${place}: ${problem}`);
  }
  if (options.command !== undefined) checkExecutable(options.command[0] ?? "");
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
  /** With `--reply`: where answers go. */
  readonly answers?: Responding | undefined;
  readonly notices: Notices;
  readonly habits: MqttHabits;
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
  readonly #stdout = new Stdout();
  readonly #out = new Output(this.#stdout);
  readonly #recording: { readonly out: Output; readonly recorder: Recorder } | undefined;
  readonly #stats: Stats | undefined;
  readonly #reporter: Reporter | undefined;
  readonly #subscribed = new Subscribed();
  readonly #told: ToldPositions;
  /** Has the messages in the place of who reads stdout. */
  readonly #worker: Worker | undefined;
  readonly #acknowledging: Acknowledging;
  readonly #printing: Promise<void>;
  /** Aborted when no pause is worth keeping any more. */
  readonly #leaving = new AbortController();
  /** All of the command line is subscribed. */
  #began = false;
  #complete = false;
  #printed = 0;
  /** What it was stopped before; told when it is known how many came. */
  #stoppedBefore: string | undefined;

  constructor(context: SubscriberContext) {
    this.#context = context;
    const { options, notices, replays, job } = context;
    this.#told = new ToldPositions((text) => notices.notice(text));
    if (job.record !== undefined) {
      const out = new Output(job.record, `the recording ${quote(`${options.record}`, 200)}`);
      this.#recording = { out, recorder: new Recorder(out) };
    }
    if (options.stats) {
      const header = options["latency-header"] ?? LATENCY_HEADER;
      this.#stats = new Stats({
        header,
        clock: { now: () => performance.now(), wall: wallClock },
        missed: () => replays.missed,
        doubt: (problem) => notices.notice(`the header ${quote(header)} of a message ${problem}`),
      });
      this.#reporter = new Reporter(this.#stats, { out: this.#out, json: options.json });
    }
    const { count } = options;
    this.#acknowledging = new Acknowledging({
      // the last ones with the end, so that no others are sent in their place
      early: count === undefined ? undefined : count - (windowOf(options) ?? count),
      written: () => Promise.all([this.#out.flush(), this.#recording?.out.flush()]),
      notices,
    });
    // reading begins before subscribing does: replies come in one stream with messages
    this.#worker = workerOf(options, { ...context, subscribed: this.#subscribed, out: this.#out });
    this.#printing = this.#worker?.work(context.subscriber) ?? this.#print();
    // told by the race in `work`
    this.#printing.catch(() => {});
  }

  /** Subscribes and runs commands, until something ends it: the exit code. */
  work(stop: Stop): Promise<number> {
    const ends = [
      this.#printing.then(() => 0),
      this.#commands(stop),
      this.#out.failed,
      this.#context.timeOver,
    ];
    if (this.#context.plan.endsWithReplay) ends.push(this.#context.replays.over.then(() => 0));
    if (this.#recording !== undefined) ends.push(this.#recording.out.failed);
    return Promise.race(ends);
  }

  /** What is closed when it ends: the connection, behind what still runs. */
  closable(client: Closable, stop: Stop): Closable {
    const worker = this.#worker;
    if (worker === undefined) return closedBehindPrinted(this.#acknowledging, client);
    return closedBehind({ worker, client, working: this.#printing, stop, notices: this.#context.notices });
  }

  /** How many messages came. */
  get #came(): number {
    return this.#worker?.taken ?? this.#printed;
  }

  /**
   * The exit code when a signal ended the work: 1 where it waited for more (`-C`, `-e`, `--to`, `-E`), or its
   * `-t` were not even acknowledged.
   */
  codeWhenStopped(): number {
    const { options, plan, replays } = this.#context;
    this.#stoppedBefore = unfinished({ options, plan }, {
      printed: this.#came,
      replayed: replays.ended,
      began: this.#began,
      subscribed: this.#complete,
    });
    return this.#stoppedBefore === undefined ? 0 : 1;
  }

  /**
   * After the connection is closed: prints what had arrived, and writes everything out. Once it is to stop it
   * does not wait for ever for who reads that. Throws RunError for what could not be written.
   */
  async drain(stop: Stop): Promise<void> {
    this.#leaving.abort();
    const { notices, timeOver } = this.#context;
    const drained = this.#writeOut();
    const inTime = await doneInTime(drained, {
      stopped: Promise.race([aborted(stop.signal), timeOver]),
      waiting: () => notices.notice(WAITING),
    });
    if (this.#stoppedBefore !== undefined) {
      notices.failed(`stopped before ${this.#stoppedBefore}: ${countOf(this.#came, "message")} came`);
    }
    if (!inTime) throw unread();
    await drained;
    notices.detail(`${this.#came} received`);
  }

  async #writeOut(): Promise<void> {
    // why printing ended before its time, if it did, `work` has told
    await Promise.allSettled([this.#printing]);
    this.#reporter?.end();
    const recorded = this.#recording?.out.flush() ?? Promise.resolve();
    const outcomes = await Promise.allSettled([this.#out.flush(), recorded]);
    this.#context.job.record?.close();
    for (const outcome of outcomes) {
      // who has gone away misses nothing
      if (outcome.status === "rejected" && !(outcome.reason instanceof OutputClosed)) throw outcome.reason;
    }
  }

  #printer(): Printer {
    const stats = this.#stats;
    if (stats !== undefined) return (message) => stats.add(message);
    const { options } = this.#context;
    const end = options["no-newline"] ? NOTHING : options.delimiter;
    const { format, json } = options;
    return createPrinter({ format, json, end, terminal: Deno.stdout.isTerminal() });
  }

  async #print(): Promise<void> {
    const { subscriber, options, plan, replays } = this.#context;
    const pace = options.speed === undefined || options.speed === 0 ? undefined : new Pace(options.speed);
    const print = this.#printer();
    const isLeftOut = leftOut(options["filter-out"]);
    const recording = this.#recording;
    for await (const message of subscriber) {
      if (plan.endsWithReplay && replays.ended) return;
      if (isLeftOut(message.topic)) {
        this.#acknowledging.printed(message);
        continue;
      }
      const { time } = message;
      if (pace !== undefined && replays.replaying && time !== undefined) {
        if (!await pace.keep(time.getTime(), this.#leaving.signal)) return;
      }
      print(message, this.#out);
      recording?.recorder.record(
        message,
        time?.getTime() ?? performance.timeOrigin + performance.now(),
      );
      this.#acknowledging.printed(message);
      this.#subscribed.count(message.topic, message.group);
      if (++this.#printed === options.count) return;
      if (this.#out.full) await this.#out.flush();
      if (recording?.out.full) await recording.out.flush();
    }
  }

  async #commands(stop: Stop): Promise<number> {
    const { options, plan, job, notices, habits } = this.#context;
    // of one that is given twice the second would begin its replay anew
    await this.#subscribeToAll(new Set(options.topic));
    this.#began = true;
    const { end } = await runSources({
      role: "subscriber",
      id: plan.connection.id,
      file: job.file,
      reads: options.file === "-" ? { terminal: false, pipe: false } : plan.reads,
      execute: (action) => {
        switch (action.verb) {
          case "sub":
            return this.#subscribe(action.pattern, action).then(refuseWhatIsAhead);
          case "unsub":
            return this.#unsubscribe(action.pattern, action.group ?? options.group);
          case "pub":
          case "json":
            throw new TypeError(`a subscriber was handed ${action.verb}`);
        }
      },
      speed: options.speed ?? 1,
      keepGoing: false,
      topics: () => this.#subscribed.topics(),
      list: () => this.#subscribed.list(),
      notices,
      habits,
      stop,
      prompting: (prompt) => this.#stdout.prompt = prompt,
    });
    this.#context.replays.complete();
    this.#complete = true;
    // at the end of a file or a pipe it stays until it is stopped
    return end !== "end" || options["exit-subscribed"] ? 0 : await new Promise<never>(() => {});
  }

  /** What begins beyond what is stored is told, and the end of it where there is nothing else to wait for. */
  async #subscribeToAll(patterns: ReadonlySet<string>): Promise<void> {
    const { notices } = this.#context;
    const ahead: string[] = [];
    for (const pattern of patterns) {
      const problem = await this.#subscribe(pattern);
      if (problem !== undefined) ahead.push(problem);
      notices.detail(`subscribed to ${pattern}`);
    }
    const [first] = ahead;
    if (first !== undefined && ahead.length === patterns.size) throw new RunError(first);
    for (const problem of ahead) notices.notice(problem);
  }

  /**
   * `own`: what a command says, which wins over the command line. Gives why it would wait for long, if so.
   */
  async #subscribe(pattern: string, own: SubFields = {}): Promise<string | undefined> {
    const { subscriber, options, plan: { replay }, replays } = this.#context;
    const wrong = groupProblem(own, options);
    if (wrong !== undefined) throw new RefusedError("BAD_FIELD", wrong);
    const group = own.group ?? options.group;
    const window = own.window ?? windowOf(options);
    const to = own.to ?? replay?.to;
    const from = own.from ?? replay?.from ?? (to === undefined ? undefined : "earliest");
    const slow = own.slow ?? options.slow;
    const ack = own.ack ?? (options.ack === "exec" ? undefined : options.ack);
    const by = own.by ?? options.by;
    const isReplay = from !== undefined && from !== "now";
    if (isReplay) {
      const problem = own.from === undefined ? undefined : nothingStored({ from, to, now: Date.now() });
      if (problem !== undefined) throw new RefusedError("BAD_FIELD", `from=: ${problem}`);
      this.#told.from(own.from === undefined ? "--from " : "from=", from);
      if (to !== undefined) this.#told.to(own.to === undefined ? "--to " : "to=", to);
      if (group === undefined) replays.add(pattern, from);
    }
    const terms = {
      ...(isReplay ? { from } : {}),
      ...(isReplay && to !== undefined ? { to } : {}),
      ...(slow === undefined ? {} : { slow }),
      ...(group === undefined ? {} : { group }),
      ...(window === undefined ? {} : { window }),
      ...(group === undefined || ack === undefined ? {} : { ack }),
      ...(group === undefined || by === undefined ? {} : { by }),
    };
    try {
      await subscriber.subscribe(pattern, terms);
    } catch (error) {
      if (group === undefined) replays.drop(pattern);
      throw withSecondsHint(error, group === undefined ? undefined : from);
    }
    this.#subscribed.add(pattern, terms);
    return group === undefined ? replays.ahead(pattern) : undefined;
  }

  #unsubscribe(pattern: string, group: string | undefined): Promise<void> {
    const { subscriber, replays } = this.#context;
    this.#subscribed.drop(pattern, group);
    if (group !== undefined) return subscriber.unsubscribe(pattern, { group });
    replays.drop(pattern);
    return subscriber.unsubscribe(pattern);
  }
}

function refuseWhatIsAhead(problem: string | undefined): void {
  if (problem !== undefined) throw new RefusedError("BAD_FIELD", problem);
}

/** What a run that was stopped was to wait for, if it did not get there. */
export function unfinished(
  { options, plan }: { readonly options: SubscriberOptions; readonly plan: SubscriberPlan },
  so: {
    readonly printed: number;
    readonly replayed: boolean;
    readonly began: boolean;
    readonly subscribed: boolean;
  },
): string | undefined {
  const { count } = options;
  if (count !== undefined && so.printed < count) return `-C ${count} was reached`;
  if (plan.endsWithReplay && !so.replayed) {
    return options.to === undefined ? "the end of what is stored" : "--to was reached";
  }
  if (!so.began || (options["exit-subscribed"] && !so.subscribed)) return "everything was subscribed";
  return undefined;
}
