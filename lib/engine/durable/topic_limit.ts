/**
 * How many topics may be stored.
 *
 * @module
 */
import type { Store } from "../../store/types.ts";
import type { Routing } from "../routing.ts";
import type { Piece } from "./piece.ts";

/** What it asks. */
export interface TopicLimitParts {
  readonly store: Pick<Store, "state">;
  readonly routing: Pick<Routing, "routeOf">;
  /** Topics there may be. */
  readonly most: number;
}

/** Gives a place back that was reserved. */
export type Release = () => void;

/**
 * Only the store knows which topics there are: it is told with each commit how many there may be, and leaves
 * out what would begin more. What has to be stored all the same (a dead letter with the mark that settles it)
 * has a place reserved before (D10).
 */
export class TopicLimit {
  readonly #parts: TopicLimitParts;
  #reserved = 0;

  constructor(parts: TopicLimitParts) {
    this.#parts = parts;
  }

  /** Topics there may be when the next commit is stored, but for those that have a place. */
  get most(): number {
    return this.#parts.most - this.#reserved;
  }

  /** A place for a topic; undefined: there is none. */
  reserve(topic: string): Release | undefined {
    const { store, routing } = this.#parts;
    if (routing.routeOf(topic).begun) return () => {};
    if (store.state.topics >= this.most) return undefined;
    this.#reserved++;
    return () => void this.#reserved--;
  }

  /** Why the topic of a piece did not begin, a sentence that says what to do. */
  reasonOf({ topic, mayBegin }: Piece): string {
    if (mayBegin === "never") {
      return `${topic} is not stored yet, and your account may begin no more topics for now (its ` +
        "max-new-topics): publish to one that there is, or later";
    }
    return `there are ${this.#parts.store.state.topics} topics already, as many as may be stored ` +
      "(--max-topics): publish to one of them, or who runs the broker allows more";
  }
}
