/**
 * A world that stands in one process: time passes as the seed says, and nothing else does.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../../../lib/clock.ts";
import { Random, Streams } from "./random.ts";
import { Schedule } from "./schedule.ts";
import { Trace } from "./trace.ts";

/** When every world begins: 2026-01-01, milliseconds since 1970. */
export const EPOCH = Date.UTC(2026, 0, 1);

/** Time, chance and what happened. */
export class World {
  readonly streams: Streams;
  readonly trace: Trace;
  readonly #schedule: Schedule;
  #events = 0;

  constructor(seed: number, say?: (line: string) => void) {
    this.streams = new Streams(seed);
    this.#schedule = new Schedule(this.streams.of("ties"));
    this.trace = new Trace(() => this.now, say);
  }

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#schedule.now;
  }

  /** How many events there were. */
  get events(): number {
    return this.#events;
  }

  /** In so many milliseconds; what is given back takes it back. */
  after(delay: number, run: () => void): () => void {
    return this.#schedule.add(delay, run);
  }

  /** So many milliseconds pass. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /**
   * Lets time pass until the promise settles, `until` is reached or nothing is to come any more. True: it has
   * settled. `behindEach` is called when all that an event brings has been done.
   */
  async run(main: Promise<unknown>, until: number, behindEach: () => void = () => {}): Promise<boolean> {
    let over = false;
    const stop = (): void => {
      over = true;
    };
    main.then(stop, stop);
    await settled();
    while (!over && this.#schedule.step(until)) {
      this.#events++;
      await settled();
      behindEach();
    }
    return over;
  }
}

/** When all that promises have to do at this moment is done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * One machine, or one program on it: its clock, which may be wrong, and whether it lives. What comes to it
 * while it is frozen comes when it is thawed, and to a dead one nothing comes.
 */
export class Node {
  readonly name: string;
  readonly clock: Clock;
  readonly world: World;
  readonly #timers = new Map<number, () => void>();
  #lastTimer = 0;
  #wall: number;
  #alive = true;
  #frozen: Array<() => void> | undefined;

  /** `wall`: milliseconds its clock is ahead. */
  constructor(world: World, { name, wall = 0 }: { readonly name: string; readonly wall?: number }) {
    this.world = world;
    this.name = name;
    this.#wall = wall;
    this.clock = {
      now: () => this.world.now,
      wall: () => Math.floor(EPOCH + this.world.now + this.#wall),
      after: (ms, callback) => this.#timer(ms, callback),
      every: (ms, callback) => this.#repeat(ms, callback),
      cancel: (timer) => this.#cancel(timer),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Its clock jumps by so many milliseconds. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Does something here in so many milliseconds, if it lives then. */
  after(delay: number, run: () => void): () => void {
    return this.world.after(delay, () => this.guard(run));
  }

  /** Does something here now, when it is thawed, or never. */
  guard(run: () => void): void {
    if (!this.#alive) return;
    if (this.#frozen === undefined) run();
    else this.#frozen.push(run);
  }

  freeze(): void {
    this.#frozen ??= [];
  }

  /** What came meanwhile happens in its order, as a process finds it that was stopped. */
  thaw(): void {
    const next = (): void => {
      const run = this.#frozen?.shift();
      if (run === undefined || !this.#alive) {
        this.#frozen = undefined;
        return;
      }
      run();
      this.world.after(0, next);
    };
    this.world.after(0, next);
  }

  /** Nothing here ever happens again. */
  die(): void {
    this.#alive = false;
    this.#timers.clear();
  }

  #timer(ms: number, callback: () => void): number {
    const id = ++this.#lastTimer;
    const cancel = this.after(Math.max(1, ms), () => {
      if (this.#timers.delete(id)) callback();
    });
    this.#timers.set(id, cancel);
    return id;
  }

  #repeat(ms: number, callback: () => void): number {
    const id = ++this.#lastTimer;
    const again = (): void => {
      const cancel = this.after(ms, () => {
        if (!this.#timers.has(id)) return;
        again();
        callback();
      });
      this.#timers.set(id, cancel);
    };
    again();
    return id;
  }

  #cancel(timer: Timer | undefined): void {
    if (typeof timer !== "number") return;
    this.#timers.get(timer)?.();
    this.#timers.delete(timer);
  }
}

export { Random };
