/**
 * The members of a group by keys, and whose a key is.
 *
 * @module
 */
import { type Key, Seat } from "./keyed_message.ts";
import type { Place } from "./members.ts";
import { seedOf, weightOf } from "./rendezvous.ts";

/** Guarantee: who comes or goes moves no key but those that are its own ({@link weightOf}). */
export class Seats {
  readonly #seats = new Map<Place, Seat>();
  /** Those that may own keys: a key that becomes known looks at each. */
  #owners: Seat[] = [];
  #seated = 0;

  /** How many keys wait for one of them to have room. */
  get wanted(): number {
    return [...this.#seats.values()].reduce((sum, { wanted }) => sum + wanted.size, 0);
  }

  /** That of a member, until it is {@link remove removed}. */
  of(place: Place): Seat {
    return this.#seats.get(place)!;
  }

  find(place: Place): Seat | undefined {
    return this.#seats.get(place);
  }

  enter(place: Place): Seat {
    const seat = new Seat(place, seedOf(++this.#seated));
    this.#seats.set(place, seat);
    this.#owners.push(seat);
    return seat;
  }

  /** It owns no keys any more; whose were its own are to be {@link elect elected}. */
  retire(seat: Seat): void {
    this.#owners = this.#owners.filter((each) => each !== seat);
  }

  remove(place: Place): void {
    this.#seats.delete(place);
  }

  /** The owner is found among all who are there; undefined: nobody is. */
  elect(key: Key): void {
    key.owner?.wanted.delete(key);
    key.owner = undefined;
    for (let at = 0; at < this.#owners.length; at++) this.bid(key, this.#owners[at]!);
  }

  /** One more is there, and is the owner if it has the greatest number for it: whether it is. */
  bid(key: Key, seat: Seat): boolean {
    const { owner, hash } = key;
    if (owner !== undefined && weightOf(hash, seat.seed) <= weightOf(hash, owner.seed)) return false;
    owner?.wanted.delete(key);
    key.owner = seat;
    return true;
  }
}
