/**
 * A subscription as an outbox sees it: whose messages these are, and what becomes of them when they do not fit.
 *
 * @module
 */
import type { Reader, Route, Run } from "../engine/types.ts";
import { Chunk, FREED, Slice } from "../buffers.ts";
import { frameBytes, infoFrame } from "../protocols/frames/words.ts";
import type { Outbox } from "./outbox.ts";
import type { Piece } from "./piece.ts";

/**
 * What happens to a subscription that cannot keep up. `block`: its publishers wait. `drop-old`, `drop-new`: the oldest or the
 * newest messages are left out. `latest`: of each topic only the newest message waits. `disconnect`: the connection ends.
 */
export type SlowPolicy = "block" | "drop-old" | "drop-new" | "latest" | "disconnect";

/** All policies, the one that keeps most first. */
export const SLOW_POLICIES: readonly SlowPolicy[] = ["block", "disconnect", "drop-new", "drop-old", "latest"];

/** Shared by all lanes that never use theirs: there is one lane a connection at least, and most connections are idle. */
const NONE: Piece[] = [];
const NO_LATEST: Map<Route, Piece> = new Map();

/**
 * One or more patterns of one connection with one policy. A message that several lanes of a connection want goes to the one
 * whose policy keeps most.
 */
export class Lane implements Reader {
  readonly policy: SlowPolicy;
  /** Named in a gap line; empty: gaps are counted but not told. */
  readonly pattern: string;
  readonly connection: Outbox;
  readonly rank: number;
  /** Queued pieces that may still be taken out, oldest first (drop-old and latest). */
  queued: Piece[] = NONE;
  #live = 0;
  /** The piece of each topic that waits (latest). */
  readonly latest: Map<Route, Piece>;
  /** Messages that were left out and are told before the next piece of this lane. */
  gap = 0;
  /** The marker for what was left out last, while nothing of this lane has come behind it (drop-new). */
  marker: Piece | undefined;

  constructor(connection: Outbox, policy: SlowPolicy, pattern = "") {
    this.connection = connection;
    this.policy = policy;
    this.pattern = pattern;
    this.latest = policy === "latest" ? new Map() : NO_LATEST;
    this.rank = -SLOW_POLICIES.indexOf(policy);
  }

  /** Notes that a piece is queued and may be taken out again; forgets those that are gone before they are many. */
  remember(piece: Piece): void {
    if (this.queued === NONE) this.queued = [];
    if (this.queued.at(-1) === piece) return;
    this.queued.push(piece);
    if (this.queued.length <= 2 * this.#live + 64) return;
    this.queued = this.queued.filter((each) => !each.gone);
    this.#live = this.queued.length;
  }

  get full(): boolean {
    return this.policy === "block" && this.connection.aboveHighWater;
  }

  deliver(run: Run): void {
    this.connection.deliver(run, this);
  }

  whenNotFull(callback: () => void): void {
    this.connection.whenNotFull(callback);
  }

  deliverFrom(run: Run, sequence: number): void {
    const left = Math.max(0, sequence - (run.place?.first ?? 0));
    this.connection.deliverPage(run.batchFrom(sequence), run.count - left);
  }

  deliverPage(bytes: Uint8Array<ArrayBuffer>, messages: number): void {
    const chunk = new Chunk(bytes, FREED);
    this.connection.deliverPage(new Slice(chunk), messages);
    chunk.release();
  }

  /** Said in its place: who reads a replay to its end wants to know where that is. */
  caughtUp(how: "live" | "end"): void {
    this.connection.reply(frameSlice(infoFrame({ [how]: this.pattern })));
  }

  failed(reason: string): void {
    this.connection.reply(frameSlice(infoFrame({ failed: this.pattern, reason })));
  }
}

function frameSlice(text: string): Slice {
  return new Slice(new Chunk(frameBytes(text)));
}
