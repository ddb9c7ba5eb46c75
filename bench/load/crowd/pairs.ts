/**
 * Many who each have one message under way: to a subscriber of their own, or to the broker's acknowledgement.
 *
 * @module
 */
import { type Dialect, DIALECTS } from "../dialects/mod.ts";
import { type Job, type Outcome, payloadOf, topicOf } from "../job.ts";
import { percentile } from "../percentile.ts";
import { Poll, READABLE } from "../sockets/poll.ts";
import { Socket } from "../sockets/socket.ts";
import { Meter } from "../usage.ts";
import { Arrival } from "./arrival.ts";
import { type Tally, tallyOf } from "./tally.ts";

/** How long one waits for news before one looks at the clock. */
const LOOK_MS = 100;
/** Bytes of a read. */
const READ_BYTES = 64 * 1024;

/**
 * Runs a `pairs` job, or an `acked` one of several publishers: everybody sends the next message when the last one has arrived,
 * so as many are under way as there are members. At the end all have arrived and all are answered.
 */
export function pairs(job: Job): Outcome {
  const crowd = new Crowd(job);
  try {
    crowd.run(job.warmSeconds);
    const meter = new Meter(job.pid, job.disk);
    const { samples, seconds, slowest } = crowd.run(job.seconds);
    const usage = meter.read();
    crowd.finish();
    const sorted = samples.sort();
    return {
      kind: job.shape.mode === "pairs" ? "pairs" : "acked",
      messages: sorted.length,
      seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      p999: percentile(sorted, 0.999),
      most: percentile(sorted, 1),
      slowest,
      ...usage,
    };
  } finally {
    crowd.close();
  }
}

/** One who waits. */
interface Member {
  readonly publisher: Socket;
  readonly frame: Uint8Array<ArrayBuffer>;
  readonly tally: Tally | null;
  /** `null`: it waits for its acknowledgement. */
  readonly subscriber: { readonly socket: Socket; readonly arrival: Arrival } | null;
  /** When its message left, by `performance.now()`. */
  sentAt: number;
  sent: number;
  arrived: number;
  /** What had arrived when the clock began to run. */
  before: number;
}

class Crowd {
  readonly #job: Job;
  readonly #members: Member[] = [];
  readonly #poll = new Poll();
  readonly #samples: Float64Array<ArrayBuffer>;
  #count = 0;

