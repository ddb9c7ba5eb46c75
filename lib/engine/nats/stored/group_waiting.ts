/**
 * Messages that no member of a group has yet.
 *
 * @module
 */
import type { Run } from "../../../wire/run.ts";
import type { Waiting } from "./group_source.ts";

/** In the order in which they are given out. */
export class WaitingMessages {
  /** Since when nobody has taken any of them. */
  idle = 0;
  #all: Waiting[] = [];

  /** Messages. */
  get size(): number {
    return this.#all.reduce((sum, { run }) => sum + run.count, 0);
  }

  /** Those that are next; undefined: there are none. */
  get first(): Waiting | undefined {
    return this.#all[0];
  }

  /** Behind all others. */
  push(waiting: Waiting): void {
    if (this.#all.length === 0) this.idle = waiting.since;
    this.#all.push(waiting);
  }

  /** Before all others. */
  unshift(...waiting: readonly Waiting[]): void {
    this.#all.unshift(...waiting);
  }

  shift(): void {
    this.#all.shift();
  }

  /** Those, which wait here no longer; left out: all. */
  take(which: (waiting: Waiting) => boolean = () => true): Waiting[] {
    const taken = this.#all.filter(which);
    if (taken.length > 0) this.#all = this.#all.filter((each) => !which(each));
    return taken;
  }

  /** NATS has given it out once more, and hears of it there from now on; whether it is here. */
  renew(sequence: number, reply: string): boolean {
    const at = this.#all.findIndex(({ run }) => offsetIn(run, sequence) !== undefined);
    const waiting = this.#all[at];
    if (waiting === undefined) return false;
    this.#all[at] = { ...waiting, replies: waiting.replies.with(offsetIn(waiting.run, sequence)!, reply) };
    return true;
  }

  /** The time of those that have waited for longer than `most` begins anew: where NATS is told of that. */
  prolong(now: number, most: number): string[] {
    const replies: string[] = [];
    for (const [at, waiting] of this.#all.entries()) {
      if (now - waiting.since <= most) continue;
      replies.push(...waiting.replies);
      this.#all[at] = { ...waiting, since: now };
    }
    return replies;
  }
}

/** Which message of a run has this number; undefined: none. */
function offsetIn({ stored, count }: Run, sequence: number): number | undefined {
  const at = sequence - stored!.first;
  return at >= 0 && at < count ? at : undefined;
}
