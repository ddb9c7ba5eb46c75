/**
 * Time, as far as anything that waits or measures needs it: what a test, or a simulation, can put another
 * in place of.
 *
 * @module
 */

/** A timer that was set; {@link Clock.cancel} takes it back. */
export type Timer = NonNullable<Parameters<typeof clearTimeout>[0]>;

/** Two clocks, one that tells the time and one that only counts, and an alarm that goes by the second. */
export interface Clock {
  /** Milliseconds that count up, from any beginning, and never jump. */
  now(): number;
  /** Milliseconds since 1970: what people and stored messages go by. It may jump either way. */
  wall(): number;
  /** Calls back once after so many milliseconds, by {@link now}. */
  after(ms: number, callback: () => void): Timer;
  /** Calls back each so many milliseconds until it is cancelled. */
  every(ms: number, callback: () => void): Timer;
  /** Nothing more comes of it; of one that is over, or of none, nothing does anyway. */
  cancel(timer: Timer | undefined): void;
}

/** That of the machine. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, callback) => setTimeout(callback, ms),
  every: (ms, callback) => setInterval(callback, ms),
  // what sets the two apart is how often they go off
  cancel: (timer) => clearTimeout(timer),
};
