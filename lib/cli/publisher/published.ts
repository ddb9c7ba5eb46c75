/**
 * Which topics the commands have published to, for Tab and for `list` at the prompt.
 *
 * @module
 */
import { listing } from "../prompt/listing.ts";
import { countOf } from "../../text.ts";

/** Topics that are told apart. */
const TOPICS_MOST = 10_000;

/** Counts what was acknowledged. */
export class Published {
  readonly #counts = new Map<string, number>();
  #others = 0;

  /** Somebody publishes to this topic: from now on Tab knows it. */
  know(topic: string): void {
    if (this.#counts.size < TOPICS_MOST && !this.#counts.has(topic)) this.#counts.set(topic, 0);
  }

  /** Messages to it were acknowledged. */
  count(topic: string, messages = 1): void {
    this.know(topic);
    const before = this.#counts.get(topic);
    if (before === undefined) this.#others += messages;
    else this.#counts.set(topic, before + messages);
  }

  topics(): Iterable<string> {
    return this.#counts.keys();
  }

  /** A line a topic, in the order in which they were first published to. */
  list(): string[] {
    if (this.#counts.size === 0) return ["nothing was published yet: pub #topic message"];
    const rows = [...this.#counts].map(([topic, count]) => [topic, acknowledged(count)] as const);
    return listing(this.#others === 0 ? rows : [...rows, ["other topics", acknowledged(this.#others)]]);
  }
}

function acknowledged(count: number): string {
  return `${countOf(count, "message")} acknowledged`;
}
