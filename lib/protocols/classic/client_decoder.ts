/**
 * What a broker sends in the classic protocol, taken apart. Pure.
 *
 *     OK⏎                       a reply
 *     #hello hi there⏎          a delivery, to a subscriber
 *
 * A line that starts with `#` is a delivery, any other with a space in it too, one without is a reply.
 *
 * Brokers of the exercise this protocol comes from were written by many hands, and many of them end neither
 * reply nor delivery with an LF: their clients take what one read gave as one message. So the decoder also
 * copes with a **bare** stream. While a request is outstanding (`expecting`), `OK` at the start of a line is
 * the reply at once, and a CR or LF behind it is swallowed. When no LF comes for a while, or something else
 * follows directly, the stream is bare, and from then on what has come when the stream falls quiet, or when a
 * read begins with `#`, is a whole message; an LF that comes alone shows that its lines do have ends, which
 * were late. A clock is not this module's business: {@link
 * ClassicClientDecoder.patience} says for how long silence means something, and whoever reads the socket
 * calls {@link ClassicClientDecoder.quiet} after that.
 *
 * @module
 */

import { CR, LF, SHARP, SPACE } from "../../wire/bytes.ts";
import { TopicNames } from "../../topics/topic_names.ts";

/** Where decoded things go. Called in the order of the stream, from inside `push`, `quiet` or `end`. */
export interface ClassicSink {
  /** The reply to the outstanding request: `OK`, `ERR_BAD_TOPIC`. */
  reply(text: string): void;
  /**
   * A line that nobody asked for and that is no delivery: a broker that turns the connection away says so
   * like this.
   */
  remark(text: string): void;
  /**
   * A delivery. `payload` is never written to again; it may be a view of a larger buffer. A publisher has no
   * use for one.
   */
  delivery?(topic: string, payload: Uint8Array): void;
}

/** How the broker ends what it sends, as far as its first reply has told. */
export type Framing = "unknown" | "lines" | "bare";

/**
 * Bytes that a line may have before the connection counts as broken: an 8 MiB payload, each LF in it sent as
 * two bytes.
 */
export const DELIVERY_MOST = 17 * 1024 * 1024;

/** Silence after an `OK` without LF that makes the stream bare. */
const BARE_AFTER_OK_MS = 50;
/** Silence after another first reply without LF: longer, for a wrong guess would cut a reply in two. */
const BARE_AFTER_OTHER_MS = 200;
/** Silence that ends a message in a bare stream. */
const BARE_MESSAGE_MS = 20;

const UPPER_O = 0x4f;
const UPPER_K = 0x4b;
/**
 * An unfinished line of more bytes than this is handed on with its memory instead of being copied out of it.
 */
const TAIL_KEPT_MOST = 4096;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Bytes in, replies and deliveries out, wherever the reads happen to cut.
 *
 * - A chunk given to {@link push} must never be written to again: payloads are views of it.
 * - At most one request is outstanding; set {@link expecting} when it leaves, it is cleared when its reply is
 *   reported.
 * - Memory: what an unfinished line needs, at most {@link DELIVERY_MOST}; past it `push` throws RangeError.
 */
export class ClassicClientDecoder {
  /** Whether a request is outstanding. */
  expecting = false;

  readonly #sink: ClassicSink;
  readonly #topics = new TopicNames();
  #framing: Framing;
  #tail: Uint8Array = new Uint8Array(256);
  #tailLength = 0;
  /** After an `OK` that was taken before its line had ended: what may still belong to it. */
  #swallow: "nothing" | "CR or LF" | "LF" = "nothing";

  /** `framing`: what an earlier reply has told. */
  constructor(sink: ClassicSink, framing: Framing = "unknown") {
    this.#sink = sink;
    this.#framing = framing;
  }

  get framing(): Framing {
    return this.#framing;
  }

