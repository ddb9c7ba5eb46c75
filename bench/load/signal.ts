/**
 * @module
 */

/** Wakes all who wait. Who is woken looks again at what it waited for. */
export class Signal {
  #waiters: PromiseWithResolvers<void> | null = null;

  wait(): Promise<void> {
    this.#waiters ??= Promise.withResolvers<void>();
    return this.#waiters.promise;
  }

  fire(): void {
    this.#waiters?.resolve();
    this.#waiters = null;
  }
}
