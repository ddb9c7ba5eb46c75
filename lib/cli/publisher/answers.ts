/**
 * What the broker says of the messages it took, in a person's words.
 *
 * @module
 */
import { countOf } from "../../text.ts";
import type { Answer } from "./types.ts";

/** One message: `#a: acknowledged, level synced, seq 7, 2 subscribers`. */
export function answerText(topic: string, { level, seq, subs }: Answer): string {
  return [
    `${topic}: acknowledged`,
    ...(level === undefined ? [] : [`level ${level}`]),
    ...(seq === undefined ? [] : [`seq ${seq}`]),
    ...(subs === undefined ? [] : [countOf(subs, "subscriber")]),
  ].join(", ");
}

/** Many messages, in one line at the end. */
export class Answers {
  readonly #levels = new Set<string>();
  /** Of the one topic they went to; undefined once there is a second. */
  #topic: string | undefined = "";
  #first: number | undefined;
  #last: number | undefined;
  #least = Infinity;

  add(topic: string, { level, seq, subs }: Answer): void {
    if (level !== undefined) this.#levels.add(level);
    if (subs !== undefined) this.#least = Math.min(this.#least, subs);
    if (this.#topic === "") this.#topic = topic;
    else if (this.#topic !== topic) this.#topic = undefined;
    this.#first ??= seq;
    this.#last = seq ?? this.#last;
  }

  /** `level synced, seq 1-300 of #a, at least 2 subscribers each`; undefined: nothing was said of any. */
  get summary(): string | undefined {
    const parts = [
      ...(this.#levels.size === 0 ? [] : [`level ${[...this.#levels].join(" and ")}`]),
      // numbers of several topics have nothing to do with one another
      ...(this.#first === undefined || this.#topic === undefined
        ? []
        : [`seq ${this.#first}${this.#last === this.#first ? "" : `-${this.#last}`} of ${this.#topic}`]),
      ...(this.#least === Infinity ? [] : [`at least ${countOf(this.#least, "subscriber")} each`]),
    ];
    return parts.length === 0 ? undefined : parts.join(", ");
  }
}
