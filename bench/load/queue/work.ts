/**
 * A queue at work: one publisher, and workers who share what it publishes and settle each message at once.
 *
 * @module
 */
import type { Job, Outcome } from "../job.ts";
import { payloadOf, topicOf } from "../job.ts";
import { LATER, Socket } from "../sockets/socket.ts";
import { Poll, READABLE } from "../sockets/poll.ts";
import { Tally } from "../crowd/tally.ts";
import { Meter } from "../usage.ts";
import { type Queue, QUEUES, type Worker } from "./mod.ts";

/** How long one waits for news before one looks at the clock. */
const LOOK_MS = 10;
/** Bytes of a read. */
const READ_BYTES = 256 * 1024;
/** Messages that one worker holds at most. */
const WINDOW = 1024;
/** Published and not settled at most: so the rate is that of settling, and of publishing as well. */
const AHEAD_MOST = 20_000;
/** The same at the beginning: it grows by what is settled, so that who is slow is not waited for long. */
const AHEAD_LEAST = 1000;
/** Messages in a write. */
const WRITE_MESSAGES = 64;
/** The publisher's number in the poll. */
const PUBLISHER = 0;

/** Runs a `queue` job: a warm-up, then so long; at the end all that was published is settled, once. */
export function work(job: Job): Outcome {
  const run = new Run(job);
  try {
    run.goOn(job.warmSeconds);
    const meter = new Meter(job.pid, job.disk);
    const { settled, published, seconds } = run.goOn(job.seconds);
    const usage = meter.read();
    run.finish();
    return { kind: "flow", published, delivered: settled, seconds, rate: settled / seconds, ...usage };
  } finally {
    run.close();
  }
}

interface Hand {
  readonly socket: Socket;
  readonly worker: Worker;
  readonly buffer: Uint8Array<ArrayBuffer>;
  filled: number;
}

class Run {
  readonly #job: Job;
  readonly #poll = new Poll();
  readonly #hands: Hand[] = [];
  readonly #publisher: Socket;
  readonly #tally: Tally;
  readonly #block: Uint8Array<ArrayBuffer>;
  readonly #frame: number;
  readonly #window: number;
  #sent = 0;
  /** Bytes of a message that has left in part. */
  #part = 0;

  constructor(job: Job) {
    this.#job = job;
    const { shape, host, publisherPort, subscriberPort, patienceSeconds } = job;
    const queue: Queue | undefined = QUEUES[job.dialect];
    if (queue === undefined) throw new Error(`there is no queue in ${job.dialect}`);
    const topic = topicOf(0, 1);
    const forWorkers = { host, port: subscriberPort };
    const hello = queue.setup(topic);
    if (hello !== null) Socket.open(forWorkers, hello, patienceSeconds).close();
    this.#window = shape.window ?? AHEAD_MOST;
    for (let at = 0; at < shape.subscribers; at++) {
      const how = { at, window: WINDOW, size: shape.size, each: shape.settles === "each" };
      const socket = Socket.open(forWorkers, queue.workerHello(topic, how), patienceSeconds);
      const worker = queue.worker(topic, how);
      this.#hands.push({ socket, worker, buffer: new Uint8Array(READ_BYTES), filled: 0 });
      this.#poll.add(socket, at + 1, READABLE);
    }
    const publisher = { host, port: publisherPort };
    this.#publisher = Socket.open(publisher, queue.publisherHello(topic), patienceSeconds);
    this.#poll.add(this.#publisher, PUBLISHER, READABLE);
    this.#tally = new Tally(queue.replies, queue.interjection);
    const frame = queue.publish(topic, payloadOf(shape.size));
    this.#frame = frame.length;
    this.#block = new Uint8Array(WRITE_MESSAGES * frame.length);
    for (let at = 0; at < WRITE_MESSAGES; at++) this.#block.set(frame, at * frame.length);
    for (const hand of this.#hands) this.#send(hand);
  }

  /** Goes on for so long. */
  goOn(
    seconds: number,
  ): { readonly settled: number; readonly published: number; readonly seconds: number } {
    const before = { settled: this.#settled(), published: this.#tally.messages };
    const start = performance.now();
    let now = start;
    for (const until = start + seconds * 1000; now < until; now = performance.now()) {
      this.#publish();
      this.#round();
    }
    return {
      settled: this.#settled() - before.settled,
      published: this.#tally.messages - before.published,
      seconds: (now - start) / 1000,
    };
  }

  /** Waits until all is answered and settled. Throws with what is not, or came twice. */
  finish(): void {
    this.#completeLast();
    const patience = this.#job.patienceSeconds * 1000;
    let late = performance.now() + patience;
    let done = 0;
    while (this.#settled() < this.#sent || this.#tally.messages < this.#sent) {
      this.#round();
      const now = this.#settled() + this.#tally.messages;
      if (now > done) late = performance.now() + patience;
      done = now;
      if (performance.now() < late) continue;
      const settled = this.#settled();
      throw new Error(
        `of ${this.#sent} messages ${this.#tally.messages} were answered and ${settled} settled`,
      );
    }
    const received = this.#hands.reduce((sum, { worker }) => sum + worker.received, 0);
    if (received !== this.#sent) throw new Error(`of ${this.#sent} messages ${received} came`);
  }

  close(): void {
    for (const { socket } of this.#hands) socket.close();
    this.#publisher.close();
    this.#poll.close();
  }

  #settled(): number {
    let settled = 0;
    for (const { worker } of this.#hands) settled += worker.settled;
    return settled;
  }

  get #aheadMost(): number {
    return Math.min(AHEAD_MOST, AHEAD_LEAST + this.#settled());
  }

  #publish(): void {
    for (;;) {
      const room = Math.min(
        this.#window - (this.#sent - this.#tally.messages),
        this.#aheadMost - (this.#sent - this.#settled()),
        WRITE_MESSAGES,
      );
      if (room <= 0) return;
      const end = room * this.#frame;
      const written = this.#publisher.write(this.#block.subarray(this.#part, end));
      if (written === LATER) return;
      const reached = this.#part + written;
      this.#sent += Math.floor(reached / this.#frame);
      this.#part = reached % this.#frame;
      if (reached < end) return;
    }
  }

  #completeLast(): void {
    while (this.#part > 0) {
      const written = this.#publisher.write(this.#block.subarray(this.#part, this.#frame));
      if (written === LATER) this.#round();
      else this.#part = (this.#part + written) % this.#frame;
      if (this.#part === 0) this.#sent++;
    }
  }

  #round(): void {
    const count = this.#poll.wait(LOOK_MS);
    for (let at = 0; at < count; at++) {
      const number = this.#poll.number(at);
      if (number === PUBLISHER) {
        if (this.#tally.read(this.#publisher) === 0) {
          throw new Error("the broker closed the publisher's connection");
        }
      } else {
        this.#read(this.#hands[number - 1]!);
      }
    }
    for (const hand of this.#hands) this.#send(hand);
  }

  #read(hand: Hand): void {
    const { socket, worker, buffer } = hand;
    const got = socket.read(buffer.subarray(hand.filled));
    if (got === LATER) return;
    if (got === 0) throw new Error("the broker closed a worker's connection");
    const end = hand.filled + got;
    const taken = worker.take(buffer, end);
    if (taken === 0 && end === buffer.length) {
      throw new Error("what a worker is told does not fit its buffer");
    }
    buffer.copyWithin(0, taken, end);
    hand.filled = end - taken;
  }

  #send({ socket, worker: { out } }: Hand): void {
    while (!out.empty) {
      const written = socket.write(out.waiting);
      if (written === LATER) return;
      out.sent(written);
    }
  }
}
