/**
 * Time in which a broker, or who looks at it, could have worked and was not let: what a busy machine makes an
 * answer late by, and not the broker.
 *
 * @module
 */

const LOOK_MS = 10;

/**
 * As it adds up, look by look. Of the two, who was kept longer since the look before: mostly they are kept at the
 * same time.
 */
export class Starved {
  readonly #at: number[] = [];
  readonly #sums: number[] = [];
  #due = Infinity;
  #waited = 0;

  /** Looks again and again, at a process of this id, until `stop`. */
  static of(pid: number): { readonly starved: Starved; stop(): void } {
    const starved = new Starved();
    const looking = setInterval(() => starved.look(performance.now(), waitedForProcessor(pid)), LOOK_MS);
    return { starved, stop: () => clearInterval(looking) };
  }

  /**
   * A look, that was due so many milliseconds behind the one before: by how much it is late this process had no
   * time to see an answer either, for whatever reason. `waited`: what the other has waited for a processor by now,
   * or less where nothing is told any more.
   */
  look(now: number, waited: number): void {
    const late = Math.max(0, now - this.#due);
    const kept = Math.max(0, waited - this.#waited);
    this.#due = now + LOOK_MS;
    this.#waited = Math.max(waited, this.#waited);
    this.#at.push(now);
    this.#sums.push((this.#sums.at(-1) ?? 0) + Math.max(late, kept));
  }

  /** By how much it grew between these two moments, and not by more than they are apart. */
  between(from: number, to: number): number {
    const last = this.#at.length - 1;
    if (last < 0) return 0;
    const begin = this.#sums[Math.max(0, this.#behind(from) - 1)] ?? 0;
    const end = this.#sums[Math.min(last, this.#behind(to))] ?? 0;
    return Math.min(to - from, end - begin);
  }

  /** The place of the first look behind that moment. */
  #behind(at: number): number {
    let [low, high] = [0, this.#at.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at[middle]! <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How long the main thread of a process has waited for a processor, milliseconds; 0 where that is not told. */
function waitedForProcessor(pid: number): number {
  try {
    const [, waited] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`).split(" ");
    return Number(waited ?? 0) / 1e6;
  } catch {
    return 0;
  }
}
