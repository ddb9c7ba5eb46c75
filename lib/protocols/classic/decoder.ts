/**
 * The broker's side of the classic protocol: bytes in, runs and requests out. No socket, no session, no
 * permission.
 *
 * A publish `<ID> pub <topic> <message>LF` is delivered as `#<topic> <message>LF` (C3), so decoding and
 * re-encoding are one move: what stands before the topic is cut out where the line lies, and consecutive
 * lines close up.
 *
 *     p1 pub #a one⏎p1 pub #a two⏎s1 foo⏎        as read
 *            #a one⏎#a two⏎                       one run of 2 messages, as every subscriber gets it
 *
 * A line of the same publisher to the same topic as the line before is recognised by comparing bytes, so that
 * a flood costs no parsing. Nothing is allocated per message.
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import type { WireCode } from "../../errors.ts";
import { CR, isAscii, LF, SHARP, SPACE } from "../../wire/bytes.ts";
import { endOfField, isPub } from "../header_bytes.ts";
import { type Decoder, Found, NO_ACKS, NO_REQUEST, type Request } from "../decoder.ts";
import { CLASSIC_LINES } from "./encoding.ts";

const LF_IN_EACH_BYTE = 0x0a0a0a0a;
const ONE_IN_EACH_BYTE = 0x01010101;
const HIGH_BIT_IN_EACH_BYTE = 0x80808080 | 0;
/** What is left of a window is looked at byte by byte from here on, which needs no words. */
const SHORT = 64;
/** The call that moves bytes costs as much as so many of them. */
const SHORT_MOVE = 96;
const NO_DELIVERY_YET = -1;
const EMPTY = new Uint8Array(0);
const NO_WORDS = new Int32Array(0);

/** Guarantees as {@link Decoder} says. A line is a request; an empty line is none (C1, C8). */
export class ClassicDecoder implements Decoder {
  /** A line says nowhere how long it will be. */
  readonly awaited = 0;
  start = 0;
  end = 0;
  count = 0;
  request: Request = NO_REQUEST;
  /** It has none. */
  readonly acks = NO_ACKS;
  refusal: WireCode = "UNKNOWN_COMMAND";
  readonly problem = "";

  readonly #lineMost: number;
  #buffer = EMPTY;
  /** The same memory in words. */
  #words = NO_WORDS;
  #position = 0;
  #limit = 0;
  /** Where the next delivery goes: behind the last one of this window. */
  #out = NO_DELIVERY_YET;
  /**
   * Bytes from `#position` on that were searched for an LF in vain, so that a trickled line is not searched
   * again.
   */
  #searched = 0;
  /** Inside a line that was refused for its length. */
  #skipping = false;

  /** `<ID> pub <topic> ` of the last publish: a line that starts with the same bytes needs no parsing. */
  #head = EMPTY;
  #headLength = 0;
  #topicAt = 0;
  #sharp = true;
  /** Where a line begins that was seen to start with another head, and the first byte there that differs. */
  #unlikeAt = -1;
  #unlikeFrom = 0;

  constructor(lineMost: number) {
    this.#lineMost = lineMost;
  }

  get head(): Uint8Array {
    return this.#head;
  }
  get topicStart(): number {
    return this.#topicAt;
  }
  get topicEnd(): number {
    return this.#headLength - 1;
  }
  /** Each with its `#`: it is put in where the line is cut. */
  readonly encoding = CLASSIC_LINES;
  readonly hasFields = false;
  readonly ttl = undefined;
  readonly delay = undefined;

