/**
 * Long work a part at a time: what comes of a body's bytes is there at once, and waits for nothing else.
 *
 * @module
 */

/** Milliseconds of work after which others have their turn. */
const TURN_MS = 2;

/** One piece of work, from its beginning on. */
export class Pace {
  #since = performance.now();

  /** Whether others have waited for long enough: then {@link turn}. */
  get isOver(): boolean {
    return performance.now() - this.#since >= TURN_MS;
  }

  /**
   * Resolves when the runtime has looked at its sockets and timers: a timer makes it, an immediate does not
   * (sessions/turns/event_loop.ts).
   */
  async turn(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#since = performance.now();
  }
}
