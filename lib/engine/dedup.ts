/**
 * Which messages have been stored already: a publisher that did not see its acknowledgement sends again, with the same id.
 *
 * @module
 */

/** How many parts the window has; ids are forgotten a part at a time. */
const PARTS = 4;

/** How long and how many ids are remembered. */
export interface DedupOptions {
  /** Milliseconds for which an id is remembered at least. */
  readonly window: number;
  /** Ids remembered at most: with more, the oldest are forgotten before their time. */
  readonly most: number;
}

/**
 * The ids of the last while, by topic. Guarantees: an id that was stored is known for the window (and up to a fourth longer),
 * unless more than `most` came meanwhile; one whose commit was refused is not known.
 */
export class Dedup {
  readonly #options: DedupOptions;
  /** By part, the newest last. */
  #parts: { readonly since: number; readonly ids: Set<string> }[] = [];
  /** Ids that are being stored. */
  readonly #pending = new Set<string>();
  #size = 0;

  constructor(options: DedupOptions) {
    this.#options = options;
  }

  /** Ids it remembers. */
  get size(): number {
    return this.#size;
  }

  /** Whether a message with this id is stored or being stored; if not, it counts as being stored from here on. */
  claim(topic: string, id: string): boolean {
    const key = keyOf(topic, id);
    if (this.#pending.has(key) || this.#parts.some((part) => part.ids.has(key))) return false;
    this.#pending.add(key);
    return true;
  }

  /** What was claimed is stored, as of this time (milliseconds, of any clock that does not jump). */
  stored(topic: string, id: string, time: number): void {
    const key = keyOf(topic, id);
    this.#pending.delete(key);
    const { window, most } = this.#options;
    const newest = this.#parts.at(-1);
    const fresh = newest === undefined || time - newest.since >= window / PARTS ||
      newest.ids.size >= most / PARTS;
    if (fresh) this.#parts.push({ since: time, ids: new Set() });
    this.#parts.at(-1)!.ids.add(key);
    this.#size++;
    if (fresh) this.#forget(time);
  }

  /** What was claimed was not stored. */
  refused(topic: string, id: string): void {
    this.#pending.delete(keyOf(topic, id));
  }

  #forget(now: number): void {
    const { window, most } = this.#options;
    while (this.#parts.length > 1) {
      const [oldest, next] = this.#parts;
      const over = now - next!.since >= window || this.#size > most;
      if (!over) return;
      this.#size -= oldest!.ids.size;
      this.#parts.shift();
    }
  }
}

/** A topic has no space, so the two cannot run into each other. */
function keyOf(topic: string, id: string): string {
  return `${topic} ${id}`;
}
