/**
 * What happens when: events by time, those of one time in an order that the seed draws.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** An event that is to come. */
interface Event {
  readonly time: number;
  readonly tie: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** A binary heap. */
export class Schedule {
  readonly #heap: Event[] = [];
  readonly #ties: Random;
  #now = 0;

  constructor(ties: Random) {
    this.#ties = ties;
  }

  /** Milliseconds since the world began; never goes back. */
  get now(): number {
    return this.#now;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** In so many milliseconds; what is given back takes it back. */
  add(delay: number, run: () => void): () => void {
    const time = this.#now + Math.max(delay, 0);
    const event: Event = { time, tie: this.#ties.next(), run, cancelled: false };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
    return () => {
      event.cancelled = true;
    };
  }

  /** Lets the next event happen, if it comes before `until`; false: there is none. */
  step(until: number): boolean {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.time > until) {
        this.#now = Math.max(this.#now, Math.min(until, first?.time ?? this.#now));
        return false;
      }
      this.#takeFirst();
      if (first.cancelled) continue;
      this.#now = first.time;
      first.run();
      return true;
    }
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.tie < other.tie);
}
