/**
 * As much as a broker takes, counted to the last message.
 *
 * @module
 */
import { countAnswers } from "./answers.ts";
import { Counter } from "./counter.ts";
import { type Dialect, DIALECTS, type Replies } from "./dialects/mod.ts";
import { expected, published } from "./frames.ts";
import { CHANGING_LEVEL, type Job, type Outcome, topicOf } from "./job.ts";
import { Block, Publication } from "./publication.ts";
import { Signal } from "./signal.ts";
import { Meter } from "./usage.ts";
import { tlsOf, Wire } from "./wire.ts";

/** Bytes of a read. */
const READ_BYTES = 1024 * 1024;
/** More subscribers than this read into one buffer, which stays in the cache; theirs are counted, not looked at. */
const BUFFERS_MOST = 16;
/** How long one goes on listening for messages that were never published. */
const SETTLE_MS = 30;
/** Connections made at once. */
const CONNECT_AT_ONCE = 50;

interface Reader {
  readonly topic: string;
  readonly counter: Counter;
}

/** Runs a `flow` or `stuck` job: warm-up, then the measured part on the same connections. */
export async function flow(job: Job): Promise<Outcome> {
  const run = await Run.open(job);
  try {
    await run.phase(job.warmSeconds, Math.ceil(job.shape.messages / 10));
    const meter = new Meter(job.pid, job.disk);
    const phase = await run.phase(job.seconds, job.shape.messages);
    const usage = meter.read();
    await run.settle();
    return { kind: "flow", ...phase, ...usage };
  } catch (error) {
    return { kind: "failed", problem: error instanceof Error ? error.message : String(error) };
  } finally {
    run.close();
  }
}

class Run {
  readonly #job: Job;
  readonly #dialect: Dialect;
  readonly #wires: Wire[] = [];
  readonly #readers: Reader[] = [];
  readonly #publications: Publication[] = [];
  readonly #changed = new Signal();
  #problem: string | null = null;
  #delivery = 0;
  #deadline = Infinity;

  private constructor(job: Job) {
    this.#job = job;
    this.#dialect = DIALECTS[job.dialect];
  }

  /** Connects everyone; subscribers first, so that every message has its receivers. */
  static async open(job: Job): Promise<Run> {
    const run = new Run(job);
    try {
      await run.#subscribe();
      await run.#connectPublishers();
      return run;
    } catch (error) {
      run.close();
      throw error;
    }
  }

