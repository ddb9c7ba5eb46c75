/**
 * How far this broker lies behind what NATS has for it.
 *
 * @module
 */
import type { FlushList } from "../../flush_list.ts";
import { ENGINE_BEHIND_ASK, ENGINE_BEHIND_LEAST, ENGINE_BEHIND_MOST } from "../../limits.ts";
import type { NatsLink } from "./port.ts";

/**
 * Of one link. NATS's answer to a PING stands behind all that it had for us: as many bytes come before it as
 * we lie behind. Who lies too far behind is cut off by NATS and loses what was on its way, so others'
 * publishers are to wait before.
 */
export class Backlog {
  readonly #link: NatsLink;
  readonly #flushes: FlushList;
  readonly #changed: () => void;
  #received = 0;
  /** What had been received when it was asked; undefined: nobody waits for an answer. */
  #askedAt: number | undefined;
  #lastAsked = 0;
  #behind = false;

  constructor(link: NatsLink, flushes: FlushList, changed: () => void) {
    this.#link = link;
    this.#flushes = flushes;
    this.#changed = changed;
    link.watch({ down: () => this.#set(false) });
  }

  /** Whether others are to send nothing more for now. */
  get behind(): boolean {
    return this.#behind;
  }

  /** So many bytes have come. */
  received(bytes: number): void {
    this.#received += bytes;
    if (this.#askedAt !== undefined) {
      if (this.#received - this.#askedAt > ENGINE_BEHIND_MOST) this.#set(true);
      return;
    }
    if (this.#received - this.#lastAsked < ENGINE_BEHIND_ASK) return;
    this.#ask();
  }

  #ask(): void {
    const at = this.#lastAsked = this.#askedAt = this.#received;
    this.#link.flush((answered) => {
      this.#askedAt = undefined;
      if (!answered) return;
      if (this.#received - at < ENGINE_BEHIND_LEAST) this.#set(false);
      else if (this.#behind) this.#ask();
      // others wait to be told
      this.#flushes.flush();
    });
  }

  #set(behind: boolean): void {
    if (behind === this.#behind) return;
    this.#behind = behind;
    this.#changed();
  }
}
