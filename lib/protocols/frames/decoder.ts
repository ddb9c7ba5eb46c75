/**
 * The broker's side of protocol v2: bytes in, runs and requests out.
 *
 * A publish is a header line and a counted payload (V3), and a delivery is the very same bytes (V1):
 *
 *     pub #a 3⏎one⏎pub #a 5⏎t⏎w⏎o⏎ping⏎
 *     └──── run of 2, as it lies ──┘
 *
 * A frame to the same topic as the one before is recognised by comparing the bytes before its length; its
 * payload is not looked at. Nothing is copied, nothing is allocated per message.
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import type { WireCode } from "../../errors.ts";
import { CR, LF, SHARP, SPACE } from "../../wire/bytes.ts";
import { ID_BYTES_MOST, RUN_FIELDS_MOST } from "../../limits.ts";
import { TimedFields } from "./timed_fields.ts";
import { endOfField, frameBytes, isPub } from "../header_bytes.ts";
import { type Acks, type Decoder, Found, NO_ACKS, NO_REQUEST, type Request } from "../decoder.ts";
import { AckReader, isAck } from "./ack_reader.ts";
import { isId, isTimed, mayBeTimed } from "./field_names.ts";
import { type Encoding, RECORDS, RECORDS_WITHOUT_SHARP } from "../../wire/encoding.ts";
import * as decimals from "../../wire/decimals.ts";
import { type Delay, isSameDelay } from "../../wire/delay.ts";
import { FIELDS_PROBLEM, isWritten, UNWRITTEN_PROBLEM } from "../../wire/fields.ts";

// its own, for its loops over bytes: see wire/records.ts
const { NINE, ZERO } = decimals;
const EQUALS = 0x3d;
/** Digits of a length that is read: see {@link decimals.readDecimal}. */
const LENGTH_DIGITS_MOST = 15;
const DEL = 0x7f;
const TOPIC_AT = "pub ".length;
const EMPTY = new Uint8Array(0);

/** What limits a frame. */
export interface FrameLimits {
  /** Bytes of a header line without its LF. */
  readonly line: number;
  /** Bytes of a payload. */
  readonly payload: number;
}

/** Verbs without a payload; any other verb might have one, so behind it the stream cannot be trusted. */
const LINE_VERBS: ReadonlySet<string> = new Set([
  "sub",
  "unsub",
  "ack",
  "nack",
  "extend",
  "ping",
  "quit",
  "hello",
]);

/**
 * Guarantees as {@link Decoder} says. A payload over the limit is passed over without being kept; a header
 * that cannot be understood is {@link Found.Broken}, and nothing is found after that (V6).
 */
export class FrameDecoder implements Decoder {
  start = 0;
  end = 0;
  count = 0;
  request: Request = NO_REQUEST;
  refusal: WireCode = "UNKNOWN_COMMAND";
  problem = "";
  hasFields = false;
  ttl: number | undefined = undefined;
  delay: Delay | undefined = undefined;

  readonly #limits: FrameLimits;
  /** Of those who never acknowledge there is none. */
  #acks: AckReader | undefined;
  #buffer = EMPTY;
  #position = 0;
  #limit = 0;
  /** Bytes of a refused payload that are still to come. */
  #skip = 0;
  #broken = false;

  /** Of the fields that {@link #fieldsEnd} looked at last. */
  readonly #times = new TimedFields();
  /** Whether any is one of {@link #times}. */
  #fieldsTimed = false;
  #fieldsProblem = "";

  /** `pub <topic> ` of the last publish; of no length while none is known. */
  #head = EMPTY;
  #headLength = 0;
  /** Where a frame begins that was seen to start with another head, and the first byte there that differs. */
  #unlikeAt = -1;
  #unlikeFrom = 0;

  constructor(limits: FrameLimits) {
    this.#limits = limits;
  }

  get head(): Uint8Array {
    return this.#head;
  }
  get topicStart(): number {
    return TOPIC_AT;
  }
  get topicEnd(): number {
    return this.#headLength - 1;
  }
  get encoding(): Encoding {
    return this.#head[this.topicStart] === SHARP ? RECORDS : RECORDS_WITHOUT_SHARP;
  }
  get acks(): Acks {
    return this.#acks ?? NO_ACKS;
  }
  /** A frame does not say it; `hello` has. */
  publisherId(): string {
    return "";
  }
  get consumed(): number {
    return this.#position;
  }

  feed(buffer: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    this.#buffer = buffer;
    this.#position = start;
    this.#limit = end;
    this.#unlikeAt = -1;
    buffer[end] = LF;
  }

