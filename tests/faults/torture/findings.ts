/**
 * What an oracle has found, and what it calls a message.
 *
 * @module
 */
import type { Message } from "./history.ts";

/** The first few of each kind, and how many there were. */
export class Findings {
  readonly told: string[] = [];
  readonly #who: string;
  readonly #counts = new Map<string, number>();

  constructor(who: string) {
    this.#who = who;
  }

  add(kind: string, what: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= 3) this.told.push(`${this.#who}: ${kind}: ${what}`);
    if (count === 4) this.told.push(`${this.#who}: ${kind}: and more`);
  }
}

export function nameOf({ publisher, number, topic }: Message): string {
  return `${publisher}.${number} of ${topic}`;
}
