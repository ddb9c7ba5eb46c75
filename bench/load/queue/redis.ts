/**
 * A consumer group of a Redis stream: XREADGROUP and XACK.
 *
 * @module
 */
import { redisStream } from "../dialects/durable.ts";
import { bytes } from "../dialects/types.ts";
import { lineEnd, numberAt, Output, type Queue, textOf, type Worker, type WorkerOptions } from "./types.ts";

const GROUP = "bench";
const STAR = 42;
const DOLLAR = 36;
const COLON = 58;
/** How long a worker waits for messages before it asks anew, milliseconds. */
const BLOCK_MS = 2000;

/** An XACK is answered when it is in the log that was fsynced. */
export const redis: Queue = {
  setup: (topic) => ({
    // what a run before has left is not worked off in this one
    send: bytes(`DEL ${topic}\r\nXGROUP CREATE ${topic} ${GROUP} $ MKSTREAM\r\n`),
    until: bytes("+OK\r\n"),
  }),
  publisherHello: () => null,
  publish: (topic, payload) => redisStream.publish(topic, payload),
  replies: redisStream.replies(0)!,
  interjection: null,
  workerHello: () => null,
  worker: (topic, how) => new Consumer(topic, how),
};

class Consumer implements Worker {
  readonly out = new Output();
  received = 0;
  settled = 0;
  readonly #ask: string;
  readonly #ack: string;
  readonly #each: boolean;
  readonly #half: number;

  constructor(topic: string, { at, window, each }: WorkerOptions) {
    this.#each = each;
    // one half is worked off while the other comes
    this.#half = Math.max(1, window >> 1);
    this.#ask =
      `XREADGROUP GROUP ${GROUP} c${at} COUNT ${this.#half} BLOCK ${BLOCK_MS} STREAMS ${topic} >\r\n`;
    this.#ack = `$4\r\nXACK\r\n$${topic.length}\r\n${topic}\r\n$${GROUP.length}\r\n${GROUP}\r\n`;
    this.out.text(this.#ask);
  }

  take(bytes: Uint8Array, end: number): number {
    let at = 0;
    for (let next = lineEnd(bytes, at, end); next > 0; next = lineEnd(bytes, at, end)) {
      if (bytes[at] === COLON) {
        this.settled += numberAt(bytes, at + 1);
        at = next;
        continue;
      }
      const done = this.#reply(bytes, { at, next, end });
      if (done === 0) break;
      at = done;
    }
    return at;
  }

  /** What an XREADGROUP is answered with: where it ends; 0: it is not whole. */
  #reply(
    bytes: Uint8Array,
    { at, next, end }: { readonly at: number; readonly next: number; readonly end: number },
  ): number {
    if (bytes[at] !== STAR) throw new Error(`a worker was told ${JSON.stringify(textOf(bytes, at, next))}`);
    if (bytes[at + 1] === "-".charCodeAt(0)) {
      // nothing has come
      this.out.text(this.#ask);
      return next;
    }
    // *1, then *2, the stream's name as length and text, then how many there are
    let line = next;
    for (let lines = 0; lines < 3; lines++) {
      line = lineEnd(bytes, line, end);
      if (line === 0) return 0;
    }
    const entries = lineEnd(bytes, line, end);
    if (entries === 0) return 0;
    const count = numberAt(bytes, line + 1);
    const ids: [start: number, end: number][] = [];
    let cursor = entries;
    for (let entry = 0; entry < count; entry++) {
      // *2, $id, the id, *2, $1, m, $size, the payload
      cursor = lineEnd(bytes, cursor, end);
      if (cursor === 0 || bytes[cursor] !== DOLLAR) {
        if (cursor === 0 || cursor >= end) return 0;
        throw new Error(`a worker was told ${JSON.stringify(textOf(bytes, at, Math.min(end, at + 120)))}`);
      }
      const id = lineEnd(bytes, cursor, end);
      if (id === 0) return 0;
      const idEnd = id + numberAt(bytes, cursor + 1);
      cursor = idEnd + 2;
      for (let lines = 0; lines < 3; lines++) {
        cursor = lineEnd(bytes, cursor, end);
        if (cursor === 0) return 0;
      }
      const payload = lineEnd(bytes, cursor, end);
      if (payload === 0) return 0;
      cursor = payload + numberAt(bytes, cursor + 1) + 2;
      if (cursor > end) return 0;
      ids.push([id, idEnd]);
    }
    this.received += count;
    for (let from = 0; from < ids.length; from += this.#each ? 1 : ids.length) {
      const some = this.#each ? ids.slice(from, from + 1) : ids;
      this.out.text(`*${3 + some.length}\r\n${this.#ack}`);
      for (const [start, stop] of some) {
        this.out.text(`$${stop - start}\r\n`);
        this.out.bytes(bytes, start, stop);
        this.out.text("\r\n");
      }
    }
    this.out.text(this.#ask);
    return cursor;
  }
}
