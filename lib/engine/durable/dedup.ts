/**
 * Which messages have been stored already: a publisher that did not see its acknowledgement sends again, with
 * the same id.
 *
 * @module
 */
import type { IdSpan } from "../../id_spans.ts";
import { IdSet } from "./id_set.ts";

/** How many parts the window has; ids are forgotten a part at a time. */
const PARTS = 4;

/** How long and how many ids are remembered. */
export interface DedupOptions {
  /** Milliseconds for which an id is remembered at least. */
  readonly window: number;
  /**
   * Ids remembered at most, where a publisher's ids that count up together are one: with more, the oldest are
   * forgotten before their time.
   */
  readonly most: number;
}

/** Ids that were first seen in one part of the window. */
interface Part {
  since: number;
  readonly topics: Map<string, IdSet>;
  size: number;
}

/**
 * The ids of the last while, by topic. Guarantees: an id that was stored is known for the window (and up to
 * half of it longer), unless more than `most` came meanwhile; one whose commit was refused is not known. Time
 * stands still while no broker runs.
 */
export class Dedup {
  readonly #options: DedupOptions;
  /** The newest last. */
  #parts: Part[] = [];
  #size = 0;
  /**
   * The time of the last commit; undefined: there was none, and times are still counted from the newest that
   * was restored.
   */
  #now: number | undefined;

  constructor(options: DedupOptions) {
    this.#options = options;
  }

  /** Ids it remembers, those that count up together as one. */
  get size(): number {
    return this.#size;
  }

  /**
   * Remembers the ids of some messages to a topic. The positions of those that were known already: they are
   * stored or being stored, and so is one that comes a second time in here.
   */
  claim(topic: string, spans: readonly IdSpan[]): ReadonlySet<number> {
    const known = new Set<number>();
    const sets = this.#parts.map((part) => part.topics.get(topic)).filter((set) => set !== undefined);
    const newest = this.#open();
    let own = newest.topics.get(topic);
    if (own === undefined) {
      newest.topics.set(topic, own = new IdSet());
      sets.push(own);
    }
    for (const span of spans) {
      if (!sets.some((set) => set.mayHave(span))) {
        this.#grow(newest, own.add(span));
        continue;
      }
      for (let offset = 0; offset < span.count; offset++) {
        if (sets.some((set) => set.has(span, offset))) known.add(span.at + offset);
        else this.#grow(newest, own.add(oneOf(span, offset)));
      }
    }
    return known;
  }

  /** Ids that were claimed were not stored. */
  refused(topic: string, spans: readonly IdSpan[]): void {
    for (const part of this.#parts) {
      const set = part.topics.get(topic);
      if (set !== undefined) { for (const span of spans) this.#grow(part, -set.delete(span)); }
    }
  }

  /**
   * What was stored so many milliseconds before the newest that is known; call from the oldest on, before
   * anything is claimed.
   */
  restore(topic: string, spans: readonly IdSpan[], age: number): void {
    this.#rotate(-age);
    this.claim(topic, spans);
  }

  /** A commit was stored, as of this time (milliseconds, never less than before). */
  stored(time: number): void {
    if (this.#now === undefined) {
      // however long nobody could publish: what was remembered then is remembered now
      for (const part of this.#parts) part.since += time;
    }
    this.#now = time;
    this.#rotate(time);
  }

  #open(): Part {
    const newest = this.#parts.at(-1);
    if (newest !== undefined) return newest;
    const part: Part = { since: this.#now ?? 0, topics: new Map(), size: 0 };
    this.#parts.push(part);
    return part;
  }

  #rotate(now: number): void {
    const { window, most } = this.#options;
    const newest = this.#parts.at(-1);
    if (newest === undefined && this.#now === undefined) {
      this.#parts.push({ since: now, topics: new Map(), size: 0 });
      return;
    }
    if (newest !== undefined && now - newest.since < window / PARTS && newest.size < most / PARTS) return;
    this.#parts.push({ since: now, topics: new Map(), size: 0 });
    while (this.#parts.length > 1) {
      const [oldest, next] = this.#parts;
      // what was claimed into a part may have been stored while the next had begun
      const over = now - next!.since >= window + window / PARTS || this.#size > most;
      if (!over) return;
      this.#size -= oldest!.size;
      this.#parts.shift();
    }
  }

  #grow(part: Part, by: number): void {
    part.size += by;
    this.#size += by;
  }
}

function oneOf({ prefix, first, at }: IdSpan, offset: number): IdSpan {
  return { at: at + offset, count: 1, prefix, first: first === undefined ? undefined : first + offset };
}
