/**
 * What waits in a group by keys, as far as it has to be counted.
 *
 * @module
 */
import { GROUP_AHEAD_BYTES, GROUP_ASIDE_MOST } from "../../limits.ts";
import type { Giver, Waiting } from "./keyed_message.ts";

/** How much of it there is. */
export class SetAside {
  readonly #messages = new Map<Giver, number>();
  #freshBytes = 0;
  #freshMessages = 0;
  #againBytes = 0;

  /** Whether as much has never been given out as may wait; `most`: bytes. */
  isFull(most: number): boolean {
    return this.#freshMessages >= GROUP_ASIDE_MOST || (this.#freshBytes > 0 && this.#freshBytes >= most);
  }

  /** Whether as much is here again as is kept of what waits for others of its key. */
  get isCrowded(): boolean {
    return this.#againBytes >= GROUP_AHEAD_BYTES;
  }

  /** Messages of a kind. */
  of(giver: Giver): number {
    return this.#messages.get(giver) ?? 0;
  }

  add(waiting: Waiting): void {
    this.#count(waiting, 1);
  }

  remove(waiting: Waiting): void {
    this.#count(waiting, -1);
  }

  #count({ run: { records: { start, end } }, giver, fresh }: Waiting, sign: 1 | -1): void {
    const messages = this.of(giver) + sign;
    if (messages === 0) this.#messages.delete(giver);
    else this.#messages.set(giver, messages);
    if (fresh) {
      this.#freshBytes += sign * (end - start);
      this.#freshMessages += sign;
    } else {
      this.#againBytes += sign * (end - start);
    }
  }
}
