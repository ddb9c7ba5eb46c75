/**
 * What retention would have deleted and groups have not settled.
 *
 * @module
 */
import { type BatchRef, endOf } from "./view.ts";

/** Milliseconds between two looks at whether it is settled, at least. */
const LOOK_MS = 1000;
/** How many times as long as a look at all of it took it then is left alone: there may be many topics. */
const REST = 10;
/** Milliseconds for which it is left alone at most. */
const REST_MOST_MS = 10_000;
/** Topics looked at at a time. */
const TOPICS_MOST = 64;

/** Messages of a topic, from one to before another. */
export interface BackTopic {
  readonly id: number;
  readonly from: number;
  readonly end: number;
  readonly bytes: number;
}

/** What was deleted of a topic: it is held back from there on. */
export interface Released {
  readonly upTo: number;
  readonly bytes: number;
  /** There may be more that can be deleted at once. */
  readonly more: boolean;
  /** When the next one is too old, where it is not for a group that it stays; undefined: it may be. */
  readonly tooOld?: number | undefined;
}

/** What else decides whether it is looked at. */
export interface Outside {
  /** {@link GroupHolds.changes}. */
  readonly changes: number;
  /** Whether there is more than there is room for. */
  readonly isOver: boolean;
}

/** Topics that are held back, each from its first batch that was on. They are looked at in turn. */
export class HeldBack {
  readonly #topics = new Map<number, BackTopic>();
  #bytes = 0;
  /** Those that are still to be looked at this time, the next one last. */
  #round: number[] = [];
  #due = 0;
  /** When this round began, and what had changed by then; undefined: there was none. */
  #began = 0;
  #changes: number | undefined;
  /** When the first of those grows too old that no group was found to hold; undefined: there is none. */
  #tooOld: number | undefined;

  /** Bytes of all of it. */
  get bytes(): number {
    return this.#bytes;
  }

  has(topic: number): boolean {
    return this.#topics.has(topic);
  }

  /** Another batch is passed over; nothing where it has been. */
  add(batch: BatchRef & { readonly size: number }): void {
    const { topic: id, first, size } = batch;
    const before = this.#topics.get(id);
    if (before !== undefined && first < before.end) return;
    this.#bytes += size;
    const { from = first, bytes = 0 } = before ?? {};
    this.#topics.set(id, { id, from, end: endOf(batch), bytes: bytes + size });
  }

  get isEmpty(): boolean {
    return this.#topics.size === 0;
  }

  /** Whether it is time to look, and anything may have come of it since; `now`: milliseconds. */
  isDue(now: number, { changes, isOver }: Outside): boolean {
    if (this.isEmpty) return false;
    if (this.#round.length > 0) return true;
    if (now < this.#due) return false;
    return changes !== this.#changes || (this.#tooOld !== undefined && (isOver || now >= this.#tooOld));
  }

  /** Those that are to be looked at now; of each {@link trimmed} tells what came of it. */
  look(now: number, { changes }: Pick<Outside, "changes">): readonly BackTopic[] {
    if (this.#round.length === 0) {
      this.#round = [...this.#topics.keys()].reverse();
      this.#began = now;
      this.#changes = changes;
      this.#tooOld = undefined;
    }
    this.#due = now + Math.min(REST_MOST_MS, Math.max(LOOK_MS, REST * (now - this.#began)));
    return this.#round.slice(-TOPICS_MOST).reverse().map((id) => this.#topics.get(id)!);
  }

  /** So much of it has been deleted. */
  trimmed({ id }: BackTopic, { upTo, bytes, more, tooOld }: Released): void {
    const topic = this.#topics.get(id)!;
    this.#bytes -= bytes;
    const left = topic.bytes - bytes;
    if (upTo >= topic.end) {
      this.#bytes -= left;
      this.#topics.delete(id);
    } else {
      this.#topics.set(id, { ...topic, from: upTo, bytes: left });
      if (more) return;
      if (tooOld !== undefined) this.#tooOld = Math.min(tooOld, this.#tooOld ?? Infinity);
    }
    this.#round.splice(this.#round.lastIndexOf(id), 1);
  }
}