  next(): Found {
    for (;;) {
      if (this.#skip > 0) {
        const some = Math.min(this.#skip, this.#limit - this.#position);
        this.#skip -= some;
        this.#position += some;
      }
      if (this.#position >= this.#limit || this.#broken) {
        // a connection that falls quiet does not keep what it asked last
        this.request = NO_REQUEST;
        return Found.Nothing;
      }
      if (this.#run(false) > 0) return Found.Publishes;
      if (this.#learnNext() && this.#run(true) > 0) return Found.Publishes;
      if (isAck(this.#buffer, this.#position) && this.#readAcks()) return Found.Acks;
      const found = this.#otherFrame();
      if (found !== undefined) return found;
    }
  }

  get awaited(): number {
    return frameBytes(this.#buffer, { header: this.#position, limit: this.#limit });
  }

  passOver(code: WireCode, problem: string): Found.Refused | Found.Broken {
    const frame = this.awaited;
    // without its length it is not known where it ends
    if (frame === 0) return this.#break(code, problem);
    return this.#refuse(code, { problem, frame: this.#position + frame });
  }

  /**
   * Learns `pub <topic> ` where the next frame begins, so that {@link #run} can take it: the short way for
   * topics that change. False: {@link #otherFrame} judges the frame.
   */
  #learnNext(): boolean {
    const buffer = this.#buffer;
    const header = this.#position;
    let at = this.#unlikeAt === header ? this.#unlikeFrom : 0;
    if (at < TOPIC_AT) {
      if (!isPub(buffer, header)) return false;
      if (this.#head.length === 0) this.#learnHead(header, header + TOPIC_AT - 1);
      at = TOPIC_AT;
    }
    const head = this.#head;
    const most = Math.min(head.length, this.#limits.line - LENGTH_DIGITS_MOST);
    this.#headLength = 0;
    // what is behind the window begins with an LF
    let byte = buffer[header + at]!;
    for (; byte > SPACE && at < most; byte = buffer[header + at]!) head[at++] = byte;
    if (byte !== SPACE || at >= most) return false;
    head[at++] = SPACE;
    this.#headLength = at;
    return true;
  }

  /** Takes the frames that start with the known head and are whole, as far as they go. `first`: one does. */
  #run(first: boolean): number {
    const headLength = this.#headLength;
    let position = this.#position;
    if (headLength === 0 || this.#unlikeAt === position && !first) return 0;
    const buffer = this.#buffer;
    const head = this.#head;
    const limit = this.#limit;
    const payloadMost = this.#limits.payload;
    const start = position;
    let count = 0;
    let withFields = 0;
    let known = first;
    /** Whether those of the run are not worth delivering for ever, or not yet. */
    let timed = false;
    this.hasFields = false;
    this.ttl = undefined;
    this.delay = undefined;
    while (position + headLength < limit) {
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
      let at = position + headLength;
      let byte = buffer[at]!;
      let length = byte - ZERO;
      if (length < 0 || length > 9) break;
      const leadingZero = length === 0;
      byte = buffer[++at]!;
      while (byte >= ZERO && byte <= NINE && length <= payloadMost) {
        length = 10 * length + byte - ZERO;
        byte = buffer[++at]!;
      }
      if (byte !== LF || (leadingZero && at !== position + headLength + 1)) {
        if (byte !== SPACE && byte !== CR) break;
        at = this.#fieldsEnd(position, at);
        if (at < 0) break;
      }
      const payloadEnd = at + 1 + length;
      if (length > payloadMost || payloadEnd >= limit || buffer[payloadEnd] !== LF) break;
      if (byte === LF || !this.#fieldsTimed) {
        if (timed) break;
      } else {
        const { ttl, delay } = this.#times;
        if (count > 0 && (ttl !== this.ttl || !timed || !isSameDelay(delay, this.delay))) break;
        this.ttl = ttl;
        this.delay = delay;
        timed = true;
      }
      count++;
      position = payloadEnd + 1;
      if (byte !== LF) {
        this.hasFields = true;
        if (++withFields === RUN_FIELDS_MOST) break;
      }
    }
    this.#position = position;
    this.start = start;
    this.end = position;
    this.count = count;
    return count;
  }

  /**
   * The LF of a header whose length is followed by `at`, if all that is between are fields `k=v`; otherwise
   * -1.
   */
  #fieldsEnd(header: number, at: number): number {
    const buffer = this.#buffer;
    let place = at;
    this.#fieldsTimed = false;
    this.#fieldsProblem = FIELDS_PROBLEM;
    for (;;) {
      const stop = place;
      if (buffer[place] === CR && buffer[place + 1] === LF) place++;
      if (buffer[place] === LF) {
        return place < this.#limit && stop - header <= this.#limits.line ? place : -1;
      }
      if (buffer[place] !== SPACE) {
        this.#fieldsProblem = UNWRITTEN_PROBLEM;
        return -1;
      }
      const key = ++place;
      let equals = -1;
      let odd = false;
      // a control character ends it as a space does, and is seen to be none above; what is not ASCII is rare
      for (let byte = buffer[place]!; byte > SPACE; byte = buffer[++place]!) {
        if (byte === EQUALS && equals < 0) equals = place;
        else if (byte >= DEL) odd = true;
      }
      if (equals <= key) return -1;
      if (odd && !isWritten(buffer.subarray(key, place))) {
        this.#fieldsProblem = UNWRITTEN_PROBLEM;
        return -1;
      }
      if (equals === key + 2 && place - equals > ID_BYTES_MOST + 1 && isId(buffer, key)) {
        this.#fieldsProblem = `id= has at most ${ID_BYTES_MOST} bytes, this one ${place - equals - 1}`;
        return -1;
      }
      if (mayBeTimed(buffer[key]!) && isTimed(buffer, key, equals)) {
        if (!this.#takeTimed(equals, place)) return -1;
      }
    }
  }

  /** Takes the `ack` requests there; false: {@link #otherFrame} judges the first. */
  #readAcks(): boolean {
    const start = this.#position;
    const { line } = this.#limits;
    this.#position = (this.#acks ??= new AckReader()).read(this.#buffer, start, { limit: this.#limit, line });
    return this.#position > start;
  }

  /** By itself: what is rare would make the loop that calls it too long to be compiled into another. */
  #takeTimed(equals: number, end: number): boolean {
    const wrong = this.#times.take(this.#buffer, { equals, end, first: !this.#fieldsTimed });
    this.#fieldsTimed = true;
    if (wrong !== undefined) this.#fieldsProblem = wrong;
    return wrong === undefined;
  }

  /** Judges the frame at `#position`; undefined: go on, its head is known now or it has been passed over. */
  #otherFrame(): Found | undefined {
    const buffer = this.#buffer;
    const header = this.#position;
    const lf = buffer.indexOf(LF, header);
    if (lf >= this.#limit) {
      if (this.#limit - header <= this.#limits.line + 1) return Found.Nothing;
      return this.#break("LINE_TOO_LONG", `a header has at most ${this.#limits.line} bytes`);
    }
    const stop = lf > header && buffer[lf - 1] === CR ? lf - 1 : lf;
    if (stop - header > this.#limits.line) {
      return this.#break("LINE_TOO_LONG", `a header has at most ${this.#limits.line} bytes`);
    }
    if (stop === header) {
      this.#position = lf + 1;
      return undefined;
    }
    if (isPub(buffer, header)) return this.#otherPublish(header, { stop, lf });
    const text = decodeText(buffer.subarray(header, stop));
    if (text === undefined) return this.#break("BAD_UTF8", "a header is UTF-8");
    const [verb = "", argument = "", ...fields] = text.trimEnd().split(" ");
    if (!LINE_VERBS.has(verb)) return this.#break("UNKNOWN_COMMAND", "no such verb");
    this.#position = lf + 1;
    this.request = { id: "", verb, argument, fields };
    return Found.Request;
  }

  /** A publish that is not like the one before, not whole yet, or wrong. */
  #otherPublish(header: number, ends: { stop: number; lf: number }): Found | undefined {
    const { stop, lf } = ends;
    const buffer = this.#buffer;
    const topicEnd = endOfField(buffer, header + 4, stop);
    const lengthEnd = endOfField(buffer, topicEnd + 1, stop);
    const length = decimals.readDecimal(buffer, topicEnd + 1, lengthEnd);
    if (length < 0) {
      return this.#break(
        "BAD_LENGTH",
        "pub <topic> <LEN>: the length of the payload in bytes, a decimal number",
      );
    }
    if (length > this.#limits.payload) {
      return this.#refuse("PAYLOAD_TOO_LARGE", {
        problem: `a payload has at most ${this.#limits.payload} bytes, this one ${length}`,
        frame: lf + 1 + length + 1,
      });
    }
    if (lf + 1 + length >= this.#limit) return Found.Nothing;
    if (buffer[lf + 1 + length] !== LF) {
      return this.#break("BAD_LENGTH", `an LF follows the payload of ${length} bytes, here it does not`);
    }
    const fieldsEnd = lengthEnd === stop ? lf : this.#fieldsEnd(header, lengthEnd);
    if (fieldsEnd < 0) {
      return this.#refuse("BAD_FIELD", { problem: this.#fieldsProblem, frame: lf + 1 + length + 1 });
    }
    this.#learnHead(header, topicEnd);
    return undefined;
  }

  #learnHead(header: number, topicEnd: number): void {
    const length = topicEnd - header + 1;
    if (this.#head.length < length) this.#head = new Uint8Array(Math.max(64, 2 * length));
    // a loop: heads are short, and a view of one costs more than to copy it
    for (let at = 0; at < length; at++) this.#head[at] = this.#buffer[header + at]!;
    this.#headLength = length;
    this.#unlikeAt = -1;
  }

  /** Passes over the frame that ends at `frame`, as much of it as is there and the rest as it comes. */
  #refuse(code: WireCode, what: { problem: string; frame: number }): Found.Refused {
    this.refusal = code;
    this.problem = what.problem;
    const end = Math.min(what.frame, this.#limit);
    this.#skip = what.frame - end;
    this.#position = end;
    return Found.Refused;
  }

  #break(code: WireCode, problem: string): Found.Broken {
    this.#broken = true;
    this.#position = this.#limit;
    this.refusal = code;
    this.problem = problem;
    return Found.Broken;
  }
}
