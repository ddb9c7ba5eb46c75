/**
 * Which topics have numbers of their own in the metrics: a bounded number of them. All others are counted
 * together.
 *
 * @module
 */
import type { CountedTopic, Topics } from "../../broker/mod.ts";

/** Topics that have a label of their own. */
const LABELS_MOST = 1_000;

/** What was published to a topic since it has its label. */
export interface LabelledTopic {
  readonly topic: string;
  readonly messages: number;
  readonly bytes: number;
}

/**
 * - A topic that has a label keeps it, and its numbers only ever go up, also where the broker has forgotten
 *   the topic in between and counts anew.
 * - No topic moves from those that are counted together to a label, so what these have only goes up, too:
 *   when there are as many labels as there may be, no more are given.
 */
export class TopicLabels {
  readonly #topics: Pick<Topics, "counted" | "one">;
  readonly #most: number;
  readonly #labelled = new Map<string, Label>();

  constructor(topics: Pick<Topics, "counted" | "one">, most: number = LABELS_MOST) {
    this.#topics = topics;
    this.#most = most;
  }

  /** Those that have one, with their numbers as they are now. */
  read(): readonly LabelledTopic[] {
    if (this.#labelled.size < this.#most) this.#give();
    for (const [topic, label] of this.#labelled) label.see(this.#topics.one(topic));
    return [...this.#labelled.values()];
  }

  /** New ones, to those first that most was published to. */
  #give(): void {
    const others = this.#topics.counted().filter(({ topic }) => !this.#labelled.has(topic));
    const room = this.#most - this.#labelled.size;
    if (others.length > room) others.sort((one, other) => other.messages - one.messages);
    for (const { topic } of others.slice(0, room)) this.#labelled.set(topic, new Label(topic));
  }
}

class Label implements LabelledTopic {
  readonly topic: string;
  /** What was counted before the broker forgot the topic. */
  readonly #before = { messages: 0, bytes: 0 };
  readonly #last = { messages: 0, bytes: 0 };

  constructor(topic: string) {
    this.topic = topic;
  }

  get messages(): number {
    return this.#before.messages + this.#last.messages;
  }

  get bytes(): number {
    return this.#before.bytes + this.#last.bytes;
  }

  see(now: CountedTopic | undefined): void {
    if (now === undefined) return;
    if (now.messages < this.#last.messages) {
      this.#before.messages += this.#last.messages;
      this.#before.bytes += this.#last.bytes;
    }
    this.#last.messages = now.messages;
    this.#last.bytes = now.bytes;
  }
}
