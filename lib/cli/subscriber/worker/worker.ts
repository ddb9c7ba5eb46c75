/**
 * A worker: runs a command for each message, as many at a time as it was told.
 *
 * @module
 */
import { RefusedError, RunError } from "../../../errors.ts";
import { TIMER_MOST_MS } from "../../../limits.ts";
import { countOf, quote, visible } from "../../../text.ts";
import type { Notices } from "../../client/notices.ts";
import { showDuration } from "../../options/units.ts";
import { Child } from "../../process/child.ts";
import { whyNot } from "../../process/files.ts";
import { pause } from "../../process/pause.ts";
import type { Answers } from "./answers.ts";
import { isLeased, type Job, type LeasedJob, nameOf } from "./job.ts";
import { Lines } from "./lines.ts";
import { forgetOuterMessage, variablesOf } from "./variables.ts";

/** The longest that a message waits to come again; what a broker allows. */
const DELAY_MOST_MS = 86_400_000;
/** So long a broker may take to answer who leaves, milliseconds, and then the last acknowledgements. */
const LEAVE_MS = 1_000;
const ANSWERS_MS = 10_000;
/** No command was run for it. */
const UNUSED = { unused: true };

/** The groups that the worker is a member of, as the broker has them. */
export interface Membership {
  /** Nothing more is to come while one message is held. */
  hold(): Promise<void>;
  /** Nothing more is to come. What is held goes to others. */
  leave(): Promise<void>;
}

/** What a worker is made of. */
export interface WorkerParts {
  readonly command: readonly string[];
  /** Commands that run at a time. */
  readonly jobs: number;
  /** It takes so many and ends. */
  readonly count: number | undefined;
  /** Milliseconds until what failed comes again, the first time. */
  readonly retryDelay: number;
  /** Milliseconds after which it says that it still holds a message. */
  readonly extendAfter: (job: LeasedJob) => number;
  readonly membership: Membership;
  /** Told of each message that it begins with. */
  readonly onTaken: (job: Job) => void;
  /** Takes a line of stdout. */
  readonly print: (line: Uint8Array) => void;
  /** Called behind lines: resolves when there is room for more. */
  readonly printed: () => Promise<void> | void;
  readonly notices: Pick<Notices, "failed" | "notice" | "detail" | "passOn">;
  /** With `--reply`: what a command prints is the answer to who asked. */
  readonly answers?: Answers | undefined;
}

/** A job from when it was taken until it is done with. */
interface Held {
  readonly job: Job;
  child?: Child;
  /** Says that it is held. */
  extending?: ReturnType<typeof setInterval>;
}

