/**
 * A run and its forms.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../buffers.ts";
import type { Form, Route, Run } from "../engine/types.ts";
import {
  classicRoom,
  type Deliveries,
  framesRoom,
  sharpsRoom,
  toClassic,
  toFrames,
  withSharps,
} from "../wire/convert.ts";

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
}

/**
 * Deliveries in the form they came in, and in the other one from when somebody asks for it. Who makes one calls {@link release}
 * when it has been published; outboxes keep what they need by the chunk's own count.
 */
export class MessageRun implements Run {
  readonly route: Route;
  readonly count: number;
  reached = 0;
  readonly #form: Form;
  readonly #pool: ChunkPool;
  readonly #own: Slice;
  #other: Slice | undefined;
  /** Chunks made here. */
  #made: Chunk[] | undefined;

  constructor(slice: Slice, options: RunOptions) {
    this.route = options.route;
    this.count = options.count;
    this.#form = options.form;
    this.#pool = options.pool;
    this.#own = options.canonical ? slice : this.#make(slice, WITH_SHARPS);
  }

  as(form: Form): Slice {
    if (form === this.#form) return this.#own;
    return this.#other ??= this.#make(this.#own, form === "classic" ? TO_CLASSIC : TO_FRAMES);
  }

  /** Lets go of what was made here. */
  release(): void {
    if (this.#made === undefined) return;
    for (const chunk of this.#made) chunk.release();
    this.#made = undefined;
  }

  #make({ chunk, start, end }: Slice, how: Conversion): Slice {
    const { count, route: { topicBytes } } = this;
    const from: Deliveries = { bytes: chunk.bytes, start, end, count, topicBytes };
    const made = this.#pool.take(how.room(from));
    (this.#made ??= []).push(made);
    return new Slice(made, 0, how.write(from, made.bytes));
  }
}
