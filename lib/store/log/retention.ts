/**
 * What is trimmed, and when: the same for every kind of log. Pure: it is told the time and works through a
 * port.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import type { Retention, RetentionRules, Trimmed } from "../types.ts";
import type { BatchRef } from "./view.ts";

/** A slice of trimming: what one transaction takes at most, so that a commit never waits long for one. */
const SLICE_BATCHES_MOST = 256;
const SLICE_BYTES_MOST = 8 * 1024 * 1024;
/** Batches read first: mostly a commit brings few, and then few have to go. */
const SLICE_BATCHES_LEAST = 8;
/** Topics whose rule is remembered; beyond it all are asked for anew. */
const TOPICS_MOST = 100_000;

/** A batch as retention sees it. */
export interface AgedBatch extends BatchRef {
  readonly time: number;
  /** Bytes of its records. */
  readonly size: number;
}

/** The log as the trimmer needs it. */
export interface TrimPort {
  /** The newest batch. */
  readonly last: number;
  /** What the whole store occupies, bytes. */
  readonly bytes: number;
  nameOf(topic: number): string;
  /** The batches behind one, in commit order, at most `limit`. */
  agedAfter(id: number, limit: number): readonly AgedBatch[];
  /** Deletes all of them or, when it throws, none. */
  trim(batches: readonly AgedBatch[]): void;
}

/** What one call of {@link Trimmer.step} did. */
export interface TrimStep {
  /** Whether there may be more to do at once. */
  readonly more: boolean;
  /** How many messages went. */
  readonly messages: number;
  /** What they were in. */
  readonly batches: readonly AgedBatch[];
}

/** Deleted batches as those are told of them who watch. */
export function trimmedOf(
  batches: readonly AgedBatch[],
  log: { readonly deleted: number; nameOf(topic: number): string },
): Trimmed {
  return {
    deleted: log.deleted,
    batches: batches.map(({ id, topic, first, count, time }) => (
      { batch: id, topic: log.nameOf(topic), first, count, time }
    )),
  };
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
  /** Batches read next time. */
  limit: number;
}

/**
 * Trims a log slice by slice.
 *
 * - Only ever the oldest of a rule's batches, so that what is left of a topic has no gaps.
 * - The newest batch of the store goes for its age, never for want of room.
 */
export class Trimmer {
  readonly #port: TrimPort;
  readonly #rules: readonly Rule[];
  readonly #ruleOf = new Map<number, Rule>();
  /** Rules by bytes count what is there before they trim: up to this batch it has been counted. */
  #counted = 0;
  readonly #countTo: number;

  constructor(port: TrimPort, rules: RetentionRules) {
    this.#port = port;
    const rule = ({ age, bytes }: Retention, pattern?: string): Rule => (
      { age, bytes, pattern, position: 0, held: 0, due: 0, limit: SLICE_BATCHES_LEAST }
    );
    this.#rules = [...(rules.overrides ?? []).map((one) => rule(one, one.pattern)), rule(rules)];
    // what has a rule of its own takes nothing from the others' room, whether or not it has a limit by bytes
    const counts = this.#rules.length > 1 && this.#rules.some(({ bytes }) => bytes !== undefined);
    this.#countTo = counts ? port.last : 0;
  }

  /** Whether anything is ever trimmed. */
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

  /** Trims at most a slice. */
  step(now: number): TrimStep {
    if (this.#counted < this.#countTo) {
      this.#count();
      return { more: true, messages: 0, batches: [] };
    }
    let messages = 0;
    let batches: readonly AgedBatch[] = [];
    for (const rule of this.#rules) {
      if (!this.#isDue(rule, now)) continue;
      const slice = this.#trim(rule, now);
      messages += slice.messages;
      batches = batches.length === 0 ? slice.batches : [...batches, ...slice.batches];
      if (!slice.done) return { more: true, messages, batches };
    }
    return { more: false, messages, batches };
  }

  #isDue(rule: Rule, now: number): boolean {
    return (rule.age !== undefined && now >= rule.due) ||
      (rule.bytes !== undefined && this.#heldBy(rule) > rule.bytes);
  }

  #trim(rule: Rule, now: number): { done: boolean; messages: number; batches: readonly AgedBatch[] } {
    const before = rule.age === undefined ? -Infinity : now - rule.age;
    let over = rule.bytes === undefined ? 0 : this.#heldBy(rule) - rule.bytes;
    const batches = this.#port.agedAfter(rule.position, rule.limit);
    const trimmed: AgedBatch[] = [];
    let bytes = 0;
    let position = rule.position;
    let done = batches.length < rule.limit;
    // where nothing is left, nothing grows old for so long
    rule.due = done ? now + (rule.age ?? 0) + 1 : now;
    for (const batch of batches) {
      if (this.#of(batch.topic) === rule) {
        const goes = batch.time < before || (over > 0 && batch.id !== this.#port.last);
        if (!goes) {
          done = true;
          rule.due = batch.time + (rule.age ?? 0) + 1;
          break;
        }
        trimmed.push(batch);
        over -= batch.size;
        bytes += batch.size;
      }
      position = batch.id;
      if (bytes >= SLICE_BYTES_MOST) {
        done = false;
        break;
      }
    }
    if (trimmed.length > 0) this.#port.trim(trimmed);
    rule.limit = done ? SLICE_BATCHES_LEAST : Math.min(4 * rule.limit, SLICE_BATCHES_MOST);
    rule.position = position;
    rule.held -= bytes;
    return { done, messages: trimmed.reduce((sum, { count }) => sum + count, 0), batches: trimmed };
  }

  #heldBy(rule: Rule): number {
    if (rule.pattern !== undefined) return rule.held;
    const others = this.#rules.reduce((sum, other) => sum + (other === rule ? 0 : other.held), 0);
    return this.#port.bytes - others;
  }

  #count(): void {
    const batches = this.#port.agedAfter(this.#counted, SLICE_BATCHES_MOST);
    for (const { id, topic, size } of batches) {
      if (id <= this.#countTo) this.#of(topic).held += size;
      this.#counted = id;
    }
    if (batches.length < SLICE_BATCHES_MOST) this.#counted = this.#countTo;
  }

  #of(topic: number): Rule {
    const [only, second] = this.#rules;
    if (second === undefined) return only!;
    let rule = this.#ruleOf.get(topic);
    if (rule === undefined) {
      if (this.#ruleOf.size >= TOPICS_MOST) this.#ruleOf.clear();
      const name = this.#port.nameOf(topic);
      rule = this.#rules.find(({ pattern }) => pattern === undefined || matches(pattern, name))!;
      this.#ruleOf.set(topic, rule);
    }
    return rule;
  }
}
