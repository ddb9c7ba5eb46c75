/**
 * Pairs inside TLS, which the C library does not speak: so by the runtime, which costs the generator more a message.
 *
 * @module
 */
import { type Answers, countAnswers } from "../answers.ts";
import { type Dialect, DIALECTS } from "../dialects/mod.ts";
import { type Job, type Outcome, payloadOf, topicOf } from "../job.ts";
import { percentile } from "../percentile.ts";
import { Signal } from "../signal.ts";
import type { Source } from "../sockets/socket.ts";
import { Meter } from "../usage.ts";
import { tlsOf, Wire } from "../wire.ts";
import { Arrival } from "./arrival.ts";

const READ_BYTES = 4096;

/** Runs a `pairs` job with TLS. */
export async function tlsPairs(job: Job): Promise<Outcome> {
  const pairs: Pair[] = [];
  try {
    for (let at = 0; at < job.shape.publishers; at++) pairs.push(await Pair.open(job, at));
    await Promise.all(pairs.map((pair) => pair.run(performance.now() + job.warmSeconds * 1000)));
    for (const pair of pairs) pair.samples.length = 0;
    const meter = new Meter(job.pid);
    const start = performance.now();
    await Promise.all(pairs.map((pair) => pair.run(start + job.seconds * 1000)));
    const seconds = (performance.now() - start) / 1000;
    const usage = meter.read();
    const sorted = Float64Array.from(pairs.flatMap(({ samples }) => samples)).sort();
    const least = Math.min(...pairs.map(({ samples }) => samples.length));
    return {
      kind: "pairs",
      messages: sorted.length,
      seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      p999: percentile(sorted, 0.999),
      most: percentile(sorted, 1),
      slowest: least / (sorted.length / pairs.length),
      ...usage,
    };
  } finally {
    for (const pair of pairs) pair.close();
  }
}

class Pair {
  /** Microseconds. */
  readonly samples: number[] = [];
  readonly #publisher: Wire;
  readonly #subscriber: Wire;
  readonly #frame: Uint8Array<ArrayBuffer>;
  readonly #arrival: Arrival;
  readonly #answers: Answers | null;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #filled = 0;
  /** What was read, for who holds it against what it should be. */
  readonly #source: Source;

  private constructor(wires: { readonly publisher: Wire; readonly subscriber: Wire }, {
    dialect,
    topic,
    payload,
    number,
  }: {
    readonly dialect: Dialect;
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly number: number;
  }) {
    this.#publisher = wires.publisher;
    this.#subscriber = wires.subscriber;
    this.#frame = dialect.publish(topic, payload, number);
    const { interjection } = dialect;
    this.#arrival = new Arrival(dialect.delivery(topic, payload), { interjection, buffer: this.#buffer });
    const replies = dialect.replies(1, number);
    this.#answers = replies === null
      ? null
      : countAnswers(wires.publisher, replies, { changed: new Signal(), interjection });
    this.#source = { read: () => this.#filled };
  }

  static async open(job: Job, number: number): Promise<Pair> {
    const dialect: Dialect = DIALECTS[job.dialect];
    const topic = topicOf(number, job.shape.topics);
    const tls = tlsOf(job);
    const subscriber = await Wire.open(
      { host: job.host, port: job.subscriberPort, tls },
      dialect.subscriberHello([topic]),
    );
    const publisher = await Wire.open(
      { host: job.host, port: job.publisherPort, tls },
      dialect.publisherHello(number),
    );
    const payload = payloadOf(job.shape.size);
    return new Pair({ publisher, subscriber }, { dialect, topic, payload, number });
  }

  /** The next message when the last one has arrived, until then. */
  async run(until: number): Promise<void> {
    for (let now = performance.now(); now < until;) {
      await this.#publisher.write(this.#frame);
      for (let came = 0; came === 0;) {
        const got = await this.#subscriber.read(this.#buffer);
        if (got === null) throw new Error("the broker closed a subscriber's connection");
        this.#filled = got;
        came = this.#arrival.read(this.#source);
      }
      if (this.#answers !== null && this.#answers.problem !== null) throw new Error(this.#answers.problem);
      const after = performance.now();
      this.samples.push((after - now) * 1000);
      now = after;
    }
  }

  close(): void {
    this.#answers?.stop();
    this.#publisher.close();
    this.#subscriber.close();
  }
}