  constructor(job: Job) {
    this.#job = job;
    this.#samples = new Float64Array(job.shape.messages);
    const common = new Uint8Array(READ_BYTES);
    try {
      for (let at = 0; at < job.shape.publishers; at++) this.#join(at, common);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Goes on for so long. Latencies in microseconds, in no order; `slowest`: what the slowest member got of the mean. */
  run(
    seconds: number,
  ): { readonly samples: Float64Array; readonly seconds: number; readonly slowest: number } {
    this.#count = 0;
    for (const member of this.#members) member.before = member.arrived;
    const start = performance.now();
    const until = start + seconds * 1000;
    for (const member of this.#members) if (member.sent === member.arrived) this.#send(member);
    let now = start;
    while (now < until && this.#count < this.#samples.length) now = this.#round(true);
    const counts = this.#members.map(({ arrived, before }) => arrived - before);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    return {
      samples: this.#samples.slice(0, this.#count),
      seconds: (now - start) / 1000,
      slowest: mean === 0 ? 0 : Math.min(...counts) / mean,
    };
  }

  /** Waits for what is under way. Throws with what is missing. */
  finish(): void {
    const late = performance.now() + this.#job.patienceSeconds * 1000;
    const done = ({ sent, arrived, tally }: Member): boolean =>
      sent === arrived && (tally === null || tally.messages === sent);
    while (!this.#members.every(done)) {
      const wrong = this.#members.find(({ sent, tally }) => tally !== null && tally.messages > sent);
      if (wrong !== undefined) throw new Error("there are more answers than publishes");
      if (this.#round(false) > late) {
        throw new Error(`${this.#members.filter((each) => !done(each)).length} messages did not arrive`);
      }
    }
  }

  close(): void {
    for (const { publisher, subscriber } of this.#members) {
      publisher.close();
      subscriber?.socket.close();
    }
    this.#poll.close();
  }

  #join(at: number, buffer: Uint8Array<ArrayBuffer>): void {
    const { shape, dialect: name, host, publisherPort, subscriberPort, patienceSeconds } = this.#job;
    const dialect: Dialect = DIALECTS[name];
    const topic = topicOf(at, shape.topics);
    const payload = payloadOf(shape.size);
    const subscriber = shape.subscribers === 0 ? null : {
      socket: Socket.open(
        { host, port: subscriberPort },
        dialect.subscriberHello([topic]),
        patienceSeconds,
      ),
      arrival: new Arrival(dialect.delivery(topic, payload), { interjection: dialect.interjection, buffer }),
    };
    const address = { host, port: publisherPort };
    const publisher = Socket.open(address, dialect.publisherHello(at), patienceSeconds);
    const tally = tallyOf(dialect, { publisher: at, subscribers: subscriber === null ? 0 : 1 });
    if (tally === null && subscriber === null) throw new Error(`publishes are not answered in ${name}`);
    this.#members.push({
      publisher,
      frame: dialect.publish(topic, payload, at),
      tally,
      subscriber,
      sentAt: 0,
      sent: 0,
      arrived: 0,
      before: 0,
    });
    this.#poll.add(publisher, 2 * at, READABLE);
    if (subscriber !== null) this.#poll.add(subscriber.socket, 2 * at + 1, READABLE);
  }

  #send(member: Member): void {
    member.sentAt = performance.now();
    member.sent++;
    // there is one message under way, so there is room
    const written = member.publisher.write(member.frame);
    if (written !== member.frame.length) throw new Error(`a publish was cut at ${written} bytes`);
  }

  /** Takes what has come, and goes on with those it came to. Returns the time. */
  #round(goOn: boolean): number {
    const count = this.#poll.wait(LOOK_MS);
    let now = performance.now();
    for (let at = 0; at < count; at++) {
      const number = this.#poll.number(at);
      const member = this.#members[number >> 1]!;
      const came = number % 2 === 0 ? this.#answers(member) : this.#deliveries(member);
      if (came === 0) continue;
      member.arrived += came;
      if (member.arrived > member.sent) throw new Error("a message arrived twice");
      now = performance.now();
      if (this.#count < this.#samples.length) this.#samples[this.#count++] = (now - member.sentAt) * 1000;
      if (goOn) this.#send(member);
    }
    return now;
  }

  #deliveries({ subscriber }: Member): number {
    if (subscriber === null) return 0;
    const came = subscriber.arrival.read(subscriber.socket);
    if (came < 0) throw new Error("the broker closed a subscriber's connection");
    return came;
  }

  /** What the acknowledgements that have come complete: nothing, where it is deliveries that are waited for. */
  #answers({ publisher, tally, subscriber }: Member): number {
    if (tally === null) return this.#unasked(publisher);
    const before = tally.messages;
    if (tally.read(publisher) === 0) throw new Error("the broker closed a publisher's connection");
    return subscriber === null ? tally.messages - before : 0;
  }

  /** Reads what nobody asked for where publishes are not answered. */
  #unasked(publisher: Socket): number {
    const { interjection } = DIALECTS[this.#job.dialect] as Dialect;
    const buffer = new Uint8Array(interjection?.length ?? 1);
    const got = publisher.read(buffer);
    if (got === 0) throw new Error("the broker closed a publisher's connection");
    if (interjection === null || !interjection.subarray(0, got).every((byte, at) => byte === buffer[at])) {
      throw new Error(`a publisher was told ${JSON.stringify(new TextDecoder().decode(buffer))}`);
    }
    return 0;
  }
}
