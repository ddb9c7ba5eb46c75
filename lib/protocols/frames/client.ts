/**
 * The client's side of protocol v2: what a broker sends, taken apart, and publishes put together. Pure.
 *
 *     pub #a 3 h.lang=en⏎one⏎       ↔       a publish, and its delivery
 *                                   ←       ok 1000 level=memory subs=2⏎
 *     batch #a 1 13 seq=7 ts=1700000000000⏎ ←       the frames behind it are stored messages, this one is number 7
 *
 * A delivery to the same topic as the one before is recognised by comparing the bytes before its length; its
 * payload is not looked at, and nothing of it is copied unless it was cut by the end of a read.
 *
 * @module
 */
import type { BatchHeader } from "../../wire/batch.ts";
import { CR, LF, SPACE } from "../../wire/bytes.ts";
import { TopicNames } from "../../topics/topic_names.ts";

const ZERO = 0x30;
const EMPTY = new Uint8Array(0);
const PUB = [0x70, 0x75, 0x62, SPACE];
const BATCH = "batch ";
/** Bytes of a header: the most a broker can be set to take, and its LF. */
const HEADER_MOST = 1024 * 1024 + 1;
/** Bytes of a payload: the most a broker can be set to take. */
export const FRAME_PAYLOAD_MOST = 256 * 1024 * 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What {@link FrameClientDecoder.next} found. */
export enum FrameFound {
  /** Nothing more until the next push. */
  Nothing,
  /**
   * A message: `topic`, and `bytes` from `payloadStart` to `payloadEnd`; fields from `fieldsStart` to
   * `fieldsEnd`.
   */
  Delivery,
  /** As a delivery, of a durable topic: `seq` and `time` are its own. */
  Stored,
  /** `line` is one of the others: `ok`, `err`, `info`, `gap`, `pong`, `bye`. */
  Line,
  /** `problem`: what came is no frame, and what follows it cannot be understood. */
  Broken,
}

/** A frame without a payload. */
export type FrameLine =
  | { readonly verb: "ok"; readonly count: number; readonly receipt: FrameReceipt }
  | { readonly verb: "err" | "bye"; readonly code: string; readonly text: string }
  | { readonly verb: "info"; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly verb: "gap"; readonly pattern: string; readonly count: number }
  | { readonly verb: "pong" };

/** How far the last of some publishes got, as far as the broker says. */
export interface FrameReceipt {
  /** The sequence number a durable topic gave it. */
  readonly seq?: number;
  /** `memory`, `synced`, `engine`. */
  readonly level?: string;
  /** Subscribers that have it. */
  readonly subs?: number;
  /** Where a subscription begins, when what it asked for is no longer there. */
  readonly from?: number;
}

/**
 * Bytes in, frames out, wherever the reads happen to cut.
 *
 * - A chunk given to {@link push} must never be written to again: payloads are views of it. Take everything
 *   with {@link next} before the next push.
 * - Memory: one unfinished frame, at most {@link FRAME_PAYLOAD_MOST}.
 */
export class FrameClientDecoder {
  topic = "";
  bytes: Uint8Array = EMPTY;
  payloadStart = 0;
  payloadEnd = 0;
  /** Equal to `fieldsEnd`: there are none. */
  fieldsStart = 0;
  fieldsEnd = 0;
  /** The sequence number of a stored message, and when it was stored, milliseconds since 1970. */
  seq = 0;
  time = 0;
  line: FrameLine = { verb: "pong" };
  problem = "";

  readonly #topics = new TopicNames();
  /** `pub <topic> ` of the last delivery. */
  #head = EMPTY;
  #position = 0;
  #limit = 0;
  /** What came behind the frame that was cut by the read before. */
  #later = EMPTY as Uint8Array;
  #laterPosition = 0;
  /** The beginning of a frame. Its memory is given away with the frame. */
  #tail: Uint8Array<ArrayBuffer> = EMPTY;
  #tailLength = 0;
  /** Bytes of the frame in the tail, once its header is whole. */
  #needed = 0;
  #broken = false;
  /** Messages, and their bytes, that are still to come of a batch; and its topic. */
  #batchLeft = 0;
  #batchBytes = 0;
  #batchTopic = "";

