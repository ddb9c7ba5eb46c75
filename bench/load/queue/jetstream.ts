/**
 * A JetStream pull consumer with explicit acknowledgements, shared by its workers.
 *
 * @module
 */
import { jetstream as dialect, STREAM } from "../dialects/durable.ts";
import { nats } from "../dialects/nats.ts";
import { bytes } from "../dialects/types.ts";
import { lineEnd, numberAt, Output, type Queue, textOf, type Worker, type WorkerOptions } from "./types.ts";

const CONSUMER = "bench";
const SPACE = 32;
const LETTER_M = 77;
const LETTER_H = 72;
/** How long a request for messages stands, nanoseconds. */
const EXPIRES = 30_000_000_000;
const ACK_WAIT = 30_000_000_000;
const ACK = " 4\r\n+ACK\r\n";

/** An acknowledgement is not answered: what was said counts as settled. */
export const jetstream: Queue = {
  setup: () => {
    const config = JSON.stringify({
      stream_name: STREAM,
      config: {
        durable_name: CONSUMER,
        ack_policy: "explicit",
        deliver_policy: "all",
        ack_wait: ACK_WAIT,
        max_ack_pending: 100_000,
      },
    });
    return {
      send: bytes(
        `CONNECT {"verbose":false}\r\nSUB _INBOX.setup 1\r\n` +
          `PUB $JS.API.CONSUMER.DURABLE.CREATE.${STREAM}.${CONSUMER} _INBOX.setup ${config.length}\r\n${config}\r\n` +
          `PING\r\n`,
      ),
      until: bytes("}\r\n"),
    };
  },
  publisherHello: () => dialect.publisherHello(),
  publish: (topic, payload) => dialect.publish(topic, payload),
  replies: dialect.replies(0)!,
  interjection: nats.interjection,
  workerHello: (_topic, { at }) => ({
    send: bytes(
      `CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB ${inboxOf(at)} 1\r\nPING\r\n`,
    ),
    until: bytes("PONG\r\n"),
  }),
  worker: (_topic, how) => new Puller(how),
};

function inboxOf(worker: number): string {
  return `_INBOX.worker.${worker}`;
}

class Puller implements Worker {
  readonly out = new Output();
  received = 0;
  readonly #ask: string;
  readonly #half: number;
  /** Messages that were asked for and have not come. */
  #awaited = 0;

  constructor({ at, window }: WorkerOptions) {
    // one half is worked off while the other comes
    this.#half = Math.max(1, window >> 1);
    const how = JSON.stringify({ batch: this.#half, expires: EXPIRES });
    this.#ask = `PUB $JS.API.CONSUMER.MSG.NEXT.${STREAM}.${CONSUMER} ${
      inboxOf(at)
    } ${how.length}\r\n${how}\r\n`;
    this.#more();
    if (window > 1) this.#more();
  }

  get settled(): number {
    return this.received;
  }

  take(bytes: Uint8Array, end: number): number {
    let at = 0;
    for (let next = lineEnd(bytes, at, end); next > 0; next = lineEnd(bytes, at, end)) {
      const first = bytes[at];
      if (first === LETTER_M) {
        // MSG subject sid reply size
        const subject = bytes.indexOf(SPACE, at + 4);
        const sid = bytes.indexOf(SPACE, subject + 1);
        const reply = bytes.indexOf(SPACE, sid + 1);
        const done = next + numberAt(bytes, reply + 1) + 2;
        if (done > end) break;
        this.received++;
        this.#awaited--;
        this.out.text("PUB ");
        this.out.bytes(bytes, sid + 1, reply);
        this.out.text(ACK);
        at = done;
        if (this.#awaited <= this.#half) this.#more();
        continue;
      }
      const line = textOf(bytes, at, next);
      if (line === "PING\r\n") {
        this.out.text("PONG\r\n");
        at = next;
      } else if (first === LETTER_H) {
        throw new Error(`a request for messages has ended: ${JSON.stringify(textOf(bytes, at, end))}`);
      } else {
        throw new Error(`a worker was told ${JSON.stringify(line)}`);
      }
    }
    return at;
  }

  #more(): void {
    this.out.text(this.#ask);
    this.#awaited += this.#half;
  }
}