  publisherId(): string {
    return decodeText(this.#head.subarray(0, this.#topicAt - " pub ".length)) ?? "";
  }

  get consumed(): number {
    return this.#position;
  }

  feed(buffer: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    if (buffer !== this.#buffer) {
      if (buffer.length % 4 !== 0) {
        throw new RangeError(`a buffer of ${buffer.length} bytes is no whole number of words`);
      }
      this.#buffer = buffer;
      this.#words = NO_WORDS;
    }
    this.#position = start;
    this.#limit = end;
    this.#unlikeAt = -1;
    this.#out = NO_DELIVERY_YET;
    buffer[end] = LF;
  }

  next(): Found {
    for (;;) {
      if (this.#skipping && !this.#skipLine()) return Found.Nothing;
      if (this.#position >= this.#limit) {
        // a connection that falls quiet does not keep what it asked last
        this.request = NO_REQUEST;
        return Found.Nothing;
      }
      if (this.#headLength === 0 && this.#isTls()) return this.#breakOff();
      if (this.#run(false) > 0) return Found.Publishes;
      if (this.#learnNext() && this.#run(true) > 0) return Found.Publishes;
      const lf = this.#findLf(this.#position);
      if (lf >= this.#limit) return this.#incomplete();
      const found = this.#otherLine(lf);
      if (found !== Found.Nothing) return found;
    }
  }

  passOver(code: WireCode): Found.Refused {
    this.#skipping = true;
    this.#searched = 0;
    return this.#refuse(code, this.#limit);
  }

  /**
   * Learns the topic of the next line where all that is before it is known, so that {@link #run} can take it:
   * the short way for topics that change. False: {@link #otherLine} judges the line.
   */
  #learnNext(): boolean {
    const line = this.#position;
    if (this.#unlikeAt !== line || this.#unlikeFrom < this.#topicAt) return false;
    const buffer = this.#buffer;
    const head = this.#head;
    let at = this.#unlikeFrom;
    this.#headLength = 0;
    // what is behind the window begins with an LF
    let byte = buffer[line + at]!;
    for (; byte > SPACE && at < head.length; byte = buffer[line + at]!) head[at++] = byte;
    if (byte !== SPACE || at >= head.length) return false;
    head[at++] = SPACE;
    this.#headLength = at;
    this.#sharp = head[this.#topicAt] === SHARP;
    return true;
  }

  /** Takes the lines that start with the known head, as far as they go. `first`: one does. */
  #run(first: boolean): number {
    const headLength = this.#headLength;
    if (headLength === 0 || this.#unlikeAt === this.#position && !first) return 0;
    const head = this.#head;
    const buffer = this.#buffer;
    const limit = this.#limit;
    const lineMost = this.#lineMost;
    const topicAt = this.#topicAt;
    const sharp = this.#sharp;
    let position = this.#position;
    let out = this.#out;
    let start = out;
    let count = 0;
    let known = first;
    while (position + headLength <= limit) {
      if (!known) {
        let same = 0;
        while (same < headLength && buffer[position + same] === head[same]) same++;
        if (same < headLength) {
          this.#unlikeAt = position;
          this.#unlikeFrom = same;
          break;
        }
      }
      known = false;
      const lf = this.#findLf(position + headLength);
      if (lf >= limit) break;
      const stop = buffer[lf - 1] === CR && lf > position + headLength ? lf - 1 : lf;
      if (stop - position > lineMost) break;
      const from = position + topicAt;
      // the first delivery of a window stays where it lies, those after it close up
      if (out === NO_DELIVERY_YET) start = out = sharp ? from : from - 1;
      if (!sharp) buffer[out++] = SHARP;
      if (out !== from) this.#moveDown(from, stop, out);
      out += stop - from;
      buffer[out++] = LF;
      count++;
      position = lf + 1;
      this.#searched = 0;
    }
    if (count === 0) return 0;
    this.#position = position;
    this.#out = out;
    this.start = start;
    this.end = out;
    this.count = count;
    return count;
  }

  /**
   * Moves what lies from `at` to before `stop` to `out`, which is before it. What is short is moved word by
   * word, each put together from two as in wire/line_copier.ts.
   */
  #moveDown(at: number, stop: number, out: number): void {
    const buffer = this.#buffer;
    if (stop - at > SHORT_MOVE) {
      buffer.copyWithin(out, at, stop);
      return;
    }
    for (; (out & 3) !== 0 && at < stop; at++) buffer[out++] = buffer[at]!;
    const words = this.#wordsOf(buffer);
    const shift = (at & 3) << 3;
    let word = at >> 2;
    let outWord = out >> 2;
    const end = outWord + Math.min(stop - at >> 2, words.length - word - 1);
    if (outWord < end) {
      const moved = end - outWord << 2;
      for (let low = words[word]!; outWord < end; outWord++) {
        const high = words[++word]!;
        // two shifts: one by 32 would be none
        words[outWord] = low >>> shift | high << 1 << 31 - shift;
        low = high;
      }
      at += moved;
      out += moved;
    }
    for (; at < stop; at++) buffer[out++] = buffer[at]!;
  }

  /**
   * Judges the line that ends at `lf`; Nothing means: go on, at `#position` (an empty line is past, or a head
   * is known now).
   */
  #otherLine(lf: number): Found {
    const buffer = this.#buffer;
    const line = this.#position;
    const stop = lf > line && buffer[lf - 1] === CR ? lf - 1 : lf;
    this.#searched = 0;
    if (stop === line) {
      this.#position = lf + 1;
      return Found.Nothing;
    }
    if (stop - line > this.#lineMost) return this.#refuse("LINE_TOO_LONG", lf + 1);
    const idEnd = endOfField(buffer, line, stop);
    const verbEnd = endOfField(buffer, idEnd + 1, stop);
    if (idEnd > line && verbEnd < stop && isPub(buffer, idEnd + 1)) {
      if (!isAscii(buffer, line, idEnd) && decodeText(buffer.subarray(line, idEnd)) === undefined) {
        return this.#refuse("BAD_UTF8", lf + 1);
      }
      const topicEnd = endOfField(buffer, verbEnd + 1, stop);
      this.#learnHead(line, verbEnd + 1, topicEnd);
      if (topicEnd === stop) return this.#publishWithoutMessage(lf);
      // the line is looked at again from its beginning, but not searched again for its end
      this.#searched = lf - line;
      return Found.Nothing;
    }
    const text = decodeText(buffer.subarray(line, stop));
    if (text === undefined) return this.#refuse("BAD_UTF8", lf + 1);
    const [id = "", verb = "", argument = "", ...fields] = text.trimEnd().split(" ");
    if (id === "") return this.#refuse("UNKNOWN_COMMAND", lf + 1);
    this.request = { id, verb, argument, fields };
    this.#position = lf + 1;
    return Found.Request;
  }

  /**
   * `p1 pub #hello`: no space, no message. The delivery has the space, as it tells a delivery from a reply.
   */
  #publishWithoutMessage(lf: number): Found {
    const length = this.#headLength - this.#topicAt;
    let out = this.#out === NO_DELIVERY_YET ? this.#position : this.#out;
    this.start = out;
    if (!this.#sharp) this.#buffer[out++] = SHARP;
    this.#buffer.set(this.#head.subarray(this.#topicAt, this.#headLength), out);
    out += length;
    this.#buffer[out++] = LF;
    this.end = this.#out = out;
    this.count = 1;
    this.#position = lf + 1;
    return Found.Publishes;
  }

  /** Remembers `<ID> pub <topic>` with a space behind it. */
  #learnHead(line: number, topicStart: number, topicEnd: number): void {
    const length = topicEnd - line + 1;
    if (this.#head.length < length) this.#head = new Uint8Array(Math.max(64, 2 * length));
    for (let at = 0; at < length - 1; at++) this.#head[at] = this.#buffer[line + at]!;
    this.#head[length - 1] = SPACE;
    this.#headLength = length;
    this.#unlikeAt = -1;
    this.#topicAt = topicStart - line;
    this.#sharp = this.#head[this.#topicAt] === SHARP;
  }

  /**
   * The LF at or after `from`; the one at `#limit` stops the search. Four bytes at a time: a word holds an LF
   * where subtracting one from each byte of (word xor LF in each byte) borrows from a byte that is zero. (The
   * test is from Alan Mycroft, 1987; see Warren, Hacker's Delight, 6-1.) At message sizes this beats both a
   * byte loop and `indexOf`.
   */
  #findLf(from: number): number {
    const buffer = this.#buffer;
    let at = Math.max(from, this.#position + this.#searched);
    const end = this.#limit - at < SHORT ? this.#limit + 1 : (at + 3) & ~3;
    for (; at < end; at++) if (buffer[at] === LF) return at;
    const words = this.#wordsOf(buffer);
    let word = at >> 2;
    for (;; word++) {
      const differs = words[word]! ^ LF_IN_EACH_BYTE;
      if (((differs - ONE_IN_EACH_BYTE) & ~differs & HIGH_BIT_IN_EACH_BYTE) !== 0) break;
    }
    at = word << 2;
    while (buffer[at] !== LF) at++;
    return at;
  }

  /**
   * Made when a line needs it: a quiet connection's short requests do not, and there may be many of those.
   */
  #wordsOf(buffer: Uint8Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
    if (this.#words === NO_WORDS) {
      this.#words = new Int32Array(buffer.buffer, buffer.byteOffset, buffer.length >> 2);
    }
    return this.#words;
  }

  /**
   * The rest of the window is the beginning of a line: wait for more of it, unless it is too long already.
   */
  #incomplete(): Found {
    this.#searched = this.#limit - this.#position;
    // one byte more may be the CR before the LF
    if (this.#searched <= this.#lineMost + 1) return Found.Nothing;
    this.#skipping = true;
    this.#searched = 0;
    return this.#refuse("LINE_TOO_LONG", this.#limit);
  }

  /** Passes over the rest of a refused line; false: its end is not in this window. */
  #skipLine(): boolean {
    const lf = this.#findLf(this.#position);
    this.#skipping = lf >= this.#limit;
    this.#position = this.#skipping ? this.#limit : lf + 1;
    return !this.#skipping;
  }

  /** A handshake of TLS, in any version of it; no id looks like that (C14). */
  #isTls(): boolean {
    return this.#buffer[this.#position] === 0x16 && this.#buffer[this.#position + 1] === 3;
  }

  #breakOff(): Found.Broken {
    this.refusal = "NO_TLS";
    this.#position = this.#limit;
    return Found.Broken;
  }

  #refuse(code: WireCode, position: number): Found.Refused {
    this.refusal = code;
    this.#position = position;
    return Found.Refused;
  }
}
