/**
 * What a session answers, in the words of either protocol.
 *
 * @module
 */
import { Chunk, Slice } from "../buffers.ts";
import type { Level } from "../engine/types.ts";
import type { ErrorCode } from "../errors.ts";
import { errorReply, OK_BYTES, OK_REPLIES, OK_REPLIES_COUNT } from "../protocols/classic/words.ts";
import {
  byeFrame,
  errFrame,
  frameBytes,
  HELLO_REPLY,
  infoFrame,
  okFrame,
} from "../protocols/frames/words.ts";
import type { Outbox } from "./outbox.ts";
import type { Refusal } from "./refusal.ts";

/** What a success comes to. */
export interface Success {
  /** How many subscribers have the message; undefined where the request was no publish. */
  readonly reached: number | undefined;
  /** How safe it is. */
  readonly level: Level;
  /** The sequence number of the last message, where its topic is durable. */
  readonly last: number | undefined;
  /** The first sequence number that is left of those that were asked for, where some are gone. */
  readonly from?: number | undefined;
}

/** The success of a request that is no publish. */
export const DONE: Success = { reached: undefined, level: "memory", last: undefined };

/** Replies, queued in the order of the calls. */
export interface Replies {
  /** `count` requests succeeded, the last of them like this. */
  ok(count: number, last?: Success): void;
  /** `count` requests were refused for the same reason. */
  refuse(why: Refusal, count: number): void;
  /** The answer to `quit`. */
  goodbye(): void;
  /** The connection is ended by the broker; classic has no word for it. */
  bye(code: string, text: string): void;
  /** A notice; classic has no word for it. */
  info(fields: Readonly<Record<string, unknown>>): void;
}

const OKS = new Chunk(OK_REPLIES);
const ONE_OK = new Slice(OKS, 0, OK_BYTES);
/** The answer to one `sub`: all that most subscribers ever hear, so that none of them keeps one of its own. */
const ONE_DONE = new Slice(new Chunk(frameBytes(okFrame(1, DONE))));
const ERRORS = new Map<ErrorCode, Slice>();

/** The classic protocol: `OK` and `ERR_<CODE>`. */
export class ClassicReplies implements Replies {
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  ok(count: number): void {
    if (count === 1) return this.#outbox.reply(ONE_OK);
    for (let left = count; left > 0; left -= OK_REPLIES_COUNT) {
      this.#outbox.reply(new Slice(OKS, 0, Math.min(left, OK_REPLIES_COUNT) * OK_BYTES));
    }
  }

  refuse({ code }: Refusal, count: number): void {
    let reply = ERRORS.get(code);
    if (reply === undefined) {
      reply = new Slice(new Chunk(errorReply(code)));
      ERRORS.set(code, reply);
    }
    for (let left = count; left > 0; left--) this.#outbox.reply(reply);
  }

  goodbye(): void {
    this.ok(1);
  }

  bye(): void {}

  info(): void {}
}

/** Protocol v2: one `ok` for many successes, `err` with a sentence, notices. */
export class FrameReplies implements Replies {
  readonly #outbox: Outbox;
  /** The last `ok`, and what it said. */
  #ok: Slice | undefined;
  #count = 0;
  #reached: number | undefined;
  #level: Level | undefined;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  ok(count: number, last: Success = DONE): void {
    if (count === 1 && last === DONE) return this.#outbox.reply(ONE_DONE);
    if (last.last !== undefined || last.from !== undefined) return this.#say(okFrame(count, last));
    // one at a time, the same reply comes again and again
    const { reached, level } = last;
    const same = this.#count === count && this.#reached === reached && this.#level === level;
    if (this.#ok === undefined || !same) {
      this.#ok = new Slice(new Chunk(frameBytes(okFrame(count, last))));
      this.#count = count;
      this.#reached = reached;
      this.#level = level;
    }
    this.#outbox.reply(this.#ok);
  }

  refuse({ code, text }: Refusal, count: number): void {
    const frame = errFrame(code, text);
    for (let left = count; left > 0; left--) this.#say(frame);
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

  /** The answer to `hello 2`, and what a client has to know. */
  hello(info: Readonly<Record<string, unknown>>): void {
    this.#say(HELLO_REPLY);
    this.info(info);
  }

  /** Says `pong`: the answer to `ping`. */
  pong(): void {
    this.#say("pong\n");
  }

  #say(text: string): void {
    this.#outbox.reply(new Slice(new Chunk(frameBytes(text))));
  }
}
