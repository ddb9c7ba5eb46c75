/**
 * A group of hashbus v2 on a durable topic, `ack=explicit`.
 *
 * @module
 */
import { bytes } from "../dialects/types.ts";
import { synced2 } from "../dialects/durable.ts";
import { lineEnd, numberAt, Output, type Queue, textOf, type Worker, type WorkerOptions } from "./types.ts";

const GROUP = "bench";
const LETTER_B = 98;
const LETTER_O = 111;
const SPACE = 32;
const EQUALS = 61;

/** An acknowledgement is answered when it is on disk. */
export const hashbus: Queue = {
  // the group begins before anything is published
  setup: (topic) => ({
    send: bytes(`s0 hello 2\nsub #${topic} group=${GROUP} ack=explicit\nquit\n`),
    until: bytes("bye QUIT goodbye\n"),
  }),
  publisherHello: () => synced2.publisherHello(),
  publish: (topic, payload) => synced2.publish(topic, payload),
  replies: {
    kind: "form",
    parts: [
      bytes("ok "),
      "count",
      bytes(" seq="),
      "sequence",
      bytes(" level=synced subs="),
      "number",
      bytes("\n"),
    ],
  },
  interjection: null,
  workerHello: (topic, { at, window }) => ({
    send: bytes(`s${at + 1} hello 2\nsub #${topic} group=${GROUP} window=${window} ack=explicit\n`),
    until: bytes("\nok 1\n"),
  }),
  worker: (topic, how) => new Member(topic, how),
};

class Member implements Worker {
  readonly out = new Output();
  received = 0;
  settled = 0;
  readonly #prefix: string;
  readonly #each: boolean;
  /** Messages that each acknowledgement which is under way is about. */
  readonly #asked: number[] = [];
  #head = 0;

  constructor(topic: string, { each }: WorkerOptions) {
    this.#prefix = `ack ${GROUP} #${topic} `;
    this.#each = each;
  }

  take(bytes: Uint8Array, end: number): number {
    let at = 0;
    for (let next = lineEnd(bytes, at, end); next > 0; next = lineEnd(bytes, at, end)) {
      if (bytes[at] === LETTER_B) {
        const done = this.#batch(bytes, { at, line: next, end });
        if (done === 0) break;
        at = done;
        continue;
      }
      if (bytes[at] !== LETTER_O) {
        throw new Error(`a member was told ${JSON.stringify(textOf(bytes, at, next))}`);
      }
      this.#answered(numberAt(bytes, at + "ok ".length));
      at = next;
    }
    return at;
  }

  /** `batch #topic COUNT LEN group=… seq=N ts=…`: where it ends; 0: it is not whole. */
  #batch(
    bytes: Uint8Array,
    { at, line, end }: { readonly at: number; readonly line: number; readonly end: number },
  ): number {
    const counted = bytes.indexOf(SPACE, at + "batch ".length) + 1;
    const sized = bytes.indexOf(SPACE, counted) + 1;
    const count = numberAt(bytes, counted);
    const done = line + numberAt(bytes, sized);
    if (done > end) return 0;
    const named = bytes.indexOf(EQUALS, sized) + 1;
    const first = numberAt(bytes, bytes.indexOf(EQUALS, named) + 1);
    this.received += count;
    if (this.#each) {
      for (let number = first; number < first + count; number++) this.#ack(`${number}\n`, 1);
    } else {
      this.#ack(count === 1 ? `${first}\n` : `${first}-${first + count - 1}\n`, count);
    }
    return done;
  }

  #ack(numbers: string, count: number): void {
    this.out.text(this.#prefix);
    this.out.text(numbers);
    this.#asked.push(count);
  }

  #answered(acks: number): void {
    for (let left = acks; left > 0; left--) {
      const count = this.#asked[this.#head++];
      if (count === undefined) throw new Error("a member was told of more than it has acknowledged");
      this.settled += count;
    }
    if (this.#head > 4096) {
      this.#asked.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
