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

/** What is subscribed to and how it was asked for, and how many messages came to which topic. */
export class Subscribed {
  /** By pattern and group. */
  readonly #asked = new Map<string, SubFields & { readonly pattern: string }>();
  readonly #counts = new TopicCounts();
  /** Of what came as a member of a group, by its name. */
  readonly #shared = new Map<string, TopicCounts>();

  /** Subscribed to this, or anew with other fields. */
  add(pattern: string, fields: SubFields): void {
    const { group } = fields;
    this.#asked.set(keyOf(pattern, group), { pattern, ...fields });
    if (group !== undefined && !this.#shared.has(group)) this.#shared.set(group, new TopicCounts());
  }

  drop(pattern: string, group?: string): void {
    this.#asked.delete(keyOf(pattern, group));
  }

  /** What is subscribed to as a member of a group, and how. */
  *memberships(): Iterable<SubFields & { readonly pattern: string; readonly group: string }> {
    for (const { group, ...asked } of this.#asked.values()) {
      if (group !== undefined) yield { ...asked, group };
    }
  }

  /** A message came, as a member of a group or not. Called for every one. */
  count(topic: string, group?: string): void {
    this.#countsOf(group).count(topic);
  }

  /** Patterns and topics that Tab can complete. */
  topics(): Set<string> {
    const patterns = [...this.#asked.values()].map(({ pattern }) => pattern);
    const shared = [...this.#shared.values()].flatMap((counts) => [...counts.topics()]);
    return new Set([...patterns, ...this.#counts.topics(), ...shared]);
  }

  /** A line a subscription, as one would type it, with how many messages came that it matches. */
  list(): string[] {
    if (this.#asked.size === 0) return ["subscribed to nothing: sub #topic"];
    return listing(
      [...this.#asked.values()].map((asked) => [
        ["sub", asked.pattern, ...wordsOf(asked)].join(" "),
        this.#came(asked),
      ]),
    );
  }

  #came({ pattern, group }: SubFields & { readonly pattern: string }): string {
    const counts = this.#countsOf(group);
    let sum = 0;
    for (const [topic, count] of counts) if (matches(pattern, topic)) sum += count;
    return `${counts.others > 0 ? "at least " : ""}${countOf(sum, "message")}`;
  }

  #countsOf(group: string | undefined): TopicCounts {
    return (group === undefined ? undefined : this.#shared.get(group)) ?? this.#counts;
  }
}

/** Neither has white space. */
function keyOf(pattern: string, group: string | undefined): string {
  return group === undefined ? pattern : `${pattern} ${group}`;
}

function wordsOf({ from, to, slow, group, window, ack }: SubFields): string[] {
  return Object.entries({ from, to, slow, group, window, ack }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value instanceof Date ? withOffset(value) : value}`]
  );
}
