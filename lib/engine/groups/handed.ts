/**
 * What a member was given and has not sent, in its order.
 *
 * @module
 */
import type { Grant } from "./grant.ts";
import { isMostlyGone } from "./mostly_gone.ts";

/** Messages that were given one after the other. */
interface Entry {
  readonly kind: "unstored" | "leased" | "passing";
  count: number;
  /** Of what is settled when it has left: what that is. */
  readonly grant: Grant | undefined;
}

/** So many messages have left: how many of them were not stored, and what is settled with that. */
export interface Passed {
  readonly unstored: number;
  readonly settled: readonly Grant[];
}

/** Guarantee: messages leave in the order in which they were given. */
export class Handed {
  #entries: Entry[] = [];
  #head = 0;

  /** So many that are not stored. */
  unstored(count: number): void {
    this.#add("unstored", count);
  }

  /** So many that are settled when the member says so. */
  leased(count: number): void {
    this.#add("leased", count);
  }

  /** These are settled when they have left. */
  passing(grant: Grant): void {
    this.#entries.push({ kind: "passing", count: grant.end - grant.from, grant });
  }

  /** So many have left. */
  pass(messages: number): Passed {
    let unstored = 0;
    const settled: Grant[] = [];
    for (let left = messages; left > 0;) {
      const entry = this.#entries[this.#head];
      if (entry === undefined) break;
      const count = Math.min(left, entry.count);
      if (entry.kind === "unstored") unstored += count;
      if (entry.grant !== undefined) {
        const end = entry.grant.end - entry.count + count;
        settled.push({ ...entry.grant, from: end - count, end });
      }
      entry.count -= count;
      left -= count;
      if (entry.count === 0) this.#head++;
    }
    if (isMostlyGone(this.#head, this.#entries.length)) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return { unstored, settled };
  }

  /** What is stored of it is the group's no longer: how many are left. */
  disown(): number {
    let unstored = 0;
    this.#entries = this.#entries.slice(this.#head).map(({ kind, count }): Entry => {
      if (kind === "unstored") unstored += count;
      return { kind: kind === "unstored" ? kind : "leased", count, grant: undefined };
    });
    this.#head = 0;
    return unstored;
  }

  /** All of it is over. */
  clear(): Passed {
    return this.pass(Infinity);
  }

  #add(kind: Entry["kind"], count: number): void {
    const last = this.#head < this.#entries.length ? this.#entries.at(-1) : undefined;
    if (last?.kind === kind) last.count += count;
    else this.#entries.push({ kind, count, grant: undefined });
  }
}
