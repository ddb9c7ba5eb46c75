/**
 * What waits to be written to one connection: the one gate for outbound bytes, and the one place where slowness is judged.
 *
 * @module
 */
import { Chunk, Slice } from "../buffers.ts";
import type { Counters, Form, Run } from "../engine/types.ts";
import { HIGH_WATER, LOW_WATER } from "../limits.ts";
import { lastDelivery } from "../wire/convert.ts";
import { frameBytes, gapFrame } from "../protocols/frames/words.ts";
import { Lane, type SlowPolicy } from "./lane.ts";
import { NO_CHUNK, Piece } from "./piece.ts";
import { PieceQueue } from "./piece_queue.ts";
import type { Settings } from "./settings.ts";

/** Why an outbox gives its connection up. */
export type Eviction = "stalled" | "outbox full";

/** Whom an outbox tells. */
export interface OutboxOwner {
  /** There is something to write and nobody writes: call {@link Outbox.take} until it gives nothing. */
  onReady(): void;
  /** The connection has to be closed. Called once. */
  onEvicted(why: Eviction): void;
  /** Messages begin to be left out (true), or fit again (false). */
  onDropping(dropping: boolean): void;
}

/** What an outbox has to know. */
export type OutboxSettings = Pick<Settings, "slowConsumer" | "stallTimeout" | "now" | "pool" | "flushes"> & {
  /** `outbox`: bytes it may hold (lanes that block stop at {@link HIGH_WATER}). */
  readonly limits: Pick<Settings["limits"], "outbox">;
  readonly engine: { readonly counters: Counters };
};

/**
 * Guarantees: bytes leave in the order they were put in, and each run whole or not at all. What is queued is bounded: by
 * {@link HIGH_WATER} and one run for lanes that block, by `limit` for the others. Every message that was delivered here leaves,
 * or is counted, and (v2) named in a gap line in its place.
 */
export class Outbox {
  /** How this connection takes its messages. */
  form: Exclude<Form, "batch"> = "classic";
  /** For all patterns that need no lane of their own. */
  readonly lane: Lane;
  readonly #settings: OutboxSettings;
  readonly #owner: OutboxOwner;
  readonly #queue: PieceQueue;
  /** Being written. */
  #current: Piece | undefined;
  /** Bytes of {@link #current} that are not yet written. */
  #writing = 0;
  /** Somebody takes pieces, or has been called to. */
  #active = false;
  #full = false;
  #closed = false;
  #closing = false;
  /** Lanes that do not let their publishers wait: with nothing else here, a stall harms nobody. */
  #patient = 0;
  #impatient = 0;
  #dropped = 0;
  #dropping = false;
  #stalledFor = 0;
  #notFull: Callbacks;
  #empty: Callbacks;

  constructor(settings: OutboxSettings, owner: OutboxOwner) {
    this.#settings = settings;
    this.#owner = owner;
    this.#queue = new PieceQueue(settings.pool);
    this.lane = new Lane(this, settings.slowConsumer);
  }

  /** Bytes that wait. */
  get queued(): number {
    return this.#queue.bytes + this.#writing;
  }

  /** Messages left out so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether more than enough waits: publishers of lanes that block wait, and so does who makes replies. */
  get aboveHighWater(): boolean {
    return this.#full;
  }

  /** A lane of its own, for one pattern. */
  open(policy: SlowPolicy, pattern: string): Lane {
    if (policy === "block") this.#impatient++;
    else this.#patient++;
    return new Lane(this, policy, pattern);
  }

  /** That lane's pattern is unsubscribed; what it has queued still leaves. */
  shut(lane: Lane): void {
    if (lane === this.lane) return;
    if (lane.policy === "block") this.#impatient--;
    else this.#patient--;
  }

  /** Only for {@link Lane}: takes the run or leaves out what does not fit. */
  deliver(run: Run, lane: Lane): void {
    if (this.#closed) return;
    const { policy } = lane;
    if (policy === "latest" && this.queued > 0) return this.#deliverLatest(run, lane);
    const slice = run.as(run.place !== undefined && this.form === "frames" ? "batch" : this.form);
    if (policy !== "block" && !this.#makeRoom(slice.end - slice.start, lane)) {
      if (policy === "disconnect") this.#overflow(run.count);
      else this.#leaveOut(run.count, lane);
      return;
    }
    const { expires } = run;
    const plain = policy !== "drop-old" && expires === undefined;
    const own = policy === "drop-old" ? lane : undefined;
    this.#put(
      plain ? new Piece(slice, run.count) : new Piece(slice, run.count, { lane: own, expires }),
      lane,
    );
  }

