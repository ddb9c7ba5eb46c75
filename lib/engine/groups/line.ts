/**
 * Stored messages of a group whose members are all the same to it, and which of them gets them.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import type { Giver, Terms } from "./keyed_message.ts";
import type { Members } from "./members.ts";
import { RunQueue, type WaitingRun } from "./run_queue.ts";

/** Guarantee: what comes back goes first, for who has room; then what is read, in its order. */
export class Line {
  readonly #members: Members;
  readonly #giver: Giver;
  readonly #again = new RunQueue();
  readonly #fresh = new RunQueue();
  #giving = false;

  constructor(members: Members, giver: Giver) {
    this.#members = members;
    this.#giver = giver;
  }

  /** Messages that wait for a member with room. */
  get messages(): number {
    return this.#again.messages + this.#fresh.messages;
  }

  /** Bytes of those that have not been given out yet. */
  get freshBytes(): number {
    return this.#fresh.bytes;
  }

  /** Whether what comes back would be given out at once. */
  get takes(): boolean {
    return this.#again.first === undefined && this.#members.next() !== undefined;
  }

  /** What comes back, kept; it is given out by {@link goOn}. */
  again(waiting: WaitingRun): void {
    this.#again.add(waiting);
  }

  /** Gives out what has come; `copy` makes of what there is no room for what is kept. */
  offer(run: Run, { unit, attempt, copy }: Omit<WaitingRun, "run"> & { readonly copy: Copy }): void {
    const waits = this.#queue !== undefined || this.#giving;
    const given = waits ? 0 : this.#give(run, { unit, attempt });
    if (given < run.count) this.#fresh.add({ run: copy(run, given), unit, attempt });
  }

  /** Gives out what waits; whether anything was. */
  goOn(): boolean {
    // what is given may leave at once
    if (this.#giving) return false;
    this.#giving = true;
    let gave = false;
    for (let queue = this.#queue; queue !== undefined; queue = this.#queue) {
      const first = queue.first!;
      const given = this.#give(first.run, first);
      if (given === 0) break;
      gave = true;
      queue.gave(given);
    }
    this.#giving = false;
    return gave;
  }

  clear(): void {
    this.#again.clear();
    this.#fresh.clear();
  }

  get #queue(): RunQueue | undefined {
    if (this.#again.first !== undefined) return this.#again;
    return this.#fresh.first === undefined ? undefined : this.#fresh;
  }

  /** Gives out what there is room for, from the first message on; how many those were. */
  #give(run: Run, terms: Terms): number {
    let given = 0;
    while (given < run.count) {
      const place = this.#members.next(terms.before);
      if (place === undefined) break;
      const left = run.count - given;
      // of many each has a part, or the first would have all of them
      const count = Math.min(left, place.room, Math.ceil(left / this.#members.able));
      const part = run.part(given, count);
      this.#members.gave(place, count);
      this.#giver.hand(place, part, terms);
      if (part !== run) part.release();
      given += count;
    }
    return given;
  }
}

/** The messages of a run from a position on, kept. */
export type Copy = (run: Run, from: number) => Run;
