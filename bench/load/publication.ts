/**
 * One publisher of a flow: writes a prepared block of frames over and over.
 *
 * @module
 */
import type { Answers } from "./answers.ts";
import type { Signal } from "./signal.ts";
import type { Wire } from "./wire.ts";

/** Bytes of a block, at least one frame. */
const BLOCK_BYTES = 128 * 1024;
/** Unanswered publishes a publisher may have, in bytes of frames, at least two blocks. */
const WINDOW_BYTES = 1024 * 1024;
/** A window is filled in so many writes at least. */
const STEPS_LEAST = 4;
/**
 * Bytes of deliveries published but not yet received, all subscribers together: so much a run may cost a broker that never
 * says stop, and so long a slow one drains when publishing is over.
 */
const IN_FLIGHT_BYTES = 64 * 1024 * 1024;

/** Many frames in one piece, to be written over and over. */
export class Block {
  /** Bytes of a frame. */
  readonly frame: number;
  readonly count: number;
  /** Frames to be written at once at most. */
  readonly most: number;
  /** Whether its frames are one and the same. */
  readonly same: boolean;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** `frames`: of one length, at least one; they take turns, and a block has each of them. */
  constructor(frames: readonly Uint8Array[]) {
    this.frame = frames[0]?.length ?? 0;
    this.most = Math.max(1, Math.floor(BLOCK_BYTES / this.frame));
    this.count = frames.length * Math.max(1, Math.floor(this.most / frames.length));
    this.same = frames.length === 1;
    this.#bytes = new Uint8Array(this.count * this.frame);
    for (let at = 0; at < this.count; at++) this.#bytes.set(frames[at % frames.length]!, at * this.frame);
  }

  /** The bytes of `count` frames from `from` on, together at most {@link Block.count}. */
  frames(count: number, from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from * this.frame, (from + count) * this.frame);
  }
}

/** What a publisher shares with the others of its run. */
export interface Shared {
  /** Fired when anything was received or answered. */
  readonly changed: Signal;
  /** Bytes of deliveries that are under way. */
  inFlight(): number;
  /** Bytes of deliveries that one publish makes. */
  readonly fanOut: number;
  /** Why the run cannot go on, or `null`. */
  problem(): string | null;
}

/** Publishes as fast as TCP, the window of unanswered messages and {@link IN_FLIGHT_BYTES} let it. */
export class Publication {
  readonly topic: string;
  readonly #wire: Wire;
  readonly #block: Block;
  readonly #answers: Answers | null;
  readonly #shared: Shared;
  readonly #window: number;
  readonly #step: number;
  #sent = 0;
  /** Where in the block the next frame is. */
  #at = 0;

  constructor(
    wire: Wire,
    options: {
      topic: string;
      block: Block;
      answers: Answers | null;
      shared: Shared;
      /** Unanswered publishes it may have; {@link WINDOW_BYTES} where that is all the same. */
      window?: number;
    },
  ) {
    this.#wire = wire;
    this.topic = options.topic;
    this.#block = options.block;
    this.#answers = options.answers;
    this.#shared = options.shared;
    this.#window = options.window ??
      Math.max(2 * this.#block.most, Math.floor(WINDOW_BYTES / this.#block.frame));
    this.#step = Math.min(
      this.#block.most,
      Math.ceil(this.#window / STEPS_LEAST),
      Math.max(1, Math.floor(IN_FLIGHT_BYTES / 4 / Math.max(1, this.#shared.fanOut))),
    );
  }

  /** Messages published since the connection was made. */
  get sent(): number {
    return this.#sent;
  }

  get answers(): Answers | null {
    return this.#answers;
  }

  get wire(): Wire {
    return this.#wire;
  }

  /** Publishes until the deadline or `messages` more, whichever comes first; a block at least. */
  async run(deadline: number, messages: number): Promise<void> {
    const { changed } = this.#shared;
    const until = this.#sent + messages;
    const room = this.#window - this.#step;
    do {
      const count = Math.min(this.#step, until - this.#sent, this.#block.count - this.#at);
      while (
        (this.#answers !== null && this.#sent - this.#answers.messages > room) ||
        this.#shared.inFlight() > IN_FLIGHT_BYTES
      ) {
        if (this.#shared.problem() !== null) return;
        await changed.wait();
      }
      this.#sent += count;
      const frames = this.#block.frames(count, this.#at);
      if (!this.#block.same) this.#at = (this.#at + count) % this.#block.count;
      await this.#wire.write(frames);
    } while (this.#sent < until && performance.now() < deadline && this.#shared.problem() === null);
  }
}
