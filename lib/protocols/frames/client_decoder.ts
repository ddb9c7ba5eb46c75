/**
 * What a broker sends in protocol v2, taken apart. Pure.
 *
 *     pub #a 3 h.lang=en⏎one⏎                    a delivery
 *     ok 1000 level=memory subs=2⏎               an answer
 *     batch #a 1 13 seq=7 ts=1700000000000⏎      stored messages follow, the first is number 7
 *     batch #a 1 13 group=workers⏎               what a member of a group gets follows
 *
 * A delivery to the same topic as the one before is recognised by comparing the bytes before its length; its
 * payload is not looked at, and nothing of it is copied unless it was cut by the end of a read.
 *
 * @module
 */
import { LARGEST_LIMITS } from "../../limits.ts";
import { TopicNames } from "../../topics/topic_names.ts";
import { CR, LF, SPACE } from "../../wire/bytes.ts";
import * as decimals from "../../wire/decimals.ts";
import { isPub } from "../header_bytes.ts";
import { ClientBatch, isBatch } from "./client_batch.ts";
import { type FrameLine, parseLine } from "./client_lines.ts";
import { CutFrame } from "./cut_frame.ts";

// its own, for its loop over bytes: see wire/records.ts
const { NINE, ZERO } = decimals;
const EMPTY = new Uint8Array(0);
const PUB = "pub ".length;
/** Bytes of a payload. */
const PAYLOAD_MOST = LARGEST_LIMITS.payload;

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
  /** As a delivery, for a member of `group`; with `seq` and `time`, where the topic is durable. */
  Shared,
  /** `line` is one of the others: `ok`, `err`, `info`, `gap`, `pong`, `bye`. */
  Line,
  /** `problem`: what came is no frame, and what follows it cannot be understood. */
  Broken,
}

/**
 * Bytes in, frames out, wherever the reads happen to cut.
 *
 * - A chunk given to {@link push} must never be written to again: payloads are views of it. Take everything
 *   with {@link next} before the next push.
 * - Memory: one unfinished frame, with at most the largest payload a broker can be set to take.
 */
export class FrameClientDecoder {
  topic = "";
  bytes: Uint8Array = EMPTY;
  payloadStart = 0;
  payloadEnd = 0;
  /** Equal to `fieldsEnd`: there are none. */
  fieldsStart = 0;
  fieldsEnd = 0;
  /**
   * The sequence number of a stored message, and when it was stored, milliseconds since 1970; -1 for a shared
   * one of a topic in memory.
   */
  seq = 0;
  time = 0;
  /** The group of a shared message, and how often it has been given out with this time. */
  group = "";
  attempt = 1;
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
  readonly #cut = new CutFrame();
  #broken = false;
  readonly #batch = new ClientBatch(this.#topics);
  /** Messages, and their bytes, that are still to come of the batch. */
  #batchLeft = 0;
  #batchBytes = 0;

  /** Whether what came so far ends within a frame or a batch. */
  get unfinished(): boolean {
    return !this.#broken && (this.#cut.length > 0 || this.#batchLeft > 0);
  }

  /** What one read gave. */
  push(chunk: Uint8Array): void {
    if (this.#broken) return;
    const cut = this.#cut;
    if (cut.length === 0) return this.#take(chunk, 0);
    const own = cut.goOn(chunk);
    if (cut.endless) this.#break("a header without an end came");
    if (!cut.whole) return;
    this.#take(cut.take(), 0);
    this.#later = chunk;
    this.#laterPosition = own;
  }

  /** Finds the next frame in what was pushed. */
  next(): FrameFound {
    for (;;) {
      if (this.#broken) return FrameFound.Broken;
      if (this.#position < this.#limit) {
        const found = this.#frame();
        if (found !== FrameFound.Nothing) return found;
        this.#keepRest();
        continue;
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
    const topicEnd = bytes.indexOf(SPACE, start + PUB);
    if (topicEnd === -1 || topicEnd > lf) return this.#break("a delivery without a length came");
    this.#head = bytes.slice(start, topicEnd + 1);
    this.topic = this.#topics.of(bytes.subarray(start + PUB, topicEnd));
    return this.#delivery(topicEnd + 1);
  }

  /** A delivery whose length starts at `from`. */
  #delivery(from: number): FrameFound {
    const { bytes } = this;
    const limit = this.#limit;
    let at = from;
    let length = 0;
    let digit = bytes[at] ?? LF;
    while (digit >= ZERO && digit <= NINE && length <= PAYLOAD_MOST) {
      length = 10 * length + digit - ZERO;
      digit = bytes[++at] ?? LF;
    }
    if (at >= limit) return FrameFound.Nothing;
    if (at === from || length > PAYLOAD_MOST) {
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
    return this.#batchLeft > 0 ? this.#ofBatch(end + 1 - start) : FrameFound.Delivery;
  }

  /** The next message of a batch: a frame of so many bytes. */
  #ofBatch(bytes: number): FrameFound {
    const batch = this.#batch;
    this.#batchLeft--;
    this.#batchBytes -= bytes;
    if (this.topic !== batch.topic) return this.#break("a batch holds a message to another topic");
    if (this.#batchLeft === 0 ? this.#batchBytes !== 0 : this.#batchBytes <= 0) {
      return this.#break("a batch is not as long as it says");
    }
    if (batch.first >= 0) this.seq++;
    return batch.group === undefined ? FrameFound.Stored : FrameFound.Shared;
  }

  #otherLine(lf: number): FrameFound {
    const { bytes } = this;
    const start = this.#position;
    const stop = bytes[lf - 1] === CR ? lf - 1 : lf;
    if (this.#batchLeft === 0 && isBatch(bytes, start) && this.#batch.read(bytes, start, stop)) {
      return this.#beginBatch(lf + 1);
    }
    const text = decoder.decode(bytes.subarray(start, stop));
    if (this.#batchLeft > 0) return this.#break(`"${text.slice(0, 100)}" came within a batch`);
    const line = parseLine(text);
    if (line === undefined) return this.#break(`"${text.slice(0, 100)}" came`);
    this.#position = lf + 1;
    this.line = line;
    return FrameFound.Line;
  }

  /** What follows from `next` on are its messages. */
  #beginBatch(next: number): FrameFound {
    const { count, length, first, time, group, attempt } = this.#batch;
    this.#batchLeft = count;
    this.#batchBytes = length;
    this.seq = first >= 0 ? first - 1 : first;
    this.time = time;
    this.attempt = attempt;
    if (group !== undefined) this.group = group;
    this.#position = next;
    return next < this.#limit ? this.#frame() : FrameFound.Nothing;
  }

  /** Keeps the frame that is not whole for the next push. */
  #keepRest(): void {
    this.#cut.begin(this.bytes.subarray(this.#position));
    this.#position = this.#limit;
    if (this.#cut.endless) this.#break("a header without an end came");
  }

  #break(problem: string): FrameFound {
    this.#broken = true;
    this.problem = problem;
    return FrameFound.Broken;
  }
}
