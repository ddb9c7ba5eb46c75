/**
 * What is trimmed, and when: the same for every kind of log. Pure: it is told the time and works through a
 * port.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import type { Retention, RetentionRules, Trimmed } from "../types.ts";
import { type BackTopic, HeldBack, type Released } from "./held_back.ts";
import { type BatchRef, endOf } from "./view.ts";

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
  /** Those of a topic, from a sequence number on. */
  agedOf(topic: number, sequence: number, limit: number): readonly AgedBatch[];
  /** Whether a group has not settled all of it. */
  isHeld(batch: AgedBatch): boolean;
  /** {@link GroupHolds.changes}: while it stays the same, so does what is held. */
  readonly holdChanges: number;
  /** Deletes all of them or, when it throws, none. `groupsMiss`: groups may not have settled them. */
  trim(batches: readonly AgedBatch[], how: { readonly groupsMiss: boolean }): void;
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

/** What was trimmed, and whether that was all there was to do. */
interface Slice {
  readonly done: boolean;
  readonly messages: number;
  readonly batches: readonly AgedBatch[];
}

interface Rule {
  /** Infinity: no limit. */
  readonly age: number;
  readonly bytes: number;
  readonly pattern: string | undefined;
  /** Up to this batch nothing is left that is this rule's. */
  position: number;
  /** Bytes that its topics hold; counted only where there are several rules. */
  held: number;
  /** When the oldest of its messages may have grown too old. */
  due: number;
  /** Batches read next time. */
  limit: number;
  /** Whether it deletes what groups have not settled as well. */
  readonly ignoresGroups: boolean;
  /** What it would have deleted and groups hold back. */
  readonly back: HeldBack;
}

