/**
 * Time in which somebody could have worked and was not let, as it adds up: what a busy machine makes an answer
 * late by, and not the broker.
 *
 * @module
 */

/** A sum that only grows, looked at now and then. */
export class Starved {
  readonly #at: number[] = [];
  readonly #sums: number[] = [];

  /** So much it has come to by now, milliseconds; less than before where nothing is told any more. */
  note(at: number, sum: number): void {
    this.#at.push(at);
    this.#sums.push(Math.max(sum, this.#sums.at(-1) ?? 0));
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

const LOOK_MS = 10;

/**
 * How late this process is by its own timers, which is when it sees an answer: what it does itself, and what the
 * machine keeps from it.
 */
export function ownLateness(): { readonly starved: Starved; stop(): void } {
  const starved = new Starved();
  let sum = 0;
  let due = performance.now() + LOOK_MS;
  const looking = setInterval(() => {
    const now = performance.now();
    sum += Math.max(0, now - due);
    due = now + LOOK_MS;
    starved.note(now, sum);
  }, LOOK_MS);
  return { starved, stop: () => clearInterval(looking) };
}

/** How long the main thread of a process has waited for a processor, milliseconds; 0 where that is not told. */
export function waitedForProcessor(pid: number): number {
  try {
    const [, waited] = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/schedstat`).split(" ");
    return Number(waited ?? 0) / 1e6;
  } catch {
    return 0;
  }
}