/**
 * - A command that ends with 0 acknowledges its message; any other end gives it back. Of a topic in memory
 *   nobody else gets it: it is lost then, and that is told.
 * - While it holds a message, running or waiting, it says so before the broker takes it for dead.
 * - Asked to {@link leave} it starts nothing more of what can be given back, gives back what waits, and lets
 *   run what runs. What is of a topic in memory nobody else has: it is still done.
 * - {@link kill} is for who cannot wait: the messages go to others when the connection ends.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #held = new Set<Held>();
  readonly #waiting: Held[] = [];
  readonly #answers = new Set<Promise<void>>();
  readonly #failure = Promise.withResolvers<never>();
  #running = 0;
  /** Of those that wait, how many cannot be given back: no more is taken than will soon be done. */
  #kept = 0;
  /** Of those it holds, how many can be given back. */
  #leased = 0;
  #taken = 0;
  #done = 0;
  #changed = Promise.withResolvers<void>();
  /** It takes nothing more. */
  #enough = false;
  /** Nor does it begin with what can be given back. */
  #stopping = false;
  #killed = false;
  #broken = false;
  #leaving: Promise<void> | undefined;
  #left: Promise<void> | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    forgetOuterMessage();
  }

  /** Messages it has begun with. */
  get taken(): number {
    return this.#taken;
  }

  /** Commands that run. */
  get running(): number {
    return this.#running;
  }

  /** Works until enough was done, or all has come and is done. Rejects when it cannot. */
  async work(jobs: AsyncIterable<Job>): Promise<void> {
    await Promise.race([this.#work(jobs), this.#failure.promise]);
    this.#parts.notices.detail(`${countOf(this.#taken, "message")} taken, ${this.#done} done`);
  }

  /** Takes nothing more, and resolves when the broker has been told of all that could be given back. */
  leave(): Promise<void> {
    return this.#leaving ??= this.#leave();
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running > 0) await this.#change();
  }

  /** Ends what runs, at once and without a word to the broker. */
  kill(): void {
    this.#killed = true;
    for (const { child } of this.#held) child?.kill();
  }

  async #work(jobs: AsyncIterable<Job>): Promise<void> {
    const { count } = this.#parts;
    const iterator = jobs[Symbol.asyncIterator]();
    let ended = false;
    while (!ended && !this.#enough && this.#taken !== count) {
      while (this.#kept > 0 && !this.#enough) await this.#change();
      if (this.#enough) break;
      const next = await iterator.next();
      if (next.done === true) ended = true;
      else this.#take(next.value);
    }
    if (this.#taken === count) await this.#finish();
    else if (!ended) await this.leave();
    // what has come of topics in memory is nobody else's
    while (!ended && this.#taken !== count) {
      const next = await iterator.next();
      if (next.done === true) ended = true;
      else if (!isLeased(next.value)) this.#take(next.value);
      while (this.#kept > 0) await this.#change();
    }
    if (!ended) await iterator.return?.();
    while (this.#held.size > 0 || this.#answers.size > 0) await this.#change();
  }

  /** It has taken what it was to take: does that, and leaves behind the last. */
  async #finish(): Promise<void> {
    this.#enough = true;
    if (this.#leased > 0) await ifConnected(this.#parts.membership.hold());
    while (this.#held.size > 0) await this.#change();
    await this.leave();
  }

  #take(job: Job): void {
    if (this.#stopping && isLeased(job)) return this.#answered(job.nack(UNUSED), nameOf(job));
    this.#taken++;
    this.#parts.onTaken(job);
    const held: Held = { job };
    this.#held.add(held);
    if (isLeased(job)) this.#hold(held, job);
    else this.#kept++;
    this.#waiting.push(held);
    this.#startNext();
  }

  #startNext(): void {
    while (this.#running < this.#parts.jobs) {
      const held = this.#next();
      if (held === undefined) return;
      if (!isLeased(held.job)) this.#kept--;
      this.#running++;
      this.#run(held).then((why) => this.#ended(held, why), (error) => this.#fail(held, error));
    }
  }

  /** Of a worker that leaves, what cannot be given back. */
  #next(): Held | undefined {
    if (this.#broken) return undefined;
    const at = this.#stopping ? this.#waiting.findIndex(({ job }) => !isLeased(job)) : 0;
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0];
  }

  /** No command can be run any more, or something went wrong here: what it holds is for others. */
  #fail(held: Held, error: unknown): void {
    this.#running--;
    this.#broken = true;
    this.#failure.reject(error);
    this.#drop(held);
  }

  /** Why it is not done; undefined: it is. */
  async #run(held: Held): Promise<string | undefined> {
    const { command, print, printed, notices, answers } = this.#parts;
    const { job } = held;
    const name = nameOf(job);
    const decoder = new TextDecoder();
    const answer = answers?.to(job);
    const out = new Lines(print);
    const err = new Lines((line) => notices.passOn(`${name}: ${decoder.decode(line)}`));
    const program = command[0] ?? "";
    try {
      held.child = new Child(command, {
        env: variablesOf(job),
        stdin: job.payload,
        stdout: (bytes) => {
          if (answer !== undefined) return answer.add(bytes);
          out.add(bytes);
          return printed();
        },
        stderr: (bytes) => err.add(bytes),
      });
    } catch (error) {
      if (isTooLong(error)) return "its headers are longer than what a command can be given";
      throw new RunError(`cannot run ${quote(program, 200)}: ${whyNot(error)}`);
    }
    if (this.#killed) held.child.kill();
    const { code, signal } = await held.child.ended;
    out.end();
    err.end();
    const why = signal === null ? `${program} ended with ${code}` : `${program} was ended by ${signal}`;
    if (!this.#killed) await answer?.send(code === 0 ? undefined : why);
    return code === 0 ? undefined : why;
  }

  #ended(held: Held, why: string | undefined): void {
    this.#running--;
    if (this.#killed) return this.#drop(held);
    const { job } = held;
    if (why === undefined) this.#done++;
    if (isLeased(job)) this.#settle(job, why);
    else if (why !== undefined) {
      this.#parts.notices.failed(`${nameOf(job)}: ${why}: it is lost, the broker does not keep this topic`);
    }
    this.#drop(held);
    this.#startNext();
  }

  #settle(job: LeasedJob, why: string | undefined): void {
    const name = nameOf(job);
    if (why === undefined) return this.#answered(job.ack(), `${name} is done, but comes again`);
    const { retryDelay, notices } = this.#parts;
    const { attempt = 1, maxAttempts = Infinity } = job;
    const delay = Math.min(retryDelay * 2 ** (attempt - 1), DELAY_MOST_MS);
    const next = attempt >= maxAttempts
      ? `which was the last: it is a dead letter now (#dead.${visible(`${job.group}.${job.topic.slice(1)}`)})`
      : `it comes again ${delay === 0 ? "at once" : `in ${showDuration(delay)}`}`;
    notices.notice(`${name}: ${why} at attempt ${attempt}, ${next}`);
    this.#answered(job.nack(delay === 0 ? {} : { delay }), name);
  }

  /** The worker is done with it; where it leaves, and this was the last, that is said right behind. */
  #drop(held: Held): void {
    this.#held.delete(held);
    clearInterval(held.extending);
    if (isLeased(held.job)) this.#leased--;
    if (this.#enough && this.#leased === 0 && !this.#killed) this.#leaveGroups();
    this.#wake();
  }

  /** What the broker says is waited for at the end; that it would not have it is told. */
  #answered(answer: Promise<void>, what: string): void {
    const told = answer.catch((error) => {
      if (!(error instanceof RunError || error instanceof RefusedError)) throw error;
      this.#parts.notices.notice(`${what}: ${error.message}`);
    });
    const counted: Promise<void> = told.then(() => {
      this.#answers.delete(counted);
      this.#wake();
    });
    this.#answers.add(counted);
    counted.catch((error) => this.#failure.reject(error));
  }

  async #leave(): Promise<void> {
    this.#enough = true;
    this.#stopping = true;
    if (this.#leased > 0) await ifConnected(this.#parts.membership.hold());
    for (const held of this.#waiting.filter(({ job }) => isLeased(job))) {
      this.#waiting.splice(this.#waiting.indexOf(held), 1);
      if (isLeased(held.job)) this.#answered(held.job.nack(UNUSED), nameOf(held.job));
      this.#drop(held);
    }
    if (this.#leased === 0 && !this.#killed) this.#leaveGroups();
    while (this.#left === undefined) await this.#change();
    await this.#left;
    await this.#allAnswered();
  }

  async #allAnswered(): Promise<void> {
    const answered = new AbortController();
    const late = pause(ANSWERS_MS, answered.signal);
    while (this.#answers.size > 0) {
      if (await Promise.race([late, this.#change().then(() => false)])) break;
    }
    answered.abort();
    if (this.#answers.size === 0) return;
    this.#parts.notices.failed(
      `the broker did not answer for ${countOf(this.#answers.size, "message")}, which may come again`,
    );
    this.#answers.clear();
  }

  #leaveGroups(): void {
    this.#left ??= ifConnected(this.#parts.membership.leave());
  }

  /** It can be given back, and its time is prolonged until it is done with. */
  #hold(held: Held, job: LeasedJob): void {
    this.#leased++;
    const after = Math.min(this.#parts.extendAfter(job), TIMER_MOST_MS);
    held.extending = setInterval(() => this.#extend(held, job), after);
  }

  #extend(held: Held, job: LeasedJob): void {
    job.extend().catch((error) => {
      if (!(error instanceof RunError || error instanceof RefusedError)) return this.#failure.reject(error);
      clearInterval(held.extending);
      const at = this.#waiting.indexOf(held);
      if (at >= 0) {
        // another one does it
        this.#waiting.splice(at, 1);
        this.#drop(held);
      } else if (this.#held.has(held)) {
        this.#parts.notices.notice(
          `${nameOf(job)} still runs, but is no longer this worker's: ${error.message}`,
        );
      }
    });
  }

  #change(): Promise<void> {
    return this.#changed.promise;
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Who has lost the connection has left: that it is lost is told elsewhere, and no answer is waited for. */
async function ifConnected(asked: Promise<void>): Promise<void> {
  const answered = new AbortController();
  try {
    await Promise.race([asked, pause(LEAVE_MS, answered.signal)]);
  } catch (error) {
    if (!(error instanceof RunError || error instanceof RefusedError)) throw error;
  } finally {
    answered.abort();
  }
}

/** Whether the system would not take so long an environment. */
function isTooLong(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "E2BIG";
}
