/**
 * Who stalls, and who only looks as if.
 *
 * @module
 */
import type { Outbox } from "./outbox.ts";

/** What of an outbox is watched. */
export type Watched = Pick<Outbox, "stalledFor" | "progressed" | "tick">;

/**
 * A stall is that the system had the chance to give the other side something, and it took nothing. A write
 * ends only when a good part of what the system holds for a connection is free again, which at 100 KB/s takes
 * half a minute: so who is suspected is looked at, where the system can say what it holds.
 */
export class StallWatch {
  readonly #outbox: Watched;
  readonly #stallTimeout: number;
  readonly #visible: boolean;
  /** Bytes that the other side had not taken when that was looked at last. */
  #untaken: number | undefined;

  /** `visible`: whether the system may be able to say what it holds. */
  constructor(
    outbox: Watched,
    { stallTimeout, visible }: { readonly stallTimeout: number; readonly visible: boolean },
  ) {
    this.#outbox = outbox;
    this.#stallTimeout = stallTimeout;
    this.#visible = visible;
  }

  /** Time has passed. True: it is suspected, look and tell {@link judge}, which counts this time. */
  tick(milliseconds: number): boolean {
    if (this.#visible && 2 * this.#outbox.stalledFor >= this.#stallTimeout) return true;
    this.#untaken = undefined;
    this.#outbox.tick(milliseconds);
    return false;
  }

  /**
   * So many bytes of what was written the other side has not taken; undefined: that is not known. What has
   * changed is progress, and where nothing is left it is we who are late.
   */
  judge(untaken: number | undefined, milliseconds: number): void {
    const changed = this.#untaken !== undefined && untaken !== undefined && untaken !== this.#untaken;
    this.#untaken = untaken;
    if (changed || untaken === 0) this.#outbox.progressed();
    else this.#outbox.tick(milliseconds);
  }
}