  /** Publishes and waits until all of it has arrived. Throws with what is missing where it doesn't. */
  async phase(
    seconds: number,
    messages: number,
  ): Promise<{ published: number; delivered: number; seconds: number; rate: number }> {
    const publishedBefore = this.#published();
    const deliveredBefore = this.#delivered();
    const share = Math.max(1, Math.floor(messages / this.#publications.length));
    for (const { counter } of this.#readers) counter.expectInAll(Infinity);
    const start = performance.now();
    this.#deadline = start + this.#job.mostSeconds * 1000;
    await this.#watched(
      Promise.all(this.#publications.map((each) => each.run(start + seconds * 1000, share))),
    );
    const sent = new Map<string, number>();
    for (const { topic, sent: count } of this.#publications) sent.set(topic, (sent.get(topic) ?? 0) + count);
    for (const { topic, counter } of this.#readers) counter.expectInAll(sent.get(topic) ?? 0);
    for (const { answers, sent: count } of this.#publications) answers?.expectInAll(count);
    await this.#watched(this.#arrived());
    if (this.#readers.length === 0) await this.#watched(this.#barrier());
    const published = this.#published() - publishedBefore;
    const delivered = this.#delivered() - deliveredBefore;
    const end = this.#readers.length === 0 ? performance.now() : this.#lastReached();
    const elapsed = (end - start) / 1000;
    return {
      published,
      delivered,
      seconds: elapsed,
      rate: (this.#readers.length === 0 ? published : delivered) / elapsed,
    };
  }

  /** Listens a little longer and throws if anybody got more, or other, than was published. */
  async settle(): Promise<void> {
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    this.#throwProblem();
    for (const { counter } of this.#readers) {
      if (counter.excess !== 0) throw new Error(`a subscriber got ${counter.excess} bytes too many`);
    }
    for (const { answers } of this.#publications) {
      if (answers !== null && answers.excess !== 0) {
        throw new Error(`a publisher got replies that are too many by ${answers.excess}`);
      }
    }
  }

  close(): void {
    for (const { counter } of this.#readers) counter.stop();
    for (const { answers } of this.#publications) answers?.stop();
    for (const wire of this.#wires) wire.close();
  }

  async #subscribe(): Promise<void> {
    const { shape, host, subscriberPort } = this.#job;
    const address = { host, port: subscriberPort, tls: tlsOf(this.#job) };
    const alone = shape.subscribers <= BUFFERS_MOST;
    const common = new Uint8Array(READ_BYTES);
    if (shape.mode === "stuck") {
      this.#wires.push(await Wire.open(address, this.#dialect.subscriberHello([topicOf(0, shape.topics)])));
    }
    for (let from = 0; from < shape.subscribers; from += CONNECT_AT_ONCE) {
      const count = Math.min(CONNECT_AT_ONCE, shape.subscribers - from);
      const topics = Array.from({ length: count }, (_, at) => topicOf(from + at, shape.topics));
      const wires = await Promise.all(
        topics.map((topic) =>
          Wire.open(
            address,
            shape.changes === undefined
              ? this.#dialect.subscriberHello([topic])
              : this.#dialect.belowHello(CHANGING_LEVEL),
          )
        ),
      );
      this.#wires.push(...wires);
      for (const [at, wire] of wires.entries()) {
        const topic = topics[at] ?? "";
        const { bytes, length } = expected(this.#dialect, shape, topic);
        this.#delivery = length;
        const counter = new Counter(wire, {
          expected: bytes,
          length,
          buffer: alone ? new Uint8Array(READ_BYTES) : common,
          alone,
          interjection: this.#dialect.interjection,
          changed: this.#changed,
        });
        this.#readers.push({ topic, counter });
      }
    }
  }

  async #connectPublishers(): Promise<void> {
    const { shape, host, publisherPort } = this.#job;
    const blocks = new Map<string, Block>();
    const decoder = new TextDecoder("latin1");
    const stuck = shape.mode === "stuck" ? 1 : 0;
    for (let at = 0; at < shape.publishers; at++) {
      const topic = topicOf(at, shape.topics);
      const frames = published(this.#dialect, shape, at);
      // those who send the same share a block, so that what is written stays in the cache
      const written = decoder.decode(frames[0]);
      const block = blocks.get(written) ?? new Block(frames);
      blocks.set(written, block);
      const wire = await Wire.open(
        { host, port: publisherPort, tls: tlsOf(this.#job) },
        this.#dialect.publisherHello(at),
      );
      this.#wires.push(wire);
      const receivers = this.#readers.filter((reader) => reader.topic === topic).length + stuck;
      const replies = ofTopics(shape.takesTurns ?? 1, this.#dialect.replies(receivers, at));
      const { interjection } = this.#dialect;
      const answers = replies === null
        ? null
        : countAnswers(wire, replies, { changed: this.#changed, interjection });
      this.#publications.push(
        new Publication(wire, {
          topic,
          block,
          answers,
          ...(shape.window === undefined ? {} : { window: Math.floor(shape.window / shape.publishers) }),
          shared: {
            changed: this.#changed,
            inFlight: () => this.#inFlight(),
            fanOut: this.#fanOut,
            problem: () => this.#problem,
          },
        }),
      );
    }
  }

  async #arrived(): Promise<void> {
    while (
      !this.#readers.every(({ counter }) => counter.reached) ||
      !this.#publications.every(({ answers }) => answers === null || answers.reached)
    ) {
      await this.#changed.wait();
      this.#throwProblem();
    }
  }

  async #barrier(): Promise<void> {
    const { barrier } = this.#dialect;
    if (barrier === null) return;
    await Promise.all(this.#publications.map(({ wire }) => wire.ask(barrier)));
  }

  /** Ends a wait that leads nowhere: nothing came in for as long as the job is patient, or somebody reported a problem. */
  async #watched(work: Promise<unknown>): Promise<void> {
    const patience = this.#job.patienceSeconds * 1000;
    const given = Promise.withResolvers<never>();
    let last = this.#progress();
    let since = performance.now();
    const timer = setInterval(() => {
      this.#problem ??= this.#firstProblem();
      const now = this.#progress();
      if (now !== last) [last, since] = [now, performance.now()];
      else if (performance.now() - since > patience) {
        this.#problem ??= `nothing came for ${patience / 1000} s`;
      }
      if (performance.now() > this.#deadline) {
        this.#problem ??= `not done after ${this.#job.mostSeconds} s`;
      }
      if (this.#problem !== null) {
        this.#changed.fire();
        given.reject(new Error(`${this.#problem}${this.#missing()}`));
      }
    }, 50);
    try {
      await Promise.race([work, given.promise]);
      this.#throwProblem();
    } finally {
      clearInterval(timer);
      // whoever lost the race has nobody left to tell
      work.catch(() => {});
      given.promise.catch(() => {});
    }
  }

  #throwProblem(): void {
    this.#problem ??= this.#firstProblem();
    if (this.#problem !== null) throw new Error(`${this.#problem}${this.#missing()}`);
  }

  #firstProblem(): string | null {
    for (const [at, { counter }] of this.#readers.entries()) {
      if (counter.problem !== null) return `subscriber ${at + 1}: ${counter.problem}`;
    }
    for (const [at, { answers }] of this.#publications.entries()) {
      if (answers !== null && answers.problem !== null) return `publisher ${at + 1}: ${answers.problem}`;
    }
    return null;
  }

  #missing(): string {
    const sent = new Map<string, number>();
    for (const { topic, sent: count } of this.#publications) sent.set(topic, (sent.get(topic) ?? 0) + count);
    const expected = this.#readers.reduce((sum, { topic }) => sum + (sent.get(topic) ?? 0), 0);
    return ` (published ${this.#published()}, delivered ${this.#delivered()} of ${expected})`;
  }

  #published(): number {
    return this.#publications.reduce((sum, { sent }) => sum + sent, 0);
  }

  #delivered(): number {
    return this.#readers.reduce((sum, { counter }) => sum + counter.messages, 0);
  }

  #progress(): number {
    return this.#delivered() +
      this.#publications.reduce((sum, each) => sum + each.sent + (each.answers?.messages ?? 0), 0);
  }

  get #fanOut(): number {
    return this.#readers.length / this.#job.shape.topics * this.#delivery;
  }

  #inFlight(): number {
    return this.#published() * this.#fanOut - this.#delivered() * this.#delivery;
  }

  #lastReached(): number {
    return Math.max(...this.#readers.map(({ counter }) => counter.reachedAt));
  }
}

/** What answers messages to several topics: the numbers of each grow, all of them together need not. */
function ofTopics(topics: number, replies: Replies | null): Replies | null {
  if (topics === 1 || replies?.kind !== "form") return replies;
  return { kind: "form", parts: replies.parts.map((part) => part === "sequence" ? "number" : part) };
}
