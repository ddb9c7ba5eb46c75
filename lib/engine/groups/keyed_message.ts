/**
 * What is known of the keys that a group has messages of.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import { KeyedLine, type Ordered } from "./keyed_line.ts";
import type { Unit } from "./ledger.ts";
import type { Place } from "./members.ts";
import { hashOf } from "./rendezvous.ts";

/** How messages are given out. */
export interface Terms {
  /** Undefined: they are not stored. */
  readonly unit: Unit | undefined;
  readonly attempt: number;
  /** Who had them before; of messages without a key only. */
  readonly before?: Place | undefined;
}

/** Messages of one kind, stored or not. */
export interface Giver {
  /** These are that member's now; it is counted already what it holds. */
  hand(place: Place, run: Run, terms: Terms): void;
}

/** A message that waits. */
export interface Waiting extends Ordered {
  /** One message, kept. */
  readonly run: Run;
  readonly giver: Giver;
  readonly terms: Terms;
  /** Undefined: it has no key. */
  readonly message: KeyedMessage | undefined;
  /** It has never been given out. */
  readonly fresh: boolean;
}

/** A message with a key, from when it has come until it is settled. */
export class KeyedMessage implements Ordered {
  readonly key: Key;
  readonly order: number;
  /** `back`: it was given back and is to come again. */
  state: "waits" | "held" | "back" | "over" = "waits";

  constructor(key: Key, order: number) {
    this.key = key;
    this.order = order;
  }
}

/** A member, and what of it goes by keys. */
export class Seat {
  readonly place: Place;
  /** Its own, among all that were ever there ({@link import("./rendezvous.ts").seedOf}). */
  readonly seed: number;
  /** Keys of which something waits for it to have room. */
  readonly wanted = new Set<Key>();
  #unstored: Array<KeyedMessage | undefined> = [];
  #passed = 0;

  constructor(place: Place, seed: number) {
    this.place = place;
    this.seed = seed;
  }

  /** Messages that it was given, which are not stored, and have not left it. */
  get holds(): number {
    return this.#unstored.length - this.#passed;
  }

  /** It was given one that is not stored; undefined: that has no key. */
  gave(message: KeyedMessage | undefined): void {
    this.#unstored.push(message);
  }

  /** The first so many of them have left it. */
  pass(messages: number): Array<KeyedMessage | undefined> {
    const passed = this.#unstored.slice(this.#passed, this.#passed + messages);
    this.#passed += passed.length;
    if (2 * this.#passed >= this.#unstored.length) {
      this.#unstored = this.#unstored.slice(this.#passed);
      this.#passed = 0;
    }
    return passed;
  }
}

/** A key, as long as any message of it is not settled. */
export class Key {
  readonly text: string;
  readonly hash: number;
  /** Whose it is. */
  owner: Seat | undefined = undefined;
  /** Who holds messages of it: the owner, or who was that before. */
  holder: Seat | undefined = undefined;
  held = 0;
  /** Messages that are not settled. */
  open = 0;
  readonly #back = new KeyedLine<KeyedMessage>();
  readonly #again = new KeyedLine<Waiting>();
  readonly #fresh = new KeyedLine<Waiting>();

  constructor(text: string) {
    this.text = text;
    this.hash = hashOf(text);
  }

  /** What waits and comes next. */
  get first(): Waiting | undefined {
    return this.#again.first ?? this.#fresh.first;
  }

  /** The earliest of those that are to come again. */
  get back(): KeyedMessage | undefined {
    for (let first = this.#back.first; first !== undefined; first = this.#back.first) {
      if (first.state === "back") return first;
      this.#back.shift();
    }
    return undefined;
  }

  /** A message was given back. */
  gaveBack(message: KeyedMessage): void {
    message.state = "back";
    this.#back.add(message);
  }

  /** Whether nothing comes before it. */
  isNext(message: KeyedMessage): boolean {
    const { first, back } = this;
    return (first === undefined || message.order <= first.order) &&
      (back === undefined || message.order <= back.order);
  }

  add(waiting: Waiting): void {
    (waiting.fresh ? this.#fresh : this.#again).add(waiting);
  }

  /** The first that waits does so no longer. */
  shift(): void {
    (this.#again.first === undefined ? this.#fresh : this.#again).shift();
  }

  /** What waits of one kind does so no longer. */
  take(giver: Giver): Waiting[] {
    const isTaken = (waiting: Waiting): boolean => waiting.giver === giver;
    return [...this.#again.take(isTaken), ...this.#fresh.take(isTaken)];
  }
}
