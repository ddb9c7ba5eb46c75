/**
 * Which messages have been stored already: a publisher that did not see its acknowledgement sends again, with
 * the same id.
 *
 * @module
 */
import type { HeldMemory } from "../../held_memory.ts";
import type { IdSpan } from "../../id_spans.ts";
import { IdKey } from "./id_key.ts";
import { IdSet } from "./id_set.ts";

/** How many parts the window has; ids are forgotten a part at a time. */
const PARTS = 4;
/**
 * The part of the window that one commit counts at most, however long it takes: a message may wait for four
 * of them before that is more than what a part is kept longer for.
 */
const COMMIT_PART = 1 / (4 * PARTS);
/** Bytes from which a change is told to who counts the memory of all. */
const TOLD_BYTES = 64 * 1024;

/** How long and how many ids are remembered. */
export interface DedupOptions {
  /** Milliseconds for which an id is remembered at least. */
  readonly window: number;
  /**
   * Ids remembered at most, where a publisher's ids that count up together are one: with more, the oldest are
   * forgotten before their time.
   */
  readonly most: number;
  /** Bytes they may take, estimated: the same holds. */
  readonly bytes: number;
  /** What all peers keep together; these are told to it. */
  readonly memory: HeldMemory;
  /** A number peers cannot guess, so that they cannot choose ids that collide. */
  readonly seed: number;
}

/** Ids that were first seen in one part of the window: they are forgotten together. */
interface Part {
  since: number;
  readonly ids: IdSet;
}

/** Most runs repeat nothing. */
const NONE: ReadonlySet<number> = new Set();

/**
 * The ids of the last while, by topic. Guarantees: an id that was stored is known for the window (D6) and up
 * to half of it longer, unless more than `most`, or `bytes` of them, came meanwhile; one whose commit was
 * refused is not known. It never takes more than a quarter more than those `bytes` and one claim.
 * Time stands still while no broker runs, and nearly so while a commit takes long: what was claimed before it
 * is known for the window from when it is stored.
 */
export class Dedup {
  readonly #options: DedupOptions;
  readonly #key: IdKey;
  /** The newest last. */
  #parts: Part[] = [];
  #told = 0;
  /**
   * The time of the last commit, and what has passed since with nothing to be stored; undefined: there was
   * none, and times are still counted from the newest that was restored.
   */
  #now: number | undefined;
  /** By how much that is behind the time of the commits, which may have taken long. */
  #behind = 0;

  constructor(options: DedupOptions) {
    this.#options = options;
    this.#key = new IdKey(options.seed);
  }

  /** Ids it remembers, those that count up together as one (`IdSet.size`). */
  get size(): number {
    let size = 0;
    for (const { ids } of this.#parts) size += ids.size;
    return size;
  }

  /** Bytes they take. */
  get bytes(): number {
    let bytes = 0;
    for (const { ids } of this.#parts) bytes += ids.bytes;
    return bytes;
  }

  /**
   * Remembers the ids of some messages to a topic. The positions of those that were known already: they are
   * stored or being stored, and so is one that comes a second time in here.
   */
  claim(topic: string, spans: readonly IdSpan[]): ReadonlySet<number> {
    const known = this.#claim(topic, spans);
    // what is refused again and again is claimed and never stored
    if (this.bytes > this.#options.bytes) this.#rotate(this.#now ?? 0);
    this.#tell();
    return known;
  }

  #claim(topic: string, spans: readonly IdSpan[]): ReadonlySet<number> {
    const key = this.#key;
    const newest = this.#open().ids;
    let known: Set<number> | undefined;
    key.ofTopic(topic);
    for (const span of spans) {
      key.ofText(span.prefix);
      if (!this.#mayHave(span)) {
        newest.add(key, span, { offset: 0, count: span.count });
        continue;
      }
      for (let offset = 0; offset < span.count; offset++) {
        if (this.#has(span, offset)) (known ??= new Set()).add(span.at + offset);
        else newest.add(key, span, { offset, count: 1 });
      }
    }
    return known ?? NONE;
  }

  /** Whether any of a span's ids may be known; of one with one id whether it is. */
  #mayHave(span: IdSpan): boolean {
    const parts = this.#parts;
    for (let at = parts.length - 1; at >= 0; at--) if (parts[at]!.ids.mayHave(this.#key, span)) return true;
    return false;
  }

  #has(span: IdSpan, offset: number): boolean {
    const parts = this.#parts;
    for (let at = parts.length - 1; at >= 0; at--) {
      if (parts[at]!.ids.has(this.#key, span, offset)) return true;
    }
    return false;
  }

  /** Ids that were claimed were not stored. */
  refused(topic: string, spans: readonly IdSpan[]): void {
    const key = this.#key;
    key.ofTopic(topic);
    for (const span of spans) {
      key.ofText(span.prefix);
      for (const { ids } of this.#parts) ids.delete(key, span);
    }
    this.#tell();
  }

  /**
   * What was stored so many milliseconds before the newest that is known; call from the oldest on, before
   * anything is claimed.
   */
  restore(topic: string, spans: readonly IdSpan[], age: number): void {
    this.#rotate(-age);
    this.#claim(topic, spans);
    this.#tell();
  }

  /** A commit was stored, as of this time (milliseconds, never less than before). */
  stored(time: number): void {
    if (this.#now === undefined) {
      // however long nobody could publish: what was remembered then is remembered now
      for (const part of this.#parts) part.since += time;
      this.#now = time;
    }
    const passed = Math.max(0, time - this.#behind - this.#now);
    // what it brought, and what waits behind it, was claimed when it began
    const counts = Math.min(passed, this.#options.window * COMMIT_PART);
    this.#behind += passed - counts;
    this.#now += counts;
    this.#rotate(this.#now);
    this.#tell();
  }

  /**
   * So many milliseconds have passed in which there was nothing to be stored: what is remembered grows old
   * also when nobody publishes any more.
   */
  passed(milliseconds: number): void {
    if (this.#now === undefined) return;
    this.#now += milliseconds;
    this.#rotate(this.#now);
    this.#tell();
  }

  #open(): Part {
    const newest = this.#parts.at(-1);
    if (newest !== undefined) return newest;
    const part: Part = { since: this.#now ?? 0, ids: new IdSet() };
    this.#parts.push(part);
    return part;
  }

  #rotate(now: number): void {
    const { window, most, bytes } = this.#options;
    const newest = this.#parts.at(-1);
    const filled = newest !== undefined &&
      (newest.ids.size >= most / PARTS || newest.ids.bytes >= bytes / PARTS);
    if (newest !== undefined && now - newest.since < window / PARTS && !filled) return;
    this.#parts.push({ since: now, ids: new IdSet() });
    while (this.#parts.length > 1) {
      const next = this.#parts[1]!;
      // what was claimed into a part may have been stored while the next had begun
      const over = now - next.since >= window + window / PARTS || this.size > most || this.bytes > bytes;
      if (!over) return;
      this.#parts.shift();
    }
  }

  #tell(): void {
    const { bytes } = this;
    const more = bytes - this.#told;
    if (Math.abs(more) < TOLD_BYTES) return;
    this.#options.memory.hold(more);
    this.#told = bytes;
  }
}
