/**
 * How many local subscribers each pattern has, for who has to tell others about the first and the last.
 *
 * @module
 */

/** Who is told: of the first subscriber of a pattern, and of the last that has gone. */
export type PatternWatcher = (pattern: string, change: "added" | "removed") => void;

/** Canonical patterns with a count. */
export class PatternCounts {
  readonly #counts = new Map<string, number>();
  readonly #changed: PatternWatcher;

  constructor(changed: PatternWatcher) {
    this.#changed = changed;
  }

  /** How many patterns have any. */
  get size(): number {
    return this.#counts.size;
  }

  add(pattern: string): void {
    const count = this.#counts.get(pattern) ?? 0;
    this.#counts.set(pattern, count + 1);
    if (count === 0) this.#changed(pattern, "added");
  }

  /** One that was added. */
  remove(pattern: string): void {
    const count = this.#counts.get(pattern)! - 1;
    if (count > 0) {
      this.#counts.set(pattern, count);
    } else {
      this.#counts.delete(pattern);
      this.#changed(pattern, "removed");
    }
  }
}
