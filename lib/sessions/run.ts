/**
 * A run and its forms.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../buffers.ts";
import type { Form, Level, Place, Route, Run } from "../engine/types.ts";
import { encodeBatchHeader } from "../wire/batch.ts";
import {
  classicRoom,
  type Deliveries,
  framesRoom,
  idsOf,
  sharpsRoom,
  toClassic,
  toFrames,
  without,
  withSharps,
} from "../wire/convert.ts";

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
  /** Answers its publisher, where that cannot be done at once. */
  ticket: Ticket | undefined;
  readonly #options: RunOptions;
  #own: Slice;
  #other: Slice | undefined;
  #batch: Slice | undefined;
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
    if (form === "batch") return this.#batch ??= this.#withHeader();
    return this.#other ??= this.#convert(this.#own, form === "classic" ? TO_CLASSIC : TO_FRAMES);
  }

  get ids(): readonly (string | undefined)[] | undefined {
    if (!this.#options.hasFields) return undefined;
    const ids = idsOf(this.#deliveries(this.#own));
    return ids.some((id) => id !== undefined) ? ids : undefined;
  }

  omit(positions: ReadonlySet<number>): void {
    const from = this.#deliveries(this.#own);
    const made = this.#take(from.end - from.start);
    this.#own = new Slice(made, 0, without(from, positions, made.bytes));
    this.#other = this.#batch = undefined;
    this.count -= positions.size;
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

  /** The frames behind a header that says where they are stored. */
  #withHeader(): Slice {
    const frames = this.as("frames");
    const length = frames.end - frames.start;
    const { first, time } = this.place ?? { first: 0, time: 0 };
    const header = encodeBatchHeader({ topic: this.route.topic, count: this.count, length, first, time });
    const made = this.#take(header.length + length);
    made.bytes.set(header);
    made.bytes.set(frames.view, header.length);
    return new Slice(made, 0, header.length + length);
  }

  #take(size: number): Chunk {
    const made = this.#options.pool.take(size);
    (this.#made ??= []).push(made);
    return made;
  }
}
