/**
 * What a subscriber that wants to know is given in the place of messages that were left out.
 *
 * @module
 */
import { visible } from "../text.ts";

/** So many messages are missing here. */
export class Gap {
  /** Of the subscription that could not keep up, with its `#`. */
  readonly pattern: string;
  /** How many messages. */
  readonly missed: number;

  /** Made by the library. */
  constructor(pattern: string, missed: number) {
    this.pattern = pattern;
    this.missed = missed;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return `Gap(${visible(this.pattern)} missed=${this.missed})`;
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Gap(${visible(this.pattern)} missed=${this.missed})`;
  }
}
