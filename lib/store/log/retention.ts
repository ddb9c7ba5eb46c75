/**
 * What is deleted, and when: the same for every kind of log. Pure: it is told the time and works through a port.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import type { Place } from "./view.ts";
import type { Retention, RetentionRules } from "../types.ts";

/** A slice of deleting: what one transaction takes at most, so that a commit never waits long for one. */
const SLICE_BATCHES = 256;
const SLICE_BYTES = 8 * 1024 * 1024;
/** Batches looked at first: mostly a commit brings few, and then few have to go. */
const LOOK_LEAST = 8;
/** How many times faster than time itself the clock of retention catches up with the wall clock. */
const CATCH_UP = 10;
/** Milliseconds the wall clock may run ahead of it before that is worth a warning. */
const JUMP_MS = 60_000;

/** A batch as retention sees it. */
export interface AgedPlace extends Place {
  readonly time: number;
  /** Bytes of its frames. */
  readonly size: number;
}

/** The log as it is trimmed. */
export interface TrimPort {
  /** The newest batch. */
  readonly last: number;
  /** What the whole store occupies, bytes. */
  readonly bytes: number;
  nameOf(topic: number): string;
  /** The batches behind one, in commit order, at most `limit`. */
  agedFollowing(after: number, limit: number): readonly AgedPlace[];
  /** Deletes all of them or, when it throws, none. */
  remove(places: readonly AgedPlace[]): void;
}

interface Rule {
  readonly age: number | undefined;
  readonly bytes: number | undefined;
  readonly pattern: string | undefined;
  /** Up to this batch nothing is left that is this rule's. */
  position: number;
  /** Bytes that its topics hold; counted only where there are several rules. */
  held: number;
  /** When the oldest of its messages may have grown too old. */
  due: number;
  /** Batches looked at next time. */
  look: number;
}

/**
 * Trims a log slice by slice.
 *
 * - Only ever the oldest of a rule's batches, so that what is left of a topic has no gaps.
 * - The newest batch of the store is deleted for its age, never for want of room.
 */
export class Trimmer {
  readonly #port: TrimPort;
  readonly #rules: readonly Rule[];
  readonly #ruleOf = new Map<number, Rule>();
  /** Rules by bytes count what is there before they delete: up to this batch it has been counted. */
  #counted = 0;
  readonly #countTo: number;

  constructor(port: TrimPort, rules: RetentionRules) {
    this.#port = port;
    const rule = ({ age, bytes }: Retention, pattern?: string): Rule => (
      { age, bytes, pattern, position: 0, held: 0, due: 0, look: LOOK_LEAST }
    );
    this.#rules = [...(rules.overrides ?? []).map((one) => rule(one, one.pattern)), rule(rules)];
    const counts = this.#rules.some(({ bytes, pattern }) => bytes !== undefined && pattern !== undefined);
    this.#countTo = counts ? port.last : 0;
  }

  /** Whether anything is ever deleted. */
  get active(): boolean {
    return this.#rules.some(({ age, bytes }) => age !== undefined || bytes !== undefined);
  }

  /** A batch was stored. */
  added(topic: number, bytes: number): void {
    if (this.#rules.length > 1) this.#of(topic).held += bytes;
  }

  /** Whether {@link step} has anything to do. */
  due(now: number): boolean {
    return this.#counted < this.#countTo || this.#rules.some((rule) => this.#isDue(rule, now));
  }

  /** Deletes at most a slice. Whether there may be more to do at once, and how many messages went. */
  step(now: number): { readonly more: boolean; readonly messages: number } {
    if (this.#counted < this.#countTo) {
      this.#count();
      return { more: true, messages: 0 };
    }
    let messages = 0;
    for (const rule of this.#rules) {
      if (!this.#isDue(rule, now)) continue;
      const trimmed = this.#trim(rule, now);
      messages += trimmed.messages;
      if (!trimmed.done) return { more: true, messages };
    }
    return { more: false, messages };
  }

  #isDue(rule: Rule, now: number): boolean {
    return (rule.age !== undefined && now >= rule.due) ||
      (rule.bytes !== undefined && this.#heldBy(rule) > rule.bytes);
  }

  #trim(rule: Rule, now: number): { done: boolean; messages: number } {
    const before = rule.age === undefined ? -Infinity : now - rule.age;
    let over = rule.bytes === undefined ? 0 : this.#heldBy(rule) - rule.bytes;
    const places = this.#port.agedFollowing(rule.position, rule.look);
    const victims: AgedPlace[] = [];
    let bytes = 0;
    let position = rule.position;
    let done = places.length < rule.look;
    // where nothing is left, nothing grows old for so long
    rule.due = done ? now + (rule.age ?? 0) + 1 : now;
    for (const place of places) {
      if (this.#of(place.topic) === rule) {
        const goes = place.time < before || (over > 0 && place.id !== this.#port.last);
        if (!goes) {
          done = true;
          rule.due = place.time + (rule.age ?? 0) + 1;
          break;
        }
        victims.push(place);
        over -= place.size;
        bytes += place.size;
      }
      position = place.id;
      if (bytes >= SLICE_BYTES) {
        done = false;
        break;
      }
    }
    if (victims.length > 0) this.#port.remove(victims);
    rule.look = done ? LOOK_LEAST : Math.min(4 * rule.look, SLICE_BATCHES);
    rule.position = position;
    rule.held -= bytes;
    return { done, messages: victims.reduce((sum, { count }) => sum + count, 0) };
  }

  #heldBy(rule: Rule): number {
    if (rule.pattern !== undefined) return rule.held;
    const others = this.#rules.reduce((sum, other) => sum + (other === rule ? 0 : other.held), 0);
    return this.#port.bytes - others;
  }

  #count(): void {
    const places = this.#port.agedFollowing(this.#counted, SLICE_BATCHES);
    for (const { id, topic, size } of places) {
      if (id <= this.#countTo) this.#of(topic).held += size;
      this.#counted = id;
    }
    if (places.length < SLICE_BATCHES) this.#counted = this.#countTo;
  }

  #of(topic: number): Rule {
    let rule = this.#ruleOf.get(topic);
    if (rule === undefined) {
      const name = this.#port.nameOf(topic);
      rule = this.#rules.find(({ pattern }) => pattern === undefined || matches(pattern, name))!;
      this.#ruleOf.set(topic, rule);
    }
    return rule;
  }
}

/**
 * The time by which messages grow old. It follows the wall clock, but when that jumps ahead (a wrong date, a laptop that
 * slept) it catches up at ten times the pace of time, so that a jump never deletes everything at once.
 */
export class RetentionClock {
  #now: number;
  #monotonic: number;
  #ahead = false;

  /** `now`: what it showed when the store was last used. */
  constructor(now: number, monotonic: number) {
    this.#now = now;
    this.#monotonic = monotonic;
  }

  get now(): number {
    return this.#now;
  }

  /** Time has passed. Whether the wall clock was found to have jumped ahead, once a jump. */
  tick(wall: number, monotonic: number): boolean {
    const elapsed = monotonic - this.#monotonic;
    this.#monotonic = monotonic;
    this.#now = Math.max(this.#now, Math.min(wall, Math.floor(this.#now + CATCH_UP * elapsed)));
    const ahead = wall - this.#now > JUMP_MS;
    const jumped = ahead && !this.#ahead;
    this.#ahead = ahead;
    return jumped;
  }
}
