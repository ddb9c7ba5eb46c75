/**
 * How long one message takes: one at a time, and by a schedule.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { type Answers, countAnswers } from "./answers.ts";
import { type Dialect, DIALECTS } from "./dialects/mod.ts";
import { type Job, type Outcome, payloadOf, topicOf } from "./job.ts";
import { Block } from "./publication.ts";
import { Signal } from "./signal.ts";
import { percentile } from "./percentile.ts";
import { Meter } from "./usage.ts";
import { tlsOf, Wire } from "./wire.ts";

interface Pair {
  readonly dialect: Dialect;
  readonly publisher: Wire;
  readonly subscriber: Wire;
  readonly block: Block;
  readonly delivery: Uint8Array<ArrayBuffer>;
  /** Counts the replies, so that they are read. */
  readonly answers: Answers | null;
}

/** Runs a `ping` or an `open` job. */
export async function latency(job: Job): Promise<Outcome> {
  const pair = await open(job);
  const patience = setTimeout(
    () => close(pair),
    (job.warmSeconds + 2 * job.seconds + job.patienceSeconds) * 1000,
  );
  try {
    const measure = job.shape.mode === "ping" ? onePhase : scheduled;
    await measure(pair, job, job.warmSeconds);
    const meter = new Meter(job.pid);
    const start = performance.now();
    const samples = await measure(pair, job, job.seconds);
    const seconds = (performance.now() - start) / 1000;
    const usage = meter.read();
    const problem = pair.answers?.problem ?? null;
    if (problem !== null) return { kind: "failed", problem };
    const sorted = samples.sort();
    return {
      kind: "latency",
      messages: sorted.length,
      seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      p999: percentile(sorted, 0.999),
      most: percentile(sorted, 1),
      ...usage,
    };
  } catch (error) {
    return { kind: "failed", problem: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(patience);
    close(pair);
  }
}

async function open(job: Job): Promise<Pair> {
  const dialect = DIALECTS[job.dialect];
  const topic = topicOf(0, 1);
  const payload = payloadOf(job.shape.size);
  const tls = tlsOf(job);
  const subscriber = await Wire.open(
    { host: job.host, port: job.subscriberPort, tls },
    dialect.subscriberHello([topic]),
  );
  const publisher = await Wire.open(
    { host: job.host, port: job.publisherPort, tls },
    dialect.publisherHello(),
  );
  const replies = dialect.replies(1);
  const answers = replies === null ? null : countAnswers(publisher, replies, { changed: new Signal() });
  const block = new Block([dialect.publish(topic, payload)]);
  return { dialect, publisher, subscriber, block, delivery: dialect.delivery(topic, payload), answers };
}

function close(pair: Pair): void {
  pair.answers?.stop();
  for (const wire of [pair.publisher, pair.subscriber]) {
    try {
      wire.close();
    } catch (error) {
      // closed already: the patience ran out before the run did
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/** A publish waits for its own delivery. */
async function onePhase(pair: Pair, job: Job, seconds: number): Promise<Float64Array> {
  const frame = pair.block.frames(1);
  const reader = new Reader(pair);
  const samples = new Float64Array(job.shape.messages);
  const deadline = performance.now() + seconds * 1000;
  let count = 0;
  while (count < samples.length) {
    const before = performance.now();
    const arrival = reader.messages(1);
    await pair.publisher.write(frame);
    await arrival;
    const after = performance.now();
    samples[count++] = (after - before) * 1000;
    if (after >= deadline) break;
  }
  return samples.subarray(0, count);
}

/**
 * Message k is due at start + k / rate and its latency counts from there, whenever it could leave. Between two looks at the
 * clock the event loop turns once, so that the generator is late by microseconds, not by a timer's millisecond.
 */
async function scheduled(pair: Pair, job: Job, seconds: number): Promise<Float64Array> {
  const rate = (job.rate ?? 1000) / 1000;
  const total = Math.max(1, Math.min(job.shape.messages, Math.floor(rate * seconds * 1000)));
  const samples = new Float64Array(total);
  const reader = new Reader(pair);
  const start = performance.now();
  const received = (async () => {
    let count = 0;
    while (count < total) {
      const came = await reader.some();
      const now = performance.now();
      for (const until = Math.min(total, count + came); count < until; count++) {
        samples[count] = (now - start - count / rate) * 1000;
      }
    }
  })();
  let sent = 0;
  const send = (async () => {
    while (sent < total) {
      const due = Math.min(total, Math.floor((performance.now() - start) * rate) + 1);
      if (due > sent) {
        const count = Math.min(due - sent, pair.block.most);
        sent += count;
        await pair.publisher.write(pair.block.frames(count));
      }
      // a write that need not wait does not turn the loop, and what has arrived would lie unread
      await new Promise((done) => setImmediate(done));
    }
  })();
  await Promise.all([send, received]);
  return samples;
}

/** Counts whole deliveries on the subscriber's connection; the first bytes of each read are held against the frame. */
class Reader {
  readonly #pair: Pair;
  readonly #buffer = new Uint8Array(256 * 1024);
  #bytes = 0;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  /** Waits for so many deliveries. */
  async messages(count: number): Promise<void> {
    for (let missing = count; missing > 0;) missing -= await this.some();
  }

  /** Reads once and says how many deliveries that completed. */
  async some(): Promise<number> {
    const { delivery, dialect: { interjection } } = this.#pair;
    const got = await this.#pair.subscriber.read(this.#buffer);
    if (got === null) throw new Error("the broker closed the subscriber's connection");
    const { length } = delivery;
    const at = this.#bytes % length;
    if (at === 0 && interjection !== null && got === interjection.length) {
      if (interjection.every((byte, index) => this.#buffer[index] === byte)) return 0;
    }
    if (this.#buffer[0] !== delivery[at]) throw new Error("a delivery does not start where it should");
    const before = Math.floor(this.#bytes / length);
    this.#bytes += got;
    return Math.floor(this.#bytes / length) - before;
  }
}
