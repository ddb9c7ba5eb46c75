/**
 * Where a connection reads to: a chunk that grows while the connection is busy and shrinks when it is quiet.
 *
 * @module
 */
import type { Chunk, ChunkPool } from "../buffers.ts";
import { GATHER_BYTES, READ_BUFFER_LEAST, READ_BUFFER_MOST, UNREAD_LEAST } from "../limits.ts";
import type { Settings } from "./settings.ts";

/**
 * Guarantees: what was read lies in one piece from `start` to `end` with one byte free behind it (the
 * decoder's stop); bytes that were handed on as slices are not overwritten while somebody still holds their
 * chunk.
 */
export class ReadBuffer {
  readonly #pool: ChunkPool;
  readonly #memory: Settings["memory"];
  #chunk: Chunk;
  #start = 0;
  #end = 0;
  #wanted = READ_BUFFER_LEAST;
  /** Bytes that what is unread will have when it is whole; 0: not known. */
  #awaited = 0;
  /** Bytes that it offers at most, beyond what is unread: see {@link slow}. */
  #most = READ_BUFFER_MOST;
  /** What was offered last, and of which chunk. */
  #view: Uint8Array<ArrayBuffer> | undefined;
  #viewed: Chunk | undefined;

  constructor({ pool, memory }: Pick<Settings, "pool" | "memory">) {
    this.#pool = pool;
    this.#memory = memory;
    this.#chunk = pool.take(READ_BUFFER_LEAST);
  }

  get chunk(): Chunk {
    return this.#chunk;
  }
  get start(): number {
    return this.#start;
  }
  get end(): number {
    return this.#end;
  }

  /**
   * What is unread will be so many bytes, or 0. Only a hint: no memory is taken because a peer named a length
   * before half of it has come.
   */
  awaits(bytes: number): void {
    this.#awaited = bytes;
  }

  /**
   * Whether there is memory for more of what is unread: it needs as much again as has come, and nobody may
   * hold more than is still free (held_memory.ts). If not, what is unread has to go.
   */
  get mayGrow(): boolean {
    const needed = this.#needed(this.#end - this.#start);
    return needed <= UNREAD_LEAST || needed <= this.#chunk.bytes.length || needed <= this.#memory.share;
  }

  /** About so many bytes may come at a time from now on. */
  slow(bytes: number): void {
    this.#most = Math.max(READ_BUFFER_LEAST, Math.min(bytes, READ_BUFFER_MOST));
    this.#wanted = Math.min(this.#wanted, this.#most);
  }

  /** Room to read into. Tell {@link filled} how much came. */
  space(): Uint8Array<ArrayBuffer> {
    const unread = this.#end - this.#start;
    if (unread === 0 && !this.#chunk.shared) this.#start = this.#end = 0;
    const { bytes } = this.#chunk;
    const fits = this.#awaited > unread && this.#start + this.#awaited < bytes.length;
    const left = bytes.length - 1 - this.#end;
    const tooLarge = unread === 0 && bytes.length > 2 * this.#wanted;
    if (left === 0 || (2 * left < this.#wanted && !fits) || tooLarge) this.#move(unread);
    // on a quiet connection the room is the same every time
    if (this.#view === undefined || this.#viewed !== this.#chunk || this.#view.byteOffset !== this.#end) {
      this.#view = this.#chunk.bytes.subarray(this.#end, this.#chunk.bytes.length - 1);
      this.#viewed = this.#chunk;
    }
    return this.#view;
  }

  /** So many bytes of {@link space} were filled. */
  filled(bytes: number): void {
    this.#end += bytes;
    if (bytes === this.#view?.length) this.#wanted = Math.min(4 * this.#wanted, this.#most);
    else if (8 * bytes < this.#wanted) this.#wanted = Math.max(this.#wanted / 2, READ_BUFFER_LEAST);
  }

  /** What lies before `position` is done with. */
  consumed(position: number): void {
    if (position !== this.#start) this.#awaited = 0;
    this.#start = position;
  }

  /** Gives the memory back; the buffer must not be used any more. */
  close(): void {
    this.#chunk.release();
  }

  /** Whether enough has come of what is awaited to take a chunk of just its size. */
  #isSure(unread: number): boolean {
    return unread >= GATHER_BYTES && this.#awaited > unread && this.#awaited <= 2 * unread;
  }

  #needed(unread: number): number {
    return this.#isSure(unread) ? 4 * Math.ceil((this.#awaited + 1) / 4) : 2 * unread + 1;
  }

  /** Takes what is unread along to another chunk with room behind it. */
  #move(unread: number): void {
    // with less room who is busy would be read a few bytes a turn
    if (this.#wanted > this.#memory.share) this.#wanted = Math.min(this.#wanted, UNREAD_LEAST);
    const needed = this.#needed(unread);
    const chunk = this.#isSure(unread)
      ? this.#pool.adopt(new Uint8Array(needed))
      : this.#pool.take(Math.max(this.#wanted, needed));
    chunk.bytes.set(this.#chunk.bytes.subarray(this.#start, this.#end));
    this.#chunk.release();
    this.#chunk = chunk;
    this.#start = 0;
    this.#end = unread;
  }
}
