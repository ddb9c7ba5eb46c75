/**
 * How many stored topics an account begins, over all of its connections.
 *
 * @module
 */
import type { NewTopics } from "../../engine/types.ts";

const MINUTE_MS = 60_000;

/** A topic that was taken, and may begin. */
interface Taken {
  /** For how much that has no answer. */
  times: number;
  hasBegun: boolean;
}

/**
 * A bucket that holds a minute's worth, and is filled by as much in a minute: over any time no more topics
 * begin than that time's worth and a minute's. A topic is taken once, for however much that waits for its
 * answer. What is taken and given back was never missing.
 *
 * Rule D10. It reads no clock: who has it says that time has passed.
 */
export class TopicRate implements NewTopics {
  #most: number;
  #left: number;
  readonly #taken = new Map<string, Taken>();

  /** `most`: topics in a minute. */
  constructor(most: number) {
    this.#most = this.#left = most;
  }

  /** From now on it is so many; what was begun stays begun. */
  set most(most: number) {
    this.#left = Math.min(this.#left, most);
    this.#most = most;
  }

  /** Whether nothing of it is missing. */
  get isFull(): boolean {
    return this.#left >= this.#most;
  }

  take(topic: string): boolean {
    const taken = this.#taken.get(topic);
    if (taken !== undefined) {
      taken.times++;
      return true;
    }
    if (this.#left < 1) return false;
    this.#left--;
    this.#taken.set(topic, { times: 1, hasBegun: false });
    return true;
  }

  began(topic: string): void {
    this.#taken.get(topic)!.hasBegun = true;
  }

  giveBack(topic: string): void {
    const taken = this.#taken.get(topic)!;
    taken.times--;
    if (taken.times > 0) return;
    this.#taken.delete(topic);
    if (!taken.hasBegun) this.#left = Math.min(this.#most, this.#left + 1);
  }

  /** Time has passed. */
  tick(milliseconds: number): void {
    this.#left = Math.min(this.#most, this.#left + this.#most * milliseconds / MINUTE_MS);
  }
}
