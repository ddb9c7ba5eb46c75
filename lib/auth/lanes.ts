/**
 * Where logins come from, and who of them waits for what went wrong there before.
 *
 * @module
 */

/** Wrong ones that cost an address nothing. */
const FREE = 3;
/** What one more does, doubling up to the other, milliseconds. */
const DELAY_MS = 100;
const DELAY_MOST_MS = 5_000;
/** Without a wrong one for so long all is forgotten. */
const FORGET_MS = 10 * 60_000;

/** One address, or the network of one. */
export class Lane<Job> {
  readonly waiting: Job[] = [];
  /** One of its own is being looked at: others of it wait for what comes of that. */
  busy = false;
  /** Whether it is set to be served when its time comes. */
  queued = false;
  #failures = 0;
  #failedAt = -Infinity;

  /** When its next one may be looked at. */
  get notBefore(): number {
    if (this.#failures <= FREE) return -Infinity;
    return this.#failedAt + Math.min(DELAY_MS * 2 ** (this.#failures - FREE - 1), DELAY_MOST_MS);
  }

  /** One of it was wrong. */
  failed(now: number): void {
    if (now - this.#failedAt > FORGET_MS) this.#failures = 0;
    this.#failures++;
    this.#failedAt = now;
  }

  /** Whether nothing needs to be known of it any more. */
  forgotten(now: number): boolean {
    return this.idle && now - this.#failedAt > FORGET_MS;
  }

  get idle(): boolean {
    return !this.busy && this.waiting.length === 0;
  }
}
