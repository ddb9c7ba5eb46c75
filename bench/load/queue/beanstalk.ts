/**
 * A tube of beanstalkd.
 *
 * @module
 */
import { bytes, join } from "../dialects/types.ts";
import { lineEnd, numberAt, Output, type Queue, textOf, type Worker, type WorkerOptions } from "./types.ts";

const LETTER_R = 82;
const SPACE = 32;
/** Seconds that a worker may keep a message. */
const TTR = 60;

/** A `delete` is answered when it is in the binlog. */
export const beanstalk: Queue = {
  setup: () => null,
  publisherHello: (topic) => ({ send: bytes(`use ${topic}\r\n`), until: bytes(`USING ${topic}\r\n`) }),
  publish: (_topic, payload) => join(`put 1024 0 ${TTR} ${payload.length}\r\n`, payload, "\r\n"),
  replies: { kind: "form", parts: [bytes("INSERTED "), "number", bytes("\r\n")] },
  interjection: null,
  workerHello: (topic) => ({
    send: bytes(`watch ${topic}\r\nignore default\r\n`),
    until: bytes("WATCHING 2\r\nWATCHING 1\r\n"),
  }),
  worker: (_topic, how) => new Reserver(how),
};

/** Asked where there may be some; a connection that waits for a message reads nothing more. */
const NOW = "reserve-with-timeout 0\r\n";
/** Asked where there are none: it waits, for so many seconds. */
const WAITING = "reserve-with-timeout 1\r\n";

class Reserver implements Worker {
  readonly out = new Output();
  received = 0;
  settled = 0;
  readonly #window: number;
  /** Requests that are not answered. */
  #asked = 0;

  constructor({ window }: WorkerOptions) {
    this.#window = window;
    this.#ask(WAITING);
  }

  take(bytes: Uint8Array, end: number): number {
    let at = 0;
    for (let next = lineEnd(bytes, at, end); next > 0; next = lineEnd(bytes, at, end)) {
      if (bytes[at] === LETTER_R) {
        const id = at + "RESERVED ".length;
        const size = bytes.indexOf(SPACE, id);
        const done = next + numberAt(bytes, size + 1) + 2;
        if (done > end) break;
        this.received++;
        this.#asked--;
        this.out.text("delete ");
        this.out.bytes(bytes, id, size);
        this.out.text("\r\n");
        // where one has come there are more
        for (let more = 0; more < 2 && this.#asked < this.#window; more++) this.#ask(NOW);
        at = done;
        continue;
      }
      const line = textOf(bytes, at, next);
      if (line === "DELETED\r\n") {
        this.settled++;
      } else if (line === "TIMED_OUT\r\n") {
        this.#asked--;
        if (this.#asked === 0) this.#ask(WAITING);
      } else {
        throw new Error(`a worker was told ${JSON.stringify(line)}`);
      }
      at = next;
    }
    return at;
  }

  #ask(how: string): void {
    this.out.text(how);
    this.#asked++;
  }
}
