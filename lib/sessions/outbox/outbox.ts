/**
 * What waits to be written to one connection: the one gate for outbound bytes, and the one place where
 * slowness is measured.
 *
 * @module
 */
import type { Chunk, Slice } from "../../buffers.ts";
import { HELD_FACTOR, HIGH_WATER, LOW_WATER, SEGMENT_BYTES } from "../../limits.ts";
import type { ReplySink } from "../../protocols/types.ts";
import type { Settings } from "../settings.ts";
import { Segment, type SegmentOwner } from "./segment.ts";
import { SegmentQueue } from "./segment_queue.ts";

/** Why an outbox gives its connection up. */
export type Eviction = "stalled" | "outbox full";

/** Whom an outbox tells. */
export interface OutboxOwner {
  /** There is something to write and nobody writes: call {@link Outbox.take} until it gives nothing. */
  onReady(): void;
  /**
   * The connection has to be closed, and so many messages are not sent. Called once, when all that waited has
   * been let go of: call {@link Outbox.close}, at once or after {@link Outbox.lastWords}.
   */
  onEvicted(why: Eviction, unsent: number): void;
  /** Messages begin to be left out (true), or fit again (false). */
  onDropping(dropping: boolean): void;
}

/** What an outbox has to know. */
export type OutboxSettings =
  & Pick<
    Settings,
    "stallTimeout" | "now" | "pool" | "memory" | "flushes" | "counters"
  >
  & {
    /** `outbox`: bytes it may hold; what blocks stops at {@link HIGH_WATER}. */
    readonly limits: Pick<Settings["limits"], "outbox">;
  };

/**
 * Guarantees: bytes leave in the order they were put in; what was put in leaves or is counted. What is held
 * is bounded by those who put in: they ask {@link aboveHighWater} or {@link fits} first. The bound is on the
 * memory it takes to keep what waits, not on its bytes alone, and is the smaller of `--max-outbox` and of
 * what is still free for all connections together (`HeldMemory.share`). Whoever is alone in it finds room: an
 * outbox that is empty takes one run, whatever the others hold.
 */
export class Outbox implements ReplySink {
  /** Whether a connection that takes no byte keeps others waiting, and so has to be cut off at last. */
  watchesStalls = true;
  /** How many subscriptions keep the newest: each has its share of the outbox (V7). */
  keepers = 1;
  /** Bytes that may be held (`--max-outbox`, or what its account may). */
  most: number;
  readonly #settings: OutboxSettings;
  readonly #owner: OutboxOwner;
  readonly #queue: SegmentQueue;
  /** Being written. */
  #current: Segment | undefined;
  /** Bytes of {@link #current} that are not yet written. */
  #writing = 0;
  /** Somebody takes segments, or has been called to. */
  #active = false;
  #full = false;
  /** Nothing more is put in. */
  #leaving = false;
  #closed = false;
  #closing = false;
  #dropped = 0;
  #dropping = false;
  #stalledFor = 0;
  #notFull: Callbacks;
  #empty: Callbacks;

  constructor(settings: OutboxSettings, owner: OutboxOwner) {
    this.#settings = settings;
    this.most = settings.limits.outbox;
    this.#owner = owner;
    this.#queue = new SegmentQueue(settings);
  }

  /** Bytes that wait. */
  get queued(): number {
    return this.#queue.bytes + this.#writing;
  }

  /** Bytes that it takes to keep them. */
  get held(): number {
    return this.#queue.held + (this.#current === undefined ? 0 : this.#writing + SEGMENT_BYTES);
  }

  /** Messages left out so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Whether more than enough waits: publishers of subscriptions that block wait, and so does who makes
   * replies.
   */
  get aboveHighWater(): boolean {
    return this.#full;
  }

  /** Whether nothing more can be put in: the connection is gone, or given up. */
  get closed(): boolean {
    return this.#leaving;
  }

  /** Bytes more that are held when a slice waits here. */
  costOf(slice: Slice): number {
    return this.#queue.costOf(slice);
  }

  /** Whether what costs so much is within the limit, once so many bytes that are held now are gone. */
  fits(cost: number, without = 0): boolean {
    const held = this.held - without;
    if (held <= 0) return true;
    return held + cost <= this.most && held + cost <= this.#settings.memory.share;
  }

