/**
 * Secrets that have to be looked at, which takes memory and a processor: a few at a time, each address in its
 * turn.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { Lane } from "./lanes.ts";
import { networkOf } from "./networks.ts";

/** What came of one. `busy`: it was not looked at, as too many wait, or there was no memory for it. */
export type Checked = "right" | "wrong" | "busy";

/** One that is to be looked at. */
export interface Check {
  readonly address: string;
  /** The same for the same credentials: those are looked at once. */
  readonly mark: string;
  /** Whether it is right; asked when its turn comes. */
  readonly look: () => Promise<boolean>;
  /** Called once, in another turn. */
  readonly done: (checked: Checked) => void;
}

interface Job extends Omit<Check, "done"> {
  readonly done: Array<Check["done"]>;
}

/** Checks that may wait, of all and of one address. */
const WAITING_MOST = 1024;
const WAITING_OF_ONE = 64;
/** Addresses that are known; those of whom longest nothing was wrong are forgotten for others. */
const LANES_MOST = 4096;

/**
 * Guarantees: at most `atOnce` are looked at at a time, one of an address at most; addresses take turns, so
 * who tries many waits for himself; after some wrong ones of an address its next waits, longer each time.
 */
export class Checks {
  readonly #clock: Clock;
  readonly #atOnce: number;
  readonly #lanes = new Map<string, Lane<Job>>();
  #ready: Lane<Job>[] = [];
  #running = 0;
  #waiting = 0;

  constructor({ clock, atOnce }: { readonly clock: Clock; readonly atOnce: number }) {
    this.#clock = clock;
    this.#atOnce = atOnce;
  }

  /** How many addresses are known. */
  get size(): number {
    return this.#lanes.size;
  }

  ask({ address, mark, look, done }: Check): void {
    const lane = this.#laneOf(address);
    const same = lane.waiting.find((job) => job.mark === mark);
    if (same !== undefined) {
      same.done.push(done);
      return;
    }
    if (this.#waiting >= WAITING_MOST || lane.waiting.length >= WAITING_OF_ONE) {
      queueMicrotask(() => done("busy"));
      return;
    }
    this.#waiting++;
    lane.waiting.push({ address, mark, look, done: [done] });
    this.#schedule(lane);
  }

  /** Something of an address was wrong that needed no look. */
  failed(address: string): void {
    this.#laneOf(address).failed(this.#clock.now());
  }

  #laneOf(address: string): Lane<Job> {
    const network = networkOf(address);
    const known = this.#lanes.get(network);
    if (known !== undefined) return known;
    if (this.#lanes.size >= LANES_MOST) this.#forget();
    const lane = new Lane<Job>();
    this.#lanes.set(network, lane);
    return lane;
  }

  /** Makes room: of all that need not be known any more, else of the one that was known first. */
  #forget(): void {
    const now = this.#clock.now();
    for (const [network, lane] of this.#lanes) if (lane.forgotten(now)) this.#lanes.delete(network);
    if (this.#lanes.size < LANES_MOST) return;
    // there are more lanes than checks may wait: one is idle
    const oldest = [...this.#lanes].find(([, lane]) => lane.idle);
    if (oldest !== undefined) this.#lanes.delete(oldest[0]);
  }

  /** It is served when its time comes. */
  #schedule(lane: Lane<Job>): void {
    if (lane.queued || lane.busy || lane.waiting.length === 0) return;
    lane.queued = true;
    const wait = lane.notBefore - this.#clock.now();
    const ready = (): void => {
      this.#ready.push(lane);
      this.#serve();
    };
    if (wait > 0) this.#clock.after(wait, ready);
    else ready();
  }

  #serve(): void {
    while (this.#running < this.#atOnce) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      lane.queued = false;
      // it was set to be served for one, and nobody else takes that
      const job = lane.waiting.shift()!;
      this.#waiting--;
      this.#running++;
      lane.busy = true;
      void this.#run(lane, job);
    }
  }

  async #run(lane: Lane<Job>, { look, done }: Job): Promise<void> {
    let checked: Checked;
    try {
      checked = await look() ? "right" : "wrong";
    } catch {
      // no memory for it: of this one, and now
      checked = "busy";
    }
    if (checked === "wrong") lane.failed(this.#clock.now());
    this.#running--;
    lane.busy = false;
    this.#schedule(lane);
    this.#serve();
    for (const each of done) each(checked);
  }
}
