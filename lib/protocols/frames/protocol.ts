/**
 * Protocol v2: frames. A delivery is the publisher's own frame (V1), one `ok` answers many requests (V2).
 *
 * @module
 */
import { Chunk, Slice } from "../../buffers.ts";
import { encodeSharedHeader } from "../../wire/batch.ts";
import { encodeText } from "../../wire/bytes.ts";
import { RECORDS } from "../../wire/encoding.ts";
import type { Run } from "../../wire/run.ts";
import {
  DONE,
  type Protocol,
  type Refusal,
  type Replies,
  type ReplySink,
  type Share,
  type Success,
} from "../types.ts";
import { FrameDecoder } from "./decoder.ts";
import { byeFrame, errFrame, gapFrame, HELLO_REPLY, infoFrame, okFrame } from "./words.ts";

function sliceOf(text: string): Slice {
  return new Slice(new Chunk(encodeText(text)));
}

/**
 * The answer to one `sub`: all that most subscribers ever hear, so that none of them keeps one of its own.
 */
const ONE_DONE = sliceOf(okFrame(1, DONE));

/** Characters of replies from which they leave: few enough to be gathered with others. */
const GATHERED = 8 * 1024;

/** Refusals alike from which on they are encoded once for all. */
const REFUSED_MANY = 32;

function repeated(bytes: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(count * bytes.length);
  all.set(bytes);
  for (let at = bytes.length; at < all.length; at *= 2) all.copyWithin(at, 0, at);
  return all;
}

/** Short replies that follow one another are written as one. */
class FrameReplies implements Replies {
  readonly tellsReceipts = true;
  readonly #to: ReplySink;
  /** Said, and not yet on its way. */
  #text = "";
  /** The last `ok`, and what it said. */
  #ok: Slice | undefined;
  #count = 0;
  #reached: number | undefined;
  #level: string | undefined;

  constructor(to: ReplySink) {
    this.#to = to;
  }

  ok(count: number, success: Success): void {
    const { reached, level, last, from, newest } = success;
    if (this.#text !== "" || (last ?? from ?? newest) !== undefined) {
      return this.#say(okFrame(count, success));
    }
    if (count === 1 && success === DONE) return this.#to.reply(ONE_DONE);
    // one at a time, the same reply comes again and again
    const same = this.#count === count && this.#reached === reached && this.#level === level;
    if (this.#ok === undefined || !same) {
      this.#ok = sliceOf(okFrame(count, success));
      this.#count = count;
      this.#reached = reached;
      this.#level = level;
    }
    this.#to.reply(this.#ok);
  }

  refuse({ code, text }: Refusal, count: number): void {
    const frame = errFrame(code, text);
    if (count < REFUSED_MANY) return this.#say(frame.repeat(count));
    // in a flood of what is refused, to encode each would be most of the work
    this.flush();
    this.#to.reply(new Slice(new Chunk(repeated(encodeText(frame), count))));
  }

  welcome(info: Readonly<Record<string, unknown>>): void {
    this.#say(HELLO_REPLY);
    this.info(info);
  }

  pong(): void {
    this.#say("pong\n");
  }

  goodbye(): void {
    this.bye("QUIT", "goodbye");
  }

  bye(code: string, text: string): void {
    this.#say(byeFrame(code, text));
  }

  info(fields: Readonly<Record<string, unknown>>): void {
    this.#say(infoFrame(fields));
  }

  flush(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    this.#to.reply(sliceOf(text));
  }

  #say(text: string): void {
    this.#text += text;
    if (this.#text.length >= GATHERED) this.flush();
  }
}

function shared(run: Run, { group, attempt }: Share): Slice {
  const { start, end } = run.records;
  const { route, count, stored } = run;
  const from = stored === undefined ? undefined : { first: stored.first, time: stored.time, attempt };
  return run.behind(encodeSharedHeader({ topic: route.topic, count, length: end - start, group, from }));
}

/** What `hello 2` changes to. */
export const FRAMES: Protocol = {
  name: "2",
  verbs: new Set(["pub", "sub", "unsub", "ack", "nack", "extend", "quit", "ping"]),
  carriesFields: true,
  tellsGaps: true,
  decoder: (limits) => new FrameDecoder(limits),
  replies: (to) => new FrameReplies(to),
  encoding: RECORDS,
  deliveries: (run) => run.stored === undefined ? run.records : run.batch,
  shared,
  gap: (pattern, count, group) => sliceOf(gapFrame(pattern, count, group)),
  notice: (fields) => sliceOf(infoFrame(fields)),
  bye: (code, text) => sliceOf(byeFrame(code, text)),
  turnAway: ({ code, text }) => encodeText(byeFrame(code, text)),
};
