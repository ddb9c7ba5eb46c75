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
  /** It was let in, or is gone. May be called again. */
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
    let held = 0;
    let came = 0;
    let waited = 0;
    const hold = (bytes: number): void => {
      this.#held += bytes - held;
      held = bytes;
    };
    return {
      came: (bytes, heldNow) => {
        came += bytes;
        hold(heldNow);
        return came > LOGIN_BYTES_MOST || this.#held > LOBBY_BYTES || held > LOBBY_BYTES - this.#held
          ? "too much before login"
          : undefined;
      },
      waited: (milliseconds) => {
        waited += milliseconds;
        return waited >= this.timeout ? "no login" : undefined;
      },
      over: () => {
        hold(0);
        this.#guests.delete(guest);
      },
    };
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

/** More than are asked at a time: a flood of logins makes nobody look through all of them. */
const PASSED_OVER_MOST = 64;
