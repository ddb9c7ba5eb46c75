/**
 * Whether NATS has all that was subscribed to.
 *
 * @module
 */
import type { Flushable, FlushList } from "../../flush_list.ts";
import type { NatsLink } from "./port.ts";

/**
 * Of one link (N2). What was asked for is in force when NATS has answered a PING behind it; where the link is
 * lost, when it has answered one behind what was asked for again.
 */
export class Confirmations implements Flushable {
  readonly #link: NatsLink;
  readonly #flushes: FlushList;
  /** How often something was asked for, and up to which time that is in force. */
  #asked = 0;
  #inForce = 0;
  #announced = false;
  #waiting: Array<{ readonly upTo: number; readonly done: () => void }> = [];

  constructor(link: NatsLink, flushes: FlushList) {
    this.#link = link;
    this.#flushes = flushes;
    link.watch({
      down: () => {
        this.#asked++;
      },
      up: () => this.ready(),
    });
  }

  /** Something was subscribed to. */
  asked(): void {
    this.#asked++;
  }

  /** Whether all of it is in force; else `done` is called when what was asked for by now is. */
  confirmed(done: () => void): boolean {
    if (this.#inForce === this.#asked) return true;
    this.#waiting.push({ upTo: this.#asked, done });
    if (!this.#announced) {
      this.#announced = true;
      this.#flushes.add(this);
    }
    return false;
  }

  /** Asks NATS. */
  ready(): void {
    this.#announced = false;
    const upTo = this.#asked;
    // where it is down it is asked again when it is back
    if (!this.#link.up || this.#inForce === upTo) return;
    this.#link.flush((taken) => {
      if (taken) this.#confirm(upTo);
    });
  }

  #confirm(upTo: number): void {
    this.#inForce = upTo;
    const told = this.#waiting.filter((each) => each.upTo <= upTo);
    if (told.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => each.upTo > upTo);
    for (const { done } of told) done();
    this.#flushes.flush();
  }
}
