/**
 * The classic protocol, the exercise's: lines both ways, one reply a request.
 *
 * @module
 */
import { Chunk, Slice } from "../../buffers.ts";
import type { WireCode } from "../../errors.ts";
import type { Protocol, Refusal, Replies, ReplySink } from "../types.ts";
import { ClassicDecoder } from "./decoder.ts";
import { CLASSIC_LINES } from "./encoding.ts";
import { errorReply, OK_BYTES, OK_REPLIES, OK_REPLIES_COUNT } from "./words.ts";

const OKS = new Chunk(OK_REPLIES);
const ONE_OK = new Slice(OKS, 0, OK_BYTES);
const ERRORS = new Map<WireCode, Slice>();

/** `OK` and `ERR_<CODE>` (C2). There is no word for anything else. */
class ClassicReplies implements Replies {
  readonly tellsReceipts = false;
  readonly #to: ReplySink;

  constructor(to: ReplySink) {
    this.#to = to;
  }

  ok(count: number): void {
    if (count === 1) return this.#to.reply(ONE_OK);
    for (let left = count; left > 0; left -= OK_REPLIES_COUNT) {
      this.#to.reply(new Slice(OKS, 0, Math.min(left, OK_REPLIES_COUNT) * OK_BYTES));
    }
  }

  refuse({ code }: Refusal, count: number): void {
    let reply = ERRORS.get(code);
    if (reply === undefined) {
      reply = new Slice(new Chunk(errorReply(code)));
      ERRORS.set(code, reply);
    }
    for (let left = count; left > 0; left--) this.#to.reply(reply);
  }

  goodbye(): void {
    this.ok(1);
  }

  welcome(): void {}
  pong(): void {}
  /** It has no word for that, but who speaks TLS knows a plain text by any (C14). */
  bye(code: string): void {
    if (code === "NO_TLS") this.refuse({ code, text: "" }, 1);
  }
  info(): void {}
  flush(): void {}
}

/** The protocol a connection begins with. */
export const CLASSIC: Protocol = {
  name: "classic",
  verbs: new Set(["pub", "sub", "unsub", "quit", "hello"]),
  carriesFields: false,
  tellsGaps: false,
  decoder: (limits) => new ClassicDecoder(limits.line),
  replies: (to) => new ClassicReplies(to),
  encoding: CLASSIC_LINES,
  deliveries: (run) => run.as(CLASSIC_LINES),
  gap: () => undefined,
  notice: () => undefined,
  bye: () => undefined,
  turnAway: ({ code }) => errorReply(code),
};
