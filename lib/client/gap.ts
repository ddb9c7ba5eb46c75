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
  /** The group that they were for, which this subscriber is a member of; undefined: they were for itself. */
  readonly group: string | undefined;

  /** Made by the library. */
  constructor(pattern: string, missed: number, group?: string) {
    this.pattern = pattern;
    this.missed = missed;
    this.group = group;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.#text;
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.#text;
  }

  get #text(): string {
    const group = this.group === undefined ? "" : ` group=${visible(this.group)}`;
    return `Gap(${visible(this.pattern)}${group} missed=${this.missed})`;
  }
}
