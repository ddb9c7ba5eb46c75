/**
 * Which topics the commands have published to, for Tab and for `list` at the prompt.
 *
 * @module
 */
import { TopicCounts } from "../client/topic_counts.ts";
import { listing } from "../prompt/listing.ts";
import { countOf } from "../../text.ts";

/** Counts what was acknowledged. */
export class Published {
  readonly #counts = new TopicCounts();

  /** Somebody publishes to this topic: from now on Tab knows it. */
  know(topic: string): void {
    this.#counts.know(topic);
  }

  /** A message to it was acknowledged. */
  count(topic: string): void {
    this.#counts.count(topic);
  }

  topics(): Iterable<string> {
    return this.#counts.topics();
  }

  /** A line a topic, in the order in which they were first published to. */
  list(): string[] {
    const rows = [...this.#counts].map(([topic, count]) =>
      [topic, `${countOf(count, "message")} acknowledged`] as const
    );
    if (rows.length === 0) return ["nothing was published yet: pub #topic message"];
    return listing(rows);
  }
}