  /**
   * Milliseconds of silence after which {@link quiet} is to be called, or undefined while silence means
   * nothing.
   */
  get patience(): number | undefined {
    if (this.#framing === "bare") return this.#tailLength > 0 ? BARE_MESSAGE_MS : undefined;
    if (this.#framing === "lines") return undefined;
    if (this.#swallow !== "nothing") return BARE_AFTER_OK_MS;
    return this.expecting && this.#tailLength > 0 ? BARE_AFTER_OTHER_MS : undefined;
  }

  /** What one read gave. */
  push(chunk: Uint8Array): void {
    let at = 0;
    if (this.#framing === "bare" && this.#tailLength === 0 && chunk[0] === LF) {
      this.#framing = "lines";
      this.#swallow = "nothing";
      at = 1;
    } else if (this.#tailLength > 0) {
      if (this.#framing === "bare" && beginsMessage(chunk, this.expecting)) {
        if (chunk[0] === SHARP) this.#flush();
        else this.#line(this.#takeTail(), false);
      } else {
        at = this.#finishTail(chunk);
      }
    }
    while (at < chunk.length) {
      if (this.#swallow !== "nothing") {
        at += this.#swallowed(chunk[at] ?? 0);
        continue;
      }
      if (this.expecting && chunk[at] === UPPER_O && chunk[at + 1] === UPPER_K) {
        at += 2;
        this.#earlyOk();
        continue;
      }
      const lf = chunk.indexOf(LF, at);
      if (lf === -1) {
        this.#keep(chunk.subarray(at));
        return;
      }
      this.#line(chunk.subarray(at, lf), true);
      at = lf + 1;
    }
  }

  /** Nothing came for {@link patience} milliseconds. */
  quiet(): void {
    if (this.patience === undefined) return;
    this.#framing = "bare";
    this.#flush();
  }

  /**
   * The stream has ended. A reply or remark without its LF still counts; a delivery cut short does not,
   * unless the stream is bare.
   */
  end(): void {
    if (this.#tailLength > 0 && (this.#framing === "bare" || this.#tail[0] !== SHARP)) this.#flush();
    this.#tailLength = 0;
  }

  /** Takes the rest of the unfinished line from the chunk; returns where the chunk goes on. */
  #finishTail(chunk: Uint8Array): number {
    if (this.expecting && this.#tailLength === 1 && this.#tail[0] === UPPER_O && chunk[0] === UPPER_K) {
      this.#tailLength = 0;
      this.#earlyOk();
      return 1;
    }
    const lf = chunk.indexOf(LF);
    this.#keep(lf === -1 ? chunk : chunk.subarray(0, lf));
    if (lf === -1) return chunk.length;
    this.#line(this.#takeTail(), true);
    return lf + 1;
  }

  #earlyOk(): void {
    this.#swallow = "CR or LF";
    this.#reply("OK");
  }

  /** What the byte behind an early `OK` tells; returns how many bytes of it are done with. */
  #swallowed(byte: number): number {
    if (byte === CR && this.#swallow === "CR or LF") {
      this.#swallow = "LF";
      return 1;
    }
    this.#swallow = "nothing";
    if (byte === LF) {
      this.#framing = "lines";
      return 1;
    }
    if (this.#framing === "unknown") this.#framing = "bare";
    return 0;
  }

  /**
   * All that has come is a whole message; where a request is outstanding, an `OK` may stick to a delivery's
   * end.
   */
  #flush(): void {
    if (this.#tailLength === 0) return;
    const whole = this.#takeTail();
    const end = whole.length - 2;
    if (this.expecting && whole[0] === SHARP && whole[end] === UPPER_O && whole[end + 1] === UPPER_K) {
      this.#line(whole.subarray(0, end), false);
      this.#reply("OK");
    } else {
      this.#line(whole, false);
    }
  }

  /** One message without its LF. */
  #line(line: Uint8Array, terminated: boolean): void {
    const end = line.length > 0 && line[line.length - 1] === CR ? line.length - 1 : line.length;
    if (end === 0) return;
    const space = indexOfSpace(line, end);
    if (line[0] === SHARP || (space !== -1 && !this.#isWords(line))) {
      const topic = this.#topics.of(space === -1 ? line.subarray(0, end) : line.subarray(0, space));
      this.#sink.delivery?.(topic, space === -1 ? line.subarray(end, end) : line.subarray(space + 1, end));
      return;
    }
    const text = decoder.decode(line.subarray(0, end));
    if (!this.expecting) return this.#sink.remark(text);
    if (terminated && this.#framing === "unknown") this.#framing = "lines";
    this.#reply(text);
  }

  /**
   * A publisher gets no deliveries, and some brokers add words to an error: neither is a delivery of a topic
   * without `#`.
   */
  #isWords(line: Uint8Array): boolean {
    return this.#sink.delivery === undefined || decoder.decode(line.subarray(0, 3)) === "ERR";
  }

  #reply(text: string): void {
    this.expecting = false;
    this.#sink.reply(text);
  }

  #keep(bytes: Uint8Array): void {
    const needed = this.#tailLength + bytes.length;
    if (needed > DELIVERY_MOST) throw new RangeError(`a line of more than ${DELIVERY_MOST} bytes came`);
    if (needed > this.#tail.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#tail.length));
      larger.set(this.#tail.subarray(0, this.#tailLength));
      this.#tail = larger;
    }
    this.#tail.set(bytes, this.#tailLength);
    this.#tailLength = needed;
  }

  #takeTail(): Uint8Array {
    const length = this.#tailLength;
    this.#tailLength = 0;
    if (length <= TAIL_KEPT_MOST) return this.#tail.slice(0, length);
    const taken = this.#tail.subarray(0, length);
    this.#tail = new Uint8Array(256);
    return taken;
  }
}

/** Whether a read of a bare stream starts a new message, which ends the one before. */
function beginsMessage(chunk: Uint8Array, expecting: boolean): boolean {
  return chunk[0] === SHARP || (expecting && chunk[0] === UPPER_O && chunk[1] === UPPER_K);
}

function indexOfSpace(bytes: Uint8Array, end: number): number {
  for (let at = 0; at < end; at++) if (bytes[at] === SPACE) return at;
  return -1;
}
