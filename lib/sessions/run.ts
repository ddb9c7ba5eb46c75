/**
 * A run and its forms.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../buffers.ts";
import type { Form, Level, Place, Route, Run } from "../engine/types.ts";
import type { IdSpan } from "../id_spans.ts";
import { encodeBatchHeader } from "../wire/batch.ts";
import { RecordReader } from "../wire/records.ts";
import {
  classicRoom,
  type Deliveries,
  framesRoom,
  sharpsRoom,
  toClassic,
  toFrames,
  without,
  withSharps,
} from "../wire/convert.ts";
import { idSpansOf } from "../wire/record_fields.ts";
import { refusal } from "./refusal.ts";
import type { Success } from "./replies.ts";
import type { Ticket } from "./reply_queue.ts";

/** How deliveries are written anew. */
interface Conversion {
  readonly room: (from: Deliveries) => number;
  readonly write: (from: Deliveries, out: Uint8Array) => number;
}

const TO_CLASSIC: Conversion = { room: classicRoom, write: toClassic };
const TO_FRAMES: Conversion = { room: framesRoom, write: toFrames };
const WITH_SHARPS: Conversion = { room: sharpsRoom, write: withSharps };

/** What is known of a run besides where it lies. */
export interface RunOptions {
  readonly route: Route;
  readonly form: Form;
  readonly count: number;
  readonly pool: ChunkPool;
  /** Frames whose topic lacks its `#` are written anew, once. */
  readonly canonical: boolean;
  readonly hasFields: boolean;
  /** Milliseconds for which they are worth delivering, from `now` on. */
  readonly ttl?: number | undefined;
  readonly now?: number | undefined;
  /** How safe a message is that is stored. */
  readonly storedLevel: Level;
}

/**
 * Deliveries in the form they came in, and in another one from when somebody asks for it. Who makes one calls {@link release} when
 * it has been delivered; outboxes keep what they need by the chunk's own count. As a reply it says how far its messages got.
 */
export class MessageRun implements Run, Success {
  readonly route: Route;
  count: number;
  reached: number | undefined = 0;
  place: Place | undefined;
  repeats = false;
  /** Answers its publisher, where that cannot be done at once. */
  ticket: Ticket | undefined;
  readonly #options: RunOptions;
  #own: Slice;
  #other: Slice | undefined;
  #batch: Slice | undefined;
  /** Undefined: not looked for yet. */
  #ids: readonly IdSpan[] | undefined;
  /** Chunks made here. */
  #made: Chunk[] | undefined;
  #kept: Chunk | undefined;

  constructor(slice: Slice, options: RunOptions) {
    this.route = options.route;
    this.count = options.count;
    this.#options = options;
    this.#own = options.canonical ? slice : this.#convert(slice, WITH_SHARPS);
  }

  get level(): Level {
    // one whose messages were all stored before has no place of its own
    return this.place === undefined && this.count > 0 ? "memory" : this.#options.storedLevel;
  }

  get last(): number | undefined {
    return this.place === undefined ? undefined : this.place.first + this.count - 1;
  }

  as(form: Form): Slice {
    if (form === this.#options.form) return this.#own;
    if (form === "batch") return this.#batch ??= this.#behindHeader();
    return this.#other ??= this.#convert(this.#own, form === "classic" ? TO_CLASSIC : TO_FRAMES);
  }

  batchFrom(sequence: number): Slice {
    return this.#behindHeader(Math.max(0, sequence - (this.place?.first ?? sequence)));
  }

  get ttl(): number | undefined {
    return this.#options.ttl;
  }

  get expires(): number | undefined {
    const { ttl, now } = this.#options;
    return ttl === undefined || now === undefined ? undefined : now + ttl;
  }

  get ids(): readonly IdSpan[] | undefined {
    if (!this.#options.hasFields) return undefined;
    this.#ids ??= idSpansOf(this.#deliveries(this.#own));
    return this.#ids.length > 0 ? this.#ids : undefined;
  }

  omit(positions: ReadonlySet<number>): void {
    const from = this.#deliveries(this.#own);
    const made = this.#take(from.end - from.start);
    this.#own = new Slice(made, 0, without(from, positions, made.bytes));
    this.#other = this.#batch = this.#ids = undefined;
    this.count -= positions.size;
    this.repeats = true;
  }

  keep(): void {
    this.#kept = this.#own.chunk;
    this.#kept.retain();
  }

  settle(refused?: string): void {
    this.ticket?.settle(refused === undefined ? this : refusal("STORE", refused));
    this.release();
  }

  /** Lets go of what was made or kept here. */
  release(): void {
    this.#kept?.release();
    this.#kept = undefined;
    if (this.#made === undefined) return;
    for (const chunk of this.#made) chunk.release();
    this.#made = undefined;
  }

  #deliveries({ chunk, start, end }: Slice): Deliveries {
    const { count, route: { topicBytes } } = this;
    return { bytes: chunk.bytes, start, end, count, topicBytes };
  }

  #convert(slice: Slice, how: Conversion): Slice {
    const from = this.#deliveries(slice);
    const made = this.#take(how.room(from));
    return new Slice(made, 0, how.write(from, made.bytes));
  }

  /** Its messages without the first `left`, behind a header that says where they are stored. */
  #behindHeader(left = 0): Slice {
    const { view } = this.as("frames");
    const { topic, topicBytes } = this.route;
    const reader = new RecordReader({ bytes: view, start: 0, end: view.length, topicBytes });
    reader.skip(left);
    const from = reader.end;
    const length = view.length - from;
    const { first, time } = this.place ?? { first: 0, time: 0 };
    const count = this.count - left;
    const header = encodeBatchHeader({ topic, count, length, first: first + left, time });
    const made = this.#take(header.length + length);
    made.bytes.set(header);
    made.bytes.set(view.subarray(from), header.length);
    return new Slice(made, 0, header.length + length);
  }

  #take(size: number): Chunk {
    const made = this.#options.pool.take(size);
    (this.#made ??= []).push(made);
    return made;
  }
}
