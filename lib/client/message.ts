/**
 * What a subscriber is given.
 *
 * @module
 */

/**
 * A message that arrived. `console.log` shows it on one line, with a long payload cut; `JSON.stringify` gives
 * all of it, as `subscriber --json` prints it.
 */
export interface Message {
  /** With its `#`. */
  readonly topic: string;
  /**
   * Never changes; it may be a view of a buffer of up to 256 KiB, so `slice()` what is to be kept for long.
   */
  readonly payload: Uint8Array;
  /** The payload as text, decoded when first asked for; what is not UTF-8 is U+FFFD in it. */
  readonly text: string;
  /** What the publisher gave with it; empty where it gave none or the broker is classic. */
  readonly headers: ReadonlyMap<string, string>;
  /** What it is about, if the publisher gave one. */
  readonly key: string | undefined;
  /** The publisher's, or the one that its library made for a durable topic. */
  readonly id: string | undefined;
  /** Seconds after which nobody needs it any more. */
  readonly ttl: number | undefined;
  /** The topic to answer to. */
  readonly reply: string | undefined;
  /**
   * The number it has in its durable topic, where they count from 1 without gaps; undefined for a topic in
   * memory.
   */
  readonly seq: number | undefined;
  /** When it was stored; undefined for a topic in memory. */
  readonly time: Date | undefined;
  /**
   * The group of which this subscriber got it as a member, in the place of the others; undefined for what a
   * subscription without `group` brought.
   */
  readonly group: string | undefined;
  /** What `JSON.stringify` makes of it. */
  toJSON(): MessageJson;
}

/** A message as JSON has it: what was not given with it is left out. */
export interface MessageJson {
  /** When it was stored, RFC 3339. */
  readonly time?: string;
  /** With its `#`. */
  readonly topic: string;
  /** As {@link Message.group}. */
  readonly group?: string;
  /** Its number in its durable topic. */
  readonly seq?: number;
  /** How often it has been given out with this time, of what is to be settled. */
  readonly attempt?: number;
  /** As {@link Message.id}. */
  readonly id?: string;
  /** As {@link Message.key}. */
  readonly key?: string;
  /** Seconds. */
  readonly ttl?: number;
  /** The topic to answer to. */
  readonly reply?: string;
  /** By name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The payload, if it is UTF-8. */
  readonly payload?: string;
  /** The payload, if it is not. */
  readonly payload_base64?: string;
}
