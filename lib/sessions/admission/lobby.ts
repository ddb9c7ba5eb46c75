/**
 * Where connections are that nobody has let in yet: what they may take, all of them together, until they say
 * who they are.
 *
 * @module
 */
import { LOBBY_BYTES, LOGIN_BYTES_MOST } from "../../limits.ts";

/** Why one has to leave that has not been let in. */
export type LobbyEnd = "too much before login" | "no login";

/** Who waits there. */
export interface Guest {
  /** Whether it has said who it is, and the broker is about to know. */
  readonly isBeingAsked: boolean;
}

/** One guest's stay. */
export interface Stay {
  /** So many bytes came, and so many are kept for it now. Why it has to leave; undefined: it need not. */
  came(bytes: number, held: number): LobbyEnd | undefined;
  /** It was waited for so many milliseconds. Why it has to leave; undefined: it need not. */
  waited(milliseconds: number): LobbyEnd | undefined;
  /** It was let in, or is gone: nothing is kept for it any more. May be called again. */
  over(): void;
}

/**
 * Guarantees (A8): nobody who was not let in brings more than {@link LOGIN_BYTES_MOST}, or stays longer than
 * `timeout`; all of them together make the broker keep {@link LOBBY_BYTES} at most, by the rule of
 * held_memory.ts: nobody may have more than is still free. However many hoard, a login fits.
 */
export class Lobby<Who extends Guest = Guest> {
  /** Milliseconds that one may stay. */
  readonly timeout: number;
  /** In the order in which they came. */
  readonly #guests = new Set<Who>();
  #held = 0;

  constructor(timeout: number) {
    this.timeout = timeout;
  }

  /** How many there are. */
  get size(): number {
    return this.#guests.size;
  }

  /** Bytes that are kept for them. */
  get held(): number {
    return this.#held;
  }

  enter(guest: Who): Stay {
    this.#guests.add(guest);
    return new OneStay(this, guest);
  }

  /**
   * Only for a stay: so many bytes more are kept, or less. Whether that is too much for one that has `held`.
   */
  hold(more: number, held: number): boolean {
    this.#held += more;
    return this.#held > LOBBY_BYTES || held > LOBBY_BYTES - this.#held;
  }

  /** Only for a stay: it is over. */
  leave(guest: Who): void {
    this.#guests.delete(guest);
  }

  /**
   * Who makes room where there is none for who comes: the one that was there first and has not said who it
   * is. Of those who have, a few at the head are passed over. Undefined: nobody.
   */
  whoMakesRoom(): Who | undefined {
    let seen = 0;
    for (const guest of this.#guests) {
      if (!guest.isBeingAsked) return guest;
      if (++seen >= PASSED_OVER_MOST) return undefined;
    }
    return undefined;
  }
}

/** Of a class, for there may be ten thousand: functions of its own would take four times as much. */
class OneStay<Who extends Guest> implements Stay {
  readonly #lobby: Lobby<Who>;
  readonly #guest: Who;
  #held = 0;
  #came = 0;
  #waited = 0;
  #isOver = false;

  constructor(lobby: Lobby<Who>, guest: Who) {
    this.#lobby = lobby;
    this.#guest = guest;
  }

  came(bytes: number, held: number): LobbyEnd | undefined {
    this.#came += bytes;
    const tooMuch = this.#hold(held);
    return this.#came > LOGIN_BYTES_MOST || tooMuch ? "too much before login" : undefined;
  }

  waited(milliseconds: number): LobbyEnd | undefined {
    this.#waited += milliseconds;
    return this.#waited >= this.#lobby.timeout ? "no login" : undefined;
  }

  over(): void {
    this.#hold(0);
    this.#isOver = true;
    this.#lobby.leave(this.#guest);
  }

  /** What is still handled of who is gone is kept for nobody. */
  #hold(bytes: number): boolean {
    if (this.#isOver) return false;
    const more = bytes - this.#held;
    this.#held = bytes;
    return this.#lobby.hold(more, bytes);
  }
}

/** More than are asked at a time: a flood of logins makes nobody look through all of them. */
const PASSED_OVER_MOST = 64;
