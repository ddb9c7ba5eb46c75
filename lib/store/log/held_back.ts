/**
 * What retention would have deleted and groups have not settled.
 *
 * @module
 */
import { type BatchRef, endOf } from "./view.ts";

/** Milliseconds between two looks at whether it is settled. */
const LOOK_MS = 1000;
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
}

/** Topics that are held back, each from its first batch that was on. They are looked at in turn. */
export class HeldBack {
  readonly #topics = new Map<number, BackTopic>();
  #bytes = 0;
  /** Those that are still to be looked at this time, the next one last. */
  #round: number[] = [];
  #due = 0;

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

  /** Whether it is time to look; `now`: milliseconds. */
  isDue(now: number): boolean {
    return this.#topics.size > 0 && (this.#round.length > 0 || now >= this.#due);
  }

  /** Those that are to be looked at now; of each {@link trimmed} tells what came of it. */
  look(now: number): readonly BackTopic[] {
    if (this.#round.length === 0) this.#round = [...this.#topics.keys()].reverse();
    this.#due = now + LOOK_MS;
    return this.#round.slice(-TOPICS_MOST).reverse().map((id) => this.#topics.get(id)!);
  }

  /** So much of it has been deleted. */
  trimmed({ id }: BackTopic, { upTo, bytes, more }: Released): void {
    const topic = this.#topics.get(id)!;
    this.#bytes -= bytes;
    const left = topic.bytes - bytes;
    if (upTo >= topic.end) {
      this.#bytes -= left;
      this.#topics.delete(id);
    } else {
      this.#topics.set(id, { ...topic, from: upTo, bytes: left });
      if (more) return;
    }
    this.#round.splice(this.#round.lastIndexOf(id), 1);
  }
}