/**
 * Trims a log slice by slice.
 *
 * - Only ever the oldest of a rule's batches, so that what is left of a topic has no gaps; where a group has
 *   not settled one, it stays, and with it all that is newer of its topic. Other topics do not wait for it,
 *   and it does not count as what they take.
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
    const rule = (of: Retention, pattern?: string): Rule => {
      const { age = Infinity, bytes = Infinity, groups = rules.groups } = of;
      const start = { position: 0, held: 0, limit: SLICE_BATCHES_LEAST, back: new HeldBack() };
      const due = age === Infinity ? Infinity : 0;
      return { age, bytes, pattern, ignoresGroups: groups === "ignore", due, ...start };
    };
    this.#rules = [...(rules.overrides ?? []).map((one) => rule(one, one.pattern)), rule(rules)];
    // what has a rule of its own takes nothing from the others' room, whether or not it has a limit by bytes
    const counts = this.#rules.length > 1 && this.#rules.some(({ bytes }) => bytes < Infinity);
    this.#countTo = counts ? port.last : 0;
  }

  /** Whether anything is ever trimmed. */
  get active(): boolean {
    return this.#rules.some(({ age, bytes }) => Math.min(age, bytes) < Infinity);
  }

  /** Bytes that would have been deleted, were they not held back for groups. */
  get heldBack(): number {
    return this.#rules.reduce((sum, { back }) => sum + back.bytes, 0);
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
      for (const trim of this.#whatIsDue(rule, now)) {
        const slice = trim(rule, now);
        messages += slice.messages;
        batches = batches.length === 0 ? slice.batches : [...batches, ...slice.batches];
        if (!slice.done) return { more: true, messages, batches };
      }
    }
    return { more: false, messages, batches };
  }

  *#whatIsDue(rule: Rule, now: number): Generator<(rule: Rule, now: number) => Slice> {
    // what was held back is the oldest
    if (this.#isBackDue(rule, now)) yield (rule, now) => this.#trimHeldBack(rule, now);
    if (this.#trims(rule, now)) yield (rule, now) => this.#trim(rule, now);
  }

  #isDue(rule: Rule, now: number): boolean {
    return this.#isBackDue(rule, now) || this.#trims(rule, now);
  }

  #isBackDue(rule: Rule, now: number): boolean {
    const { back } = rule;
    if (back.isEmpty) return false;
    return back.isDue(now, { changes: this.#port.holdChanges, isOver: this.#over(rule) > 0 });
  }

  #trims(rule: Rule, now: number): boolean {
    return now >= rule.due || this.#over(rule) > rule.back.bytes;
  }

  #trim(rule: Rule, now: number): Slice {
    const { age, back, ignoresGroups } = rule;
    const before = now - age;
    let over = this.#over(rule) - back.bytes;
    const batches = this.#port.agedAfter(rule.position, rule.limit);
    const trimmed: AgedBatch[] = [];
    let bytes = 0;
    let position = rule.position;
    let done = batches.length < rule.limit;
    // where nothing is left, nothing grows old for so long
    let due = done ? now + age + 1 : now;
    for (const batch of batches) {
      if (this.#of(batch.topic) === rule) {
        const goes = batch.time < before || (over > 0 && batch.id !== this.#port.last);
        if (!goes) {
          done = true;
          due = batch.time + age + 1;
          break;
        }
        over -= batch.size;
        if (!ignoresGroups && (back.has(batch.topic) || this.#port.isHeld(batch))) {
          back.add(batch);
        } else {
          trimmed.push(batch);
          bytes += batch.size;
        }
      }
      position = batch.id;
      if (bytes >= SLICE_BYTES_MOST) {
        // and what is left of what was read is as old as it was
        done = false;
        due = now;
        break;
      }
    }
    // where this throws it is due as before, and tried again with the next step
    if (trimmed.length > 0) this.#port.trim(trimmed, { groupsMiss: ignoresGroups });
    rule.due = due;
    rule.limit = done ? SLICE_BATCHES_LEAST : Math.min(4 * rule.limit, SLICE_BATCHES_MOST);
    rule.position = position;
    rule.held -= bytes;
    return { done, messages: trimmed.reduce((sum, { count }) => sum + count, 0), batches: trimmed };
  }

  /** Deletes what groups have settled meanwhile of what was held back for them. */
  #trimHeldBack(rule: Rule, now: number): Slice {
    const { back } = rule;
    const before = now - rule.age;
    let over = this.#over(rule);
    const trimmed: AgedBatch[] = [];
    let bytes = 0;
    const released: Array<readonly [BackTopic, Released]> = [];
    for (const topic of back.look(now, { changes: this.#port.holdChanges })) {
      const batches = this.#port.agedOf(topic.id, topic.from, SLICE_BATCHES_LEAST);
      let upTo = topic.from;
      let size = 0;
      let tooOld: number | undefined;
      for (const batch of batches) {
        const goes = batch.first < topic.end && (batch.time < before || over > 0);
        if (!goes) tooOld = batch.time + rule.age + 1;
        if (!goes || this.#port.isHeld(batch)) break;
        trimmed.push(batch);
        over -= batch.size;
        size += batch.size;
        upTo = endOf(batch);
      }
      bytes += size;
      // all that was read has gone
      const more = batches.length === SLICE_BATCHES_LEAST && upTo === endOf(batches.at(-1)!);
      released.push([topic, { upTo, bytes: size, more, tooOld }]);
      if (bytes >= SLICE_BYTES_MOST) break;
    }
    if (trimmed.length > 0) this.#port.trim(trimmed, { groupsMiss: false });
    for (const [topic, what] of released) back.trimmed(topic, what);
    rule.held -= bytes;
    const messages = trimmed.reduce((sum, { count }) => sum + count, 0);
    return { done: !this.#isBackDue(rule, now), messages, batches: trimmed };
  }

  /** Bytes more than the rule has room for. */
  #over(rule: Rule): number {
    return rule.bytes === Infinity ? -Infinity : this.#heldBy(rule) - rule.bytes;
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
