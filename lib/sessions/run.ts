/**
 * A run and its forms.
 *
 * @module
 */
import type { Chunk, ChunkPool } from "../buffers.ts";
import type { Form, Route, Run, Slice } from "../engine/types.ts";
import {
  classicRoom,
  type Deliveries,
  framesRoom,
  sharpsRoom,
  toClassic,
  toFrames,
  withSharps,
} from "../wire/convert.ts";

/** What a run is made of: deliveries as they lie in a read buffer. */
export interface RunOptions extends Slice {
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

  constructor(options: RunOptions) {
    this.route = options.route;
    this.count = options.count;
    this.#form = options.form;
    this.#pool = options.pool;
    this.#own = options.canonical ? options : this.#make(options, { room: sharpsRoom, write: withSharps });
  }

  as(form: Form): Slice {
    if (form === this.#form) return this.#own;
    const how = form === "classic"
      ? { room: classicRoom, write: toClassic }
      : { room: framesRoom, write: toFrames };
    return this.#other ??= this.#make(this.#own, how);
  }

  /** Lets go of what was made here. */
  release(): void {
    for (const chunk of this.#made ?? []) chunk.release();
    this.#made = undefined;
  }

  #make(
    { chunk, start, end }: Slice,
    how: { room: (from: Deliveries) => number; write: (from: Deliveries, out: Uint8Array) => number },
  ): Slice {
    const { count, route: { topicBytes } } = this;
    const from: Deliveries = { bytes: chunk.bytes, start, end, count, topicBytes };
    const made = this.#pool.take(how.room(from));
    (this.#made ??= []).push(made);
    return { chunk: made, start: 0, end: how.write(from, made.bytes) };
  }
}
