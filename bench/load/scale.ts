/**
 * Subscriptions by the hundred thousand: what they cost, and whether a message still finds its own.
 *
 * @module
 */
import { type Dialect, DIALECTS } from "./dialects/mod.ts";
import { type Job, type Outcome, payloadOf, STRIDE, topicOf } from "./job.ts";
import { percentile } from "./percentile.ts";
import { Signal } from "./signal.ts";
import { residentBytes } from "./usage.ts";
import { Wire } from "./wire.ts";

/** Connections being made at a time. */
const AT_ONCE = 20;
/** How long the broker may take to come to rest before its memory is read. */
const REST_MS = 500;

/**
 * Runs a `scale` job: every connection subscribes to as many topics as the shape's `patterns` says. Then a publisher sends one
 * message at a time, each to another topic, and waits until all subscribers of that topic have it: first to topics nobody has
 * published to (cold), then to the same ones again (warm).
 */
export async function scale(job: Job): Promise<Outcome> {
  const { subscribers, patterns = 1 } = job.shape;
  const subscriptions = subscribers * patterns;
  const bytesBefore = residentBytes(job.pid);
  const start = performance.now();
  await using crowd = await Crowd.open(job);
  const subscribeSeconds = (performance.now() - start) / 1000;
  await new Promise((done) => setTimeout(done, REST_MS));
  const bytesAfter = residentBytes(job.pid);
  const cold = await crowd.publishAll();
  const warm = await crowd.publishAll();
  return {
    kind: "scale",
    connections: subscribers,
    subscriptions,
    subscribeSeconds,
    bytesBefore,
    bytesAfter,
    bytesEach: (bytesAfter - bytesBefore) / subscriptions,
    messages: cold.length,
    cold: { p50: percentile(cold, 0.5), p99: percentile(cold, 0.99) },
    warm: { p50: percentile(warm, 0.5), p99: percentile(warm, 0.99) },
  };
}

/** Everyone who is subscribed, and one who publishes. */
class Crowd implements AsyncDisposable {
  readonly #job: Job;
  readonly #dialect: Dialect;
  readonly #wires: Wire[] = [];
  readonly #changed = new Signal();
  readonly #buffer = new Uint8Array(64 * 1024);
  #bytes = 0;
  #problem: string | null = null;
  #closed = false;

  private constructor(job: Job) {
    this.#job = job;
    this.#dialect = DIALECTS[job.dialect];
  }

  static async open(job: Job): Promise<Crowd> {
    const crowd = new Crowd(job);
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < job.shape.subscribers) await crowd.#subscribe(next++);
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, one));
      return crowd;
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One message to each of the shape's topics, as many as it says; how long each took to come to all, sorted, microseconds. */
  async publishAll(): Promise<Float64Array> {
    const { host, publisherPort, shape, patienceSeconds } = this.#job;
    const { messages, topics, patterns = 1, subscribers, size } = shape;
    const payload = payloadOf(size);
    const publisher = await Wire.open({ host, port: publisherPort }, this.#dialect.publisherHello());
    const timer = setTimeout(
      () => this.#fail(`not done ${patienceSeconds} s after publishing began`),
      patienceSeconds * 1000,
    );
    try {
      void this.#readAnswers(publisher);
      const samples = new Float64Array(messages);
      for (let at = 0; at < messages; at++) {
        const topic = at * STRIDE % topics;
        const frame = this.#dialect.publish(topicOf(topic, topics), payload);
        const delivery = this.#dialect.delivery(topicOf(topic, topics), payload, topic % patterns);
        const goal = this.#bytes + delivery.length * (subscribers * patterns / topics);
        const before = performance.now();
        await publisher.write(frame);
        while (this.#bytes < goal) {
          if (this.#problem !== null) throw new Error(this.#problem);
          await this.#changed.wait();
        }
        samples[at] = (performance.now() - before) * 1000;
        if (!this.#explains(this.#bytes - goal)) {
          throw new Error(`message ${at + 1} came to more than were subscribed`);
        }
      }
      return samples.sort();
    } finally {
      clearTimeout(timer);
      publisher.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const wire of this.#wires) wire.close();
    return Promise.resolve();
  }

  async #subscribe(number: number): Promise<void> {
    const { host, subscriberPort, shape } = this.#job;
    const { topics, patterns = 1 } = shape;
    const own = Array.from({ length: patterns }, (_, at) => topicOf(number * patterns + at, topics));
    const wire = await Wire.open({ host, port: subscriberPort }, this.#dialect.subscriberHello(own));
    this.#wires.push(wire);
    void this.#read(wire);
  }

  /** Counts what comes, whoever it comes to: there is only one message under way. */
  async #read(wire: Wire): Promise<void> {
    try {
      for (;;) {
        const got = await wire.read(this.#buffer);
        if (got === null) return this.#fail("the broker closed a subscriber's connection");
        this.#bytes += got;
        this.#changed.fire();
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Replies are read so that they are out of the way; the deliveries say what matters here. */
  async #readAnswers(publisher: Wire): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      while (await publisher.read(buffer) !== null);
    } catch (error) {
      // closed when all is published
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        this.#fail(String(error));
      }
    }
  }

  /** Whether so many bytes above what is expected are what the broker may say unasked. */
  #explains(excess: number): boolean {
    const { interjection } = this.#dialect;
    return excess === 0 || (interjection !== null && excess % interjection.length === 0);
  }

  #fail(problem: string): void {
    if (this.#closed) return;
    this.#problem ??= problem;
    this.#changed.fire();
  }
}
