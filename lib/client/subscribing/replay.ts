/**
 * How far a subscription with `from` has come, so that the next connection goes on where the last one ended.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { type LastPosition, parsePosition } from "../../positions.ts";
import { isPattern } from "../../topics/topic.ts";
import { encodeField } from "../../wire/fields.ts";
import { aged } from "./position_fields.ts";

/** What was asked for, as the values of the fields. */
export interface ReplayFields {
  readonly from: string;
  readonly to: string | undefined;
}

/** A stored message, as far as it matters here. */
export interface Numbered {
  readonly topic: string;
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly stored: number;
}

/**
 * One subscription with a replay, and what follows that.
 *
 * - **Nothing is missed**: {@link resume} asks for a position at or before the first message that has not
 *   come. What stands in the stream does not say which subscription it is for; where several want a topic and
 *   not all are live, one message says nothing about the others, so only what follows directly on what is
 *   known counts then, or, on an engine whose numbers have gaps, what comes once this one is live.
 * - **Nothing comes twice**: until the resumed subscription is live, {@link hasSeen} tells what is to be
 *   passed over.
 */
export class Replay {
  /** Settles when the consumer has been given all that was stored. */
  readonly caughtUp = Promise.withResolvers<void>();
  readonly #pattern: string;
  readonly #asked: ReplayFields;
  /** The sequence number that was asked for; 0: none was. */
  readonly #firstAsked: number;
  readonly #clock: Clock;
  readonly #since: number;
  /** By topic the sequence number of the next message. */
  readonly #next = new Map<string, number>();
  /** All that was stored before this has come, milliseconds since 1970. */
  #time: number | undefined;
  /**
   * The latest time of all that came; what is newer has not come, whatever its number: another store may
   * begin anew.
   */
  #newest = -Infinity;
  /** The latest time of what came for this one. */
  #newestOwn = -Infinity;
  /** By topic behind the last of what came on this connection and may have been for another subscription. */
  readonly #unsure = new Map<string, number>();
  #newestUnsure = -Infinity;
  #live = false;
  #wasLive = false;
  #resuming = false;

  constructor(pattern: string, asked: ReplayFields, clock: Clock) {
    this.#pattern = pattern;
    this.#clock = clock;
    this.#since = clock.now();
    this.#asked = asked;
    this.#firstAsked = sequenceOf(asked.from) ?? 0;
  }

  /** Whether it has come to the end of what is stored. */
  get live(): boolean {
    return this.#live;
  }

  /** It has; true: for the first time. */
  becameLive(): boolean {
    const first = !this.#wasLive;
    this.#live = this.#wasLive = true;
    this.#resuming = false;
    // whatever came for others lies before this point, and all up to it has come
    for (const [topic, next] of this.#unsure) {
      this.#next.set(topic, Math.max(next, this.#next.get(topic) ?? 0));
    }
    if (this.#unsure.size > 0) this.#time = this.#newest = Math.max(this.#newest, this.#newestUnsure);
    this.#forgetUnsure();
    // the last of each topic do not come in the order of their times: now all up to the latest has come
    if (lastOf(this.#asked.from) !== undefined && this.#newest > -Infinity) this.#time = this.#newest;
    return first;
  }

  /** It was live and is not any more: what comes for others may be ahead of what it has still to bring. */
  fellBehind(): void {
    this.#live = false;
  }

  /** Whether the message came on an earlier connection, or lies before what was asked for. */
  hasSeen({ topic, seq, stored }: Numbered): boolean {
    if (!this.#resuming) return false;
    const next = this.#next.get(topic);
    if (next === undefined) return !this.#wasLive && seq < this.#firstAsked;
    return seq < next && stored <= this.#newest;
  }

  /** A message came. `sure`: it came for this subscription, in its order. */
  note({ topic, seq, stored }: Numbered, sure: boolean): void {
    const next = this.#next.get(topic);
    // of what is live none is left out before it
    const isOwn = sure || (this.#live && next !== undefined && seq >= next);
    if (!isOwn && next !== seq) {
      this.#unsure.set(topic, Math.max(seq + 1, this.#unsure.get(topic) ?? 0));
      this.#newestUnsure = Math.max(this.#newestUnsure, stored);
      return;
    }
    this.#next.set(topic, seq + 1);
    this.#newest = Math.max(this.#newest, stored);
    if (!isOwn) return;
    this.#time = stored;
    this.#newestOwn = Math.max(this.#newestOwn, stored);
  }

  /** The fields that ask for the rest on a new connection; undefined: there is no rest. */
  resume(): string | undefined {
    this.#live = false;
    this.#resuming = true;
    this.#forgetUnsure();
    const elapsed = this.#clock.now() - this.#since;
    const { to } = this.#asked;
    const from = this.#goOnFrom(elapsed);
    if (to === undefined) return encodeField("from", from);
    if ((sequenceOf(from) ?? -Infinity) > (sequenceOf(to) ?? Infinity)) return undefined;
    return encodeField("from", from) + encodeField("to", aged(to, elapsed, "to"));
  }

  #forgetUnsure(): void {
    this.#unsure.clear();
    this.#newestUnsure = -Infinity;
  }

  #goOnFrom(elapsed: number): string {
    const { from } = this.#asked;
    const last = lastOf(from);
    if (!isPattern(this.#pattern)) {
      const next = this.#next.get(this.#pattern);
      if (next !== undefined) return `${next}`;
    } else if (this.#time !== undefined && (last === undefined || this.#wasLive)) {
      return new Date(this.#time).toISOString();
    } else if (last !== undefined && this.#newestOwn > -Infinity) {
      // some topics have had theirs and others not: the last of each as of then, and all that came since
      return `-${last.count}@${new Date(this.#newestOwn).toISOString()}`;
    }
    // it was live and nothing had come: there was nothing
    if (last !== undefined && this.#wasLive) return "earliest";
    return aged(from, elapsed, "from");
  }
}

/** What `latest` and `-10` name; undefined: it is neither. */
function lastOf(text: string): LastPosition | undefined {
  const position = parsePosition(text === "latest" ? "-1" : text);
  return position?.kind === "last" ? position : undefined;
}

function sequenceOf(text: string): number | undefined {
  const position = parsePosition(text);
  return position?.kind === "sequence" ? position.sequence : undefined;
}