  /** Only for {@link Lane}: takes stored messages, which are asked for only when there is room. */
  deliverPage(slice: Slice, messages: number): void {
    if (this.#closed) return;
    this.#settings.engine.counters.delivered += messages;
    this.#queue.put(new Piece(slice, messages), this.#current === undefined);
    this.#announce();
  }

  /** Queues a reply of the broker's own. */
  reply(slice: Slice): void {
    if (this.#closed) return;
    this.#queue.put(new Piece(slice, 0), this.#current === undefined);
    this.#announce();
  }

  whenNotFull(callback: () => void): void {
    if (!this.#full || this.#closed) callback();
    else (this.#notFull ??= []).push(callback);
  }

  /** Calls back once when everything has been written, or when the connection is gone. */
  whenEmpty(callback: () => void): void {
    if (this.#isEmpty() || this.#closed) callback();
    else (this.#empty ??= []).push(callback);
  }

  /** Only for {@link FlushList}. */
  ready(): void {
    this.#owner.onReady();
  }

  /** What to write next, or undefined: nothing now, `onReady` comes again. Settle it with {@link wrote}. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    const piece = this.#current ??= this.#next();
    if (piece !== undefined) return piece.view();
    this.#active = false;
    // what was too old may have been all there was
    this.#lessWaits();
    return undefined;
  }

  /** So many bytes of what {@link take} gave were written. */
  wrote(bytes: number): void {
    const piece = this.#current;
    if (piece === undefined) return;
    if (this.#closed) return this.abandon();
    if (bytes > 0) this.#stalledFor = 0;
    piece.start += bytes;
    piece.slice = undefined;
    this.#writing -= bytes;
    if (piece.start >= piece.end) {
      piece.chunk.release();
      this.#current = undefined;
    }
    this.#lessWaits();
  }

  /** Milliseconds have passed: a write that was on its way all the time and moved nothing is a stall. */
  tick(milliseconds: number): void {
    const harmless = this.#impatient === 0 && (this.#patient > 0 || this.#settings.slowConsumer !== "block");
    if ((harmless && !this.#closing) || this.#current === undefined || this.#closed) return;
    this.#stalledFor += milliseconds;
    if (this.#stalledFor >= this.#settings.stallTimeout) this.#evict("stalled");
  }

  /** Nothing more will be put in; what is queued still leaves, unless it stalls. */
  closing(): void {
    this.#closing = true;
  }

  /**
   * The connection is gone. Lets go of all that is queued, but not of the piece that is being written: the operating system
   * may still read from it, so it is settled by {@link abandon} when that write has ended.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.clear();
    this.#full = false;
    this.#callNotFull();
    this.#callEmpty();
  }

  /** The write that was on its way has ended without a result. */
  abandon(): void {
    this.#current?.chunk.release();
    this.#current = undefined;
    this.#writing = 0;
    this.#active = false;
  }

  /** The next piece to write; a gap before it comes first, and what has outlived its time to live is passed over. */
  #next(): Piece | undefined {
    for (;;) {
      const first = this.#closed ? undefined : this.#queue.peek();
      if (first === undefined) return undefined;
      const { lane, route, expires } = first;
      if (first.gap > 0 && this.form === "frames" && lane !== undefined && lane.pattern !== "") {
        const gap = new Piece(new Slice(new Chunk(frameBytes(gapFrame(lane.pattern, first.gap)))), 0);
        first.gap = 0;
        this.#writing = gap.length;
        return gap;
      }
      this.#queue.shift();
      if (lane?.marker === first) lane.marker = undefined;
      if (route !== undefined) lane?.latest.delete(route);
      const expired = expires !== undefined && this.#settings.now() >= expires;
      if (expired) {
        this.#settings.engine.counters.delivered -= first.count;
        this.#settings.engine.counters.expired += first.count;
      } else if (first.length > 0) {
        this.#writing = first.length;
        return first;
      }
      first.chunk.release();
    }
  }

  /** Something has left: whoever waits for room or for the end is called when there is. */
  #lessWaits(): void {
    if (this.queued > LOW_WATER) return;
    if (this.#full) {
      this.#full = false;
      this.#callNotFull();
    }
    if (this.#dropping) this.#setDropping(false);
    if (this.#isEmpty()) this.#callEmpty();
  }

  /** The run's last message takes the place of what waits of its topic. */
  #deliverLatest(run: Run, lane: Lane): void {
    const waiting = lane.latest.get(run.route);
    if (waiting !== undefined) this.#takeOut(waiting, lane);
    const { chunk, start, end } = run.as(this.form);
    const { topicBytes } = run.route;
    const from = lastDelivery({ bytes: chunk.bytes, start, end, count: run.count, topicBytes }, this.form);
    this.#countDropped(run.count - 1, lane);
    if (!this.#makeRoom(end - from, lane)) return this.#leaveOut(1, lane);
    const piece = new Piece(new Slice(chunk, from, end), 1, { lane, route: run.route, expires: run.expires });
    lane.latest.set(run.route, this.#put(piece, lane));
  }

  /** Whether so many bytes fit, after the lane's oldest have been left out if that is its policy. */
  #makeRoom(bytes: number, lane: Lane): boolean {
    const limit = this.#settings.limits.outbox;
    const { queued, policy } = lane;
    if (policy === "drop-old" || policy === "latest") {
      let at = 0;
      while (this.queued + bytes > limit && at < queued.length) this.#takeOut(queued[at++]!, lane);
      if (at > 0) lane.queued.splice(0, at);
      // the gap is told before the oldest that is left
      const oldest = queued.find((piece) => !piece.gone);
      if (oldest !== undefined && policy === "drop-old") {
        oldest.gap += lane.gap;
        lane.gap = 0;
      }
    }
    return this.queued + bytes <= limit;
  }

  #takeOut(piece: Piece, lane: Lane): void {
    if (piece.gone) return;
    if (piece.route !== undefined) lane.latest.delete(piece.route);
    this.#queue.remove(piece);
    this.#settings.engine.counters.delivered -= piece.count;
    lane.gap += piece.gap;
    this.#countDropped(piece.count, lane);
  }

  /** Leaves messages out where the queue ends now. */
  #leaveOut(count: number, lane: Lane): void {
    this.#countDropped(count, lane);
    if (lane.marker === undefined || lane.marker.gone) {
      const marker = new Piece(new Slice(NO_CHUNK), 0, { lane });
      marker.gap = lane.gap;
      lane.marker = this.#queue.put(marker, this.#current === undefined);
    } else {
      lane.marker.gap += lane.gap;
    }
    lane.gap = 0;
    this.#announce();
  }

  #countDropped(count: number, lane: Lane): void {
    if (count === 0) return;
    lane.gap += count;
    this.#dropped += count;
    this.#settings.engine.counters.dropped += count;
    this.#setDropping(true);
  }

  #put(piece: Piece, lane: Lane): Piece {
    lane.marker = undefined;
    piece.gap = lane.gap;
    lane.gap = 0;
    this.#settings.engine.counters.delivered += piece.count;
    const queued = this.#queue.put(piece, this.#current === undefined);
    if (piece.lane !== undefined) lane.remember(queued);
    this.#announce();
    return queued;
  }

  /** There is something to write. */
  #announce(): void {
    if (this.queued >= HIGH_WATER) this.#full = true;
    if (this.#active) return;
    this.#active = true;
    this.#settings.flushes.add(this);
  }

  #overflow(count: number): void {
    this.#dropped += count;
    this.#settings.engine.counters.dropped += count;
    this.#evict("outbox full");
  }

  #isEmpty(): boolean {
    return this.#current === undefined && this.#queue.peek() === undefined;
  }

  #setDropping(dropping: boolean): void {
    if (this.#dropping === dropping) return;
    this.#dropping = dropping;
    this.#owner.onDropping(dropping);
  }

  #evict(why: Eviction): void {
    this.close();
    this.#owner.onEvicted(why);
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
