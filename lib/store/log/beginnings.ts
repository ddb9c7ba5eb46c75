/**
 * Which topics may begin with a commit.
 *
 * @module
 */
import type { MayBegin } from "../types.ts";

/** Of two appends to one topic that are stored together: it begins if it may with one of them. */
export function strongest(one: MayBegin | undefined, other: MayBegin | undefined): MayBegin | undefined {
  if (one === other) return one;
  if (one === "always" || other === "always") return "always";
  return undefined;
}

/** How many topics there are while a commit is stored: it begins some, and others it may not. */
export class Beginnings {
  /** With those that have begun. */
  topics: number;
  readonly #most: number;

  constructor({ topics, most }: { readonly topics: number; readonly most: number }) {
    this.topics = topics;
    this.#most = most;
  }

  /** Whether one more may. */
  mayBegin(how: MayBegin | undefined): boolean {
    return how === "always" || (how === undefined && this.topics < this.#most);
  }
}
