/**
 * Which message of each sender came last, so that none is taken twice: where patterns overlap, one comes by
 * each of them.
 *
 * @module
 */
import type { Stamp } from "./packed.ts";

/**
 * Senders that are remembered. Anybody may make one up; of who is forgotten the next message is new again.
 */
const MOST = 4096;

/** Guarantee: of one sender a message is new once, and later ones come behind it (NATS keeps their order). */
export class Senders {
  readonly #last = new Map<string, number>();

  /** Whether a message was not taken before; it has been from now on. */
  isNew({ sender, number }: Stamp): boolean {
    const last = this.#last.get(sender);
    if (last !== undefined && number <= last) return false;
    if (last === undefined && this.#last.size >= MOST) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    }
    this.#last.set(sender, number);
    return true;
  }
}