  /**
   * What each subscription that keeps the newest may hold whatever the others hold: half of the outbox, on
   * top of it, in equal parts.
   */
  get keepersShare(): number {
    return Math.min(this.most / 2 / this.keepers, this.#settings.memory.share);
  }

  /**
   * Whether one newest message that costs more than that has room for itself, once so many bytes are gone: it
   * goes into the other half on top.
   */
  fitsOnTop(cost: number, without: number): boolean {
    return this.held - without + cost <= 1.5 * this.most && cost <= this.#settings.memory.share;
  }

  /** Queues a segment; which one it is in then: itself, or the one before it. */
  put(segment: Segment): Segment {
    const queued = this.#queue.put(segment, this.#current === undefined);
    this.#announce();
    return queued;
  }

  /** Takes a segment out again that waits. */
  remove(segment: Segment): void {
    this.#queue.remove(segment);
  }

  /** Gives what waits and is an owner's back to it. */
  recall(owner: SegmentOwner): void {
    this.#queue.recall(owner);
  }

  /** Memory that came from elsewhere, as a chunk to be put in. */
  adopt(bytes: Uint8Array<ArrayBuffer>): Chunk {
    return this.#settings.pool.adopt(bytes);
  }

  /** Queues a reply of the broker's own. */
  reply(slice: Slice): void {
    if (!this.#leaving) this.put(new Segment(slice, 0));
  }

  /** So many messages were left out. */
  countDropped(messages: number): void {
    this.#dropped += messages;
    this.#settings.counters.dropped(messages);
    this.#setDropping(true);
  }

  /** Counts what has outlived its time, and says whether it has. */
  countExpired({ expires, count }: Segment): boolean {
    if (expires === undefined || this.#settings.now() < expires) return false;
    this.#settings.counters.expired(count);
    return true;
  }

  /** Gives the connection up for messages that do not fit. */
  overflow(messages: number): void {
    this.#dropped += messages;
    this.#settings.counters.dropped(messages);
    this.#evict("outbox full", messages);
  }

  whenNotFull(callback: () => void): void {
    if (!this.#full || this.#leaving) callback();
    else (this.#notFull ??= []).push(callback);
  }

  /** Calls back once when everything has been written, or when the connection is gone. */
  whenEmpty(callback: () => void): void {
    if (this.#isEmpty() || this.#closed) callback();
    else (this.#empty ??= []).push(callback);
  }

  /** Only for {@link import("../../flush_list.ts").FlushList}. */
  ready(): void {
    this.#owner.onReady();
  }

  /**
   * What to write next, or undefined: nothing now, `onReady` comes again. Tell {@link wrote} what became of
   * it.
   */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const segment = this.#current ??= this.#next();
    if (segment !== undefined) {
      const { length, end, chunk } = segment;
      return this.#writing === length ? segment.view() : chunk.bytes.subarray(end - this.#writing, end);
    }
    this.#active = false;
    // what was too old may have been all there was
    this.#lessWaits();
    return undefined;
  }

  /** So many bytes of what {@link take} gave were written. */
  wrote(bytes: number): void {
    const segment = this.#current;
    if (segment === undefined) return;
    if (this.#closed) return this.abandon();
    if (bytes > 0) this.#stalledFor = 0;
    this.#writing -= bytes;
    if (this.#writing <= 0) {
      this.#queue.letGo(segment);
      this.#current = undefined;
    }
    this.#lessWaits();
  }

  /** Milliseconds in which nothing was taken of what is being written, though somebody waits for it. */
  get stalledFor(): number {
    return this.#stalledFor;
  }

  /** The other side has taken something, though not so much that a write has ended. */
  progressed(): void {
    this.#stalledFor = 0;
  }

  /** Whether it has to give its connection up when that takes nothing any more. */
  get mayNotStall(): boolean {
    return this.watchesStalls || this.#closing || this.#settings.memory.isBurden(this.held);
  }

  /**
   * Milliseconds have passed: a write that was on its way all the time and moved nothing is a stall. What
   * others have let go of may be what was waited for.
   */
  tick(milliseconds: number): void {
    if (this.#full) this.#lessWaits();
    if (this.#current === undefined || this.#leaving || !this.mayNotStall) return;
    this.#stalledFor += milliseconds;
    if (this.#stalledFor >= this.#settings.stallTimeout) this.#evict("stalled");
  }

  /** Nothing more will be put in; what is queued still leaves, unless it stalls. */
  closing(): void {
    this.#closing = true;
  }

  /**
   * The connection is gone. Lets go of all that is queued, but not of the segment that is being written: the
   * operating system may still read from it, so {@link abandon} lets go of it when that write has ended.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.giveUp();
    this.#callEmpty();
  }

  /**
   * Lets go of all that waits, but not of the segment that is being written, and takes nothing more; how many
   * messages that were.
   */
  giveUp(): number {
    const unsent = this.#queue.clear();
    this.#leaving = true;
    this.#settings.counters.unsent(unsent);
    this.#full = false;
    this.#callNotFull();
    return unsent;
  }

  /** After {@link giveUp}: this alone follows what is being written, so that the stream stays readable. */
  lastWords(words: Slice): void {
    if (this.#closed) return;
    this.#queue.put(new Segment(words, 0), this.#current === undefined);
    if (this.#active) return;
    this.#active = true;
    this.#settings.flushes.add(this);
  }

  /** The write that was on its way has ended without a result. */
  abandon(): void {
    if (this.#current !== undefined) this.#queue.letGo(this.#current);
    this.#current = undefined;
    this.#writing = 0;
    this.#active = false;
  }

  /**
   * The next segment to write; a gap before it comes first, and what has outlived its time to live is passed
   * over (V10).
   */
  #next(): Segment | undefined {
    for (;;) {
      const first = this.#closed ? undefined : this.#queue.peek();
      if (first === undefined) return undefined;
      const gap = first.gap > 0 ? first.owner?.takeGap(first) : undefined;
      if (gap !== undefined) {
        const told = new Segment(gap, 0);
        this.#writing = told.length;
        return told;
      }
      if (this.#shift(first) && first.length > 0) {
        while (this.#queue.goesWith(first)) {
          const next = this.#queue.peek()!;
          if (this.#shift(next)) this.#queue.unite(first, next);
          // it lies between what is taken and what would be next
          else this.#queue.letGo(next);
        }
        this.#writing = first.length;
        return first;
      }
      this.#queue.letGo(first);
    }
  }

  /** Takes the first out; false: it is too old. */
  #shift(first: Segment): boolean {
    this.#queue.shift();
    first.owner?.left(first);
    const isTooOld = this.countExpired(first);
    if (isTooOld) first.owner?.outlived?.(first);
    else if (first.count > 0) this.#settings.counters.delivered(first.count, first.length);
    return !isTooOld;
  }

  /** Something has left: whoever waits for room or for the end is called when there is. */
  #lessWaits(): void {
    if (this.queued > LOW_WATER) return;
    if (this.#full && this.#hasRoom()) {
      this.#full = false;
      this.#callNotFull();
    }
    if (this.#dropping) this.#setDropping(false);
    if (this.#isEmpty()) this.#callEmpty();
  }

  /** Whether so little is held that those who wait can go on; half of what they had to stop at. */
  #hasRoom(): boolean {
    const { held } = this;
    return this.#isEmpty() || (held <= HELD_FACTOR * LOW_WATER && 2 * held <= this.#settings.memory.share);
  }

  /** There is something to write. */
  #announce(): void {
    if (!this.#full) {
      const { held } = this;
      this.#full = this.queued >= HIGH_WATER || held >= HELD_FACTOR * HIGH_WATER ||
        held > this.#settings.memory.share;
    }
    if (this.#active) return;
    this.#active = true;
    this.#settings.flushes.add(this);
  }

  #isEmpty(): boolean {
    return this.#current === undefined && this.#queue.peek() === undefined;
  }

  #setDropping(dropping: boolean): void {
    if (this.#dropping === dropping) return;
    this.#dropping = dropping;
    this.#owner.onDropping(dropping);
  }

  #evict(why: Eviction, messages = 0): void {
    this.#owner.onEvicted(why, this.giveUp() + messages);
  }

  #callNotFull(): void {
    const callbacks = this.#notFull;
    this.#notFull = undefined;
    callbacks?.forEach((callback) => callback());
  }

  #callEmpty(): void {
    const callbacks = this.#empty;
    this.#empty = undefined;
    callbacks?.forEach((callback) => callback());
  }
}

/** Made when the first is added: most outboxes never have one. */
type Callbacks = Array<() => void> | undefined;