  /** What one read gave. */
  push(chunk: Uint8Array): void {
    if (this.#broken) return;
    if (this.#tailLength === 0) return this.#take(chunk, 0);
    let at = 0;
    if (this.#needed === 0) {
      const lf = chunk.indexOf(LF);
      at = lf === -1 ? chunk.length : lf + 1;
      this.#keep(chunk.subarray(0, at));
      if (lf === -1) {
        if (this.#tailLength > HEADER_MOST) this.#break("a header without an end came");
        return;
      }
      this.#needed = this.#frameLength(this.#tail.subarray(0, this.#tailLength));
    }
    const more = chunk.subarray(at, at + this.#needed - this.#tailLength);
    this.#keep(more);
    if (this.#tailLength < this.#needed) return;
    this.#take(this.#tail.subarray(0, this.#tailLength), 0);
    this.#later = chunk;
    this.#laterPosition = at + more.length;
    this.#tail = EMPTY;
    this.#tailLength = this.#needed = 0;
  }

  /** Finds the next frame in what was pushed. */
  next(): FrameFound {
    for (;;) {
      if (this.#broken) return FrameFound.Broken;
      if (this.#position < this.#limit) {
        const found = this.#frame();
        if (found !== FrameFound.Nothing) return found;
        this.#keepRest();
      }
      if (this.#laterPosition >= this.#later.length) {
        this.#later = EMPTY;
        this.#laterPosition = 0;
        return FrameFound.Nothing;
      }
      this.#take(this.#later, this.#laterPosition);
      this.#laterPosition = this.#later.length;
    }
  }

  #take(bytes: Uint8Array, from: number): void {
    this.bytes = bytes;
    this.#position = from;
    this.#limit = bytes.length;
  }

  /** The frame at `#position`; Nothing: it is not whole. */
  #frame(): FrameFound {
    const { bytes } = this;
    const start = this.#position;
    const head = this.#head;
    let at = start;
    if (head.length > 0 && start + head.length < this.#limit) {
      let same = 0;
      while (same < head.length && bytes[at] === head[same]) {
        at++;
        same++;
      }
      if (same === head.length) return this.#delivery(at);
    }
    const lf = bytes.indexOf(LF, start);
    if (lf === -1) return FrameFound.Nothing;
    if (!isPub(bytes, start)) return this.#otherLine(lf);
    const topicEnd = bytes.indexOf(SPACE, start + PUB.length);
    if (topicEnd === -1 || topicEnd > lf) return this.#break("a delivery without a length came");
    this.#head = bytes.slice(start, topicEnd + 1);
    this.topic = this.#topics.of(bytes.subarray(start + PUB.length, topicEnd));
    return this.#delivery(topicEnd + 1);
  }

  /** A delivery whose length starts at `from`. */
  #delivery(from: number): FrameFound {
    const { bytes } = this;
    const limit = this.#limit;
    let at = from;
    let length = 0;
    let digit = (bytes[at] ?? LF) - ZERO;
    while (digit >= 0 && digit <= 9 && length <= FRAME_PAYLOAD_MOST) {
      length = 10 * length + digit;
      digit = (bytes[++at] ?? LF) - ZERO;
    }
    if (at >= limit) return FrameFound.Nothing;
    if (at === from || length > FRAME_PAYLOAD_MOST) {
      return this.#break(`a delivery of "${decoder.decode(bytes.subarray(from, at + 1))}…" bytes came`);
    }
    this.fieldsStart = this.fieldsEnd = at;
    if (bytes[at] !== LF) {
      if (bytes[at] !== SPACE && bytes[at] !== CR) return this.#break("a delivery without a length came");
      const lf = bytes.indexOf(LF, at);
      if (lf === -1) return FrameFound.Nothing;
      this.fieldsEnd = bytes[lf - 1] === CR ? lf - 1 : lf;
      at = lf;
    }
    const end = at + 1 + length;
    if (end >= limit) return FrameFound.Nothing;
    if (bytes[end] !== LF) return this.#break(`a delivery does not end after its ${length} bytes`);
    this.payloadStart = at + 1;
    this.payloadEnd = end;
    const start = this.#position;
    this.#position = end + 1;
    return this.#batchLeft > 0 ? this.#stored(end + 1 - start) : FrameFound.Delivery;
  }

  /** The next message of a batch: a frame of so many bytes. */
  #stored(bytes: number): FrameFound {
    this.#batchLeft--;
    this.#batchBytes -= bytes;
    if (this.topic !== this.#batchTopic) return this.#break("a batch holds a message to another topic");
    if (this.#batchLeft === 0 ? this.#batchBytes !== 0 : this.#batchBytes <= 0) {
      return this.#break("a batch is not as long as it says");
    }
    this.seq++;
    return FrameFound.Stored;
  }

  #otherLine(lf: number): FrameFound {
    const stop = this.bytes[lf - 1] === CR ? lf - 1 : lf;
    const text = decoder.decode(this.bytes.subarray(this.#position, stop));
    if (this.#batchLeft > 0) return this.#break(`"${text.slice(0, 100)}" came within a batch`);
    if (text.startsWith(BATCH)) return this.#beginBatch(text, lf + 1);
    const line = parseLine(text);
    if (line === undefined) return this.#break(`"${text.slice(0, 100)}" came`);
    this.#position = lf + 1;
    this.line = line;
    return FrameFound.Line;
  }

  /** What follows from `next` on are stored messages. */
  #beginBatch(text: string, next: number): FrameFound {
    const batch = parseBatch(text);
    if (batch === undefined) return this.#break(`"${text.slice(0, 100)}" came`);
    this.#batchTopic = batch.topic;
    this.#batchLeft = batch.count;
    this.#batchBytes = batch.length;
    this.seq = batch.first - 1;
    this.time = batch.time;
    this.#position = next;
    return next < this.#limit ? this.#frame() : FrameFound.Nothing;
  }

  /** Bytes of the frame whose header is given, LF and all. */
  #frameLength(header: Uint8Array): number {
    if (!isPub(header, 0)) return header.length;
    const digits = /^pub [^ ]* (\d{1,9})[ \r\n]/.exec(decoder.decode(header))?.[1];
    // where the length is wrong, the header is enough to say so
    if (digits === undefined || Number(digits) > FRAME_PAYLOAD_MOST) return header.length;
    return header.length + Number(digits) + 1;
  }

  /** Keeps the frame that is not whole for the next push. */
  #keepRest(): void {
    const { bytes } = this;
    const start = this.#position;
    const lf = bytes.indexOf(LF, start);
    this.#position = this.#limit;
    if (lf !== -1) this.#needed = this.#frameLength(bytes.subarray(start, lf + 1));
    this.#keep(bytes.subarray(start));
    if (lf === -1 && this.#tailLength > HEADER_MOST) this.#break("a header without an end came");
  }

  #keep(some: Uint8Array): void {
    const length = this.#tailLength + some.length;
    const wanted = this.#needed > 0 ? this.#needed : length;
    if (wanted > this.#tail.length) {
      const larger = new Uint8Array(Math.max(wanted, this.#needed > 0 ? 0 : 2 * this.#tail.length));
      larger.set(this.#tail.subarray(0, this.#tailLength));
      this.#tail = larger;
    }
    this.#tail.set(some, this.#tailLength);
    this.#tailLength = length;
  }

  #break(problem: string): FrameFound {
    this.#broken = true;
    this.problem = problem;
    return FrameFound.Broken;
  }
}

function isPub(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === PUB[0] && bytes[at + 1] === PUB[1] && bytes[at + 2] === PUB[2] &&
    bytes[at + 3] === SPACE;
}

function parseLine(text: string): FrameLine | undefined {
  const [verb = "", first = "", ...rest] = text.split(" ");
  switch (verb) {
    case "ok":
      return isCount(first) ? { verb, count: Number(first), receipt: receiptOf(rest) } : undefined;
    case "err":
    case "bye":
      return first === "" ? undefined : { verb, code: first, text: rest.join(" ") };
    case "gap":
      return isCount(rest[0] ?? "") ? { verb, pattern: first, count: Number(rest[0]) } : undefined;
    case "info":
      return { verb, fields: parseInfo(text.slice("info ".length)) };
    case "pong":
      return { verb };
    default:
      return undefined;
  }
}

/** `batch <topic> <COUNT> <LEN> seq=<first> ts=<ms>`; fields this version does not know are passed over. */
function parseBatch(text: string): BatchHeader | undefined {
  const [, topic = "", count = "", length = "", ...fields] = text.split(" ");
  const first = fields.find((field) => field.startsWith("seq="))?.slice("seq=".length) ?? "";
  const time = fields.find((field) => field.startsWith("ts="))?.slice("ts=".length) ?? "";
  if (topic === "" || Number(count) === 0 || ![count, length, first, time].every(isCount)) return undefined;
  return { topic, count: Number(count), length: Number(length), first: Number(first), time: Number(time) };
}

function receiptOf(fields: readonly string[]): FrameReceipt {
  let receipt: FrameReceipt = {};
  for (const field of fields) {
    const equals = field.indexOf("=");
    const value = field.slice(equals + 1);
    if (field.startsWith("level=")) receipt = { ...receipt, level: value };
    else if (!isCount(value)) continue;
    else if (field.startsWith("subs=")) receipt = { ...receipt, subs: Number(value) };
    else if (field.startsWith("seq=")) receipt = { ...receipt, seq: Number(value) };
    else if (field.startsWith("from=")) receipt = { ...receipt, from: Number(value) };
  }
  return receipt;
}

/** What is not JSON tells nothing: info never changes how the stream is read. */
function parseInfo(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isCount(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
