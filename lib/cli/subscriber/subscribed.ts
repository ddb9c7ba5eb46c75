/**
 * What a subscriber is subscribed to and what it knows of topics, for Tab and for `list` at the prompt.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import { TopicCounts } from "../client/topic_counts.ts";
import type { SubFields } from "../commands/grammar.ts";
import { withOffset } from "../options/local_time.ts";
import { listing } from "../prompt/listing.ts";
import { countOf } from "../../text.ts";

/** Patterns with how they were asked for, and how many messages came to which topic. */
export class Subscribed {
  readonly #patterns = new Map<string, SubFields>();
  readonly #counts = new TopicCounts();

  /** Subscribed to this, or anew with other fields. */
  add(pattern: string, fields: SubFields): void {
    this.#patterns.set(pattern, fields);
  }

  drop(pattern: string): void {
    this.#patterns.delete(pattern);
  }

  /** A message came. Called for every one. */
  count(topic: string): void {
    this.#counts.count(topic);
  }

  /** Patterns and topics that Tab can complete. */
  topics(): Set<string> {
    return new Set([...this.#patterns.keys(), ...this.#counts.topics()]);
  }

  /** A line a pattern, as one would type it, with how many messages came that it matches. */
  list(): string[] {
    if (this.#patterns.size === 0) return ["subscribed to nothing: sub #topic"];
    const least = this.#counts.others > 0 ? "at least " : "";
    return listing(
      [...this.#patterns].map(([pattern, fields]) => [
        ["sub", pattern, ...wordsOf(fields)].join(" "),
        `${least}${countOf(this.#countOf(pattern), "message")}`,
      ]),
    );
  }

  #countOf(pattern: string): number {
    let sum = 0;
    for (const [topic, count] of this.#counts) if (matches(pattern, topic)) sum += count;
    return sum;
  }
}

function wordsOf(fields: SubFields): string[] {
  const { slow } = fields;
  const positions = (["from", "to"] as const).flatMap((name) => {
    const value = fields[name];
    if (value === undefined) return [];
    return [`${name}=${value instanceof Date ? withOffset(value) : value}`];
  });
  return slow === undefined ? positions : [...positions, `slow=${slow}`];
}
