/**
 * Stored messages with keys that are not settled, by their numbers.
 *
 * @module
 */
import type { SequenceRange } from "../../sequence_ranges.ts";
import type { KeyedMessage } from "./keyed_message.ts";

/** Messages of a topic by their numbers. */
export interface Named extends SequenceRange {
  readonly topic: string;
}

/** Guarantee: a topic without any costs nothing. */
export class OpenMessages {
  readonly #topics = new Map<string, Map<number, KeyedMessage>>();

  /** Those of a topic. */
  of(topic: string): ReadonlyMap<number, KeyedMessage> | undefined {
    return this.#topics.get(topic);
  }

  add(topic: string, sequence: number, message: KeyedMessage): void {
    let open = this.#topics.get(topic);
    if (open === undefined) this.#topics.set(topic, open = new Map());
    open.set(sequence, message);
  }

  /** These are settled; `each`: is given those that were there. */
  remove({ topic, from, end }: Named, each: (message: KeyedMessage) => void): void {
    const open = this.#topics.get(topic);
    if (open === undefined) return;
    for (let sequence = from; sequence < end; sequence++) {
      const message = open.get(sequence);
      if (message === undefined) continue;
      open.delete(sequence);
      each(message);
    }
    if (open.size === 0) this.#topics.delete(topic);
  }

  /** All of them are gone. */
  clear(each: (message: KeyedMessage) => void): void {
    const topics = [...this.#topics.values()];
    this.#topics.clear();
    for (const open of topics) for (const message of open.values()) each(message);
  }
}
