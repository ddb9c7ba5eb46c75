/**
 * What this broker is subscribed to in NATS for its topics in memory.
 *
 * @module
 */
import type { FlushList } from "../../flush_list.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { covers } from "../../topics/covers.ts";
import { PatternTable } from "../../topics/pattern_table.ts";
import { isPattern } from "../../topics/topic.ts";
import { Confirmations } from "./confirmations.ts";
import type { NatsLink, NatsMessage, NatsSubscription } from "./port.ts";
import type { Subjects } from "./subjects.ts";

/** What it needs, and whom it tells. */
export interface InterestOptions {
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly flushes: FlushList;
  /** Is told what patterns take here and in the link. */
  readonly memory: HeldMemory;
  /** Any number that peers cannot guess. */
  readonly seed: number;
  readonly onMessage: (message: NatsMessage, by: Wanted) => void;
}

/** What a pattern takes beside its name, here and in the client of NATS: measured. */
const WANTED_BYTES = 1800;
/** Comparisons of patterns in one tick: a few milliseconds. */
const LOOKS_A_TICK = 4096;

/** A pattern with local subscribers. */
export interface Wanted {
  readonly pattern: string;
  /** Those that began earlier have a lower one. */
  order: number;
  /** Undefined: another that is subscribed to covers it. */
  subscription: NatsSubscription | undefined;
}

/**
 * - A pattern is subscribed to once, however many local subscribers it has, and not at all where another that
 *   is covers it: NATS sends a message once for each subscription that takes it in.
 * - What takes the place of another in NATS is subscribed to before that is given up, so nothing is missed;
 *   what comes twice then, or by patterns of which neither covers the other, is for {@link isFirst} and for
 *   {@link import("./senders.ts").Senders} to see.
 * - A pattern that nobody wants any more is given up with the next tick: mostly somebody comes again.
 */
export class Interest {
  readonly #options: InterestOptions;
  readonly #confirmations: Confirmations;
  readonly #wanted = new Map<string, Wanted>();
  /** Those with wildcards that are subscribed to: only these cover others. */
  readonly #wild = new Set<Wanted>();
  /** By topic, those with wildcards, and all that are subscribed to. */
  readonly #wildTable: PatternTable<Wanted>;
  readonly #table: PatternTable<Wanted>;
  /** All that have local subscribers. */
  readonly #patterns: PatternTable<string>;
  /** Nobody wants these any more. */
  readonly #leaving = new Set<Wanted>();
  /** Of those with wildcards, nobody wants these; what only they cover is still to be subscribed to. */
  readonly #ending = new Set<Wanted>();
  /** What is being looked at, and which of the above began to end before. */
  #pass: { readonly rest: Iterator<Wanted>; readonly ending: Set<Wanted> } | undefined;
  /** Something may be covered now that was not, or the other way around. */
  #changed = false;
  #order = 0;

  constructor(options: InterestOptions) {
    this.#options = options;
    this.#wildTable = new PatternTable(options.seed);
    this.#table = new PatternTable(options.seed);
    this.#patterns = new PatternTable(options.seed);
    this.#confirmations = new Confirmations(options.link, options.flushes);
  }

  /** How many subscriptions NATS has of it. */
  get subscriptions(): number {
    return this.#table.size;
  }

  /** The patterns that have local subscribers. */
  patterns(): Iterable<string> {
    return this.#wanted.keys();
  }

  /** Those of them that take in a topic. */
  patternsOf(topic: string): Iterable<string> {
    const found = new Set<string>();
    this.#patterns.match(topic, found);
    return found;
  }

  /** There are local subscribers of a pattern. */
  add(pattern: string): void {
    const known = this.#wanted.get(pattern);
    if (known !== undefined) {
      this.#leaving.delete(known);
      if (this.#ending.delete(known)) this.#comesBack(known);
      return;
    }
    this.#options.memory.hold(WANTED_BYTES + 2 * pattern.length);
    const wanted: Wanted = { pattern, order: 0, subscription: undefined };
    this.#wanted.set(pattern, wanted);
    this.#patterns.add(pattern, pattern);
    if (this.#coverOf(wanted) === undefined) this.#begin(wanted);
  }

  /** There are none any more. */
  remove(pattern: string): void {
    this.#leaving.add(this.#wanted.get(pattern)!);
  }

  /** As {@link import("../types.ts").Engine.subscribed}. */
  subscribed(done: () => void): boolean {
    return this.#confirmations.confirmed(done);
  }

  /**
   * Whether a message that came by this one is to be taken: of all by which it comes only the first is. For
   * messages that do not say who sent them.
   */
  isFirst(topic: string, by: Wanted): boolean {
    if (this.#table.size === 1) return true;
    const found = new Set<Wanted>();
    this.#table.match(topic, found);
    for (const other of found) if (other.order < by.order) return false;
    return true;
  }

  /**
   * Time has passed: what is for nothing is given up. Patterns are looked at some at a time: there may be
   * many, and until all have been what comes twice is seen by who sent it.
   */
  tick(): void {
    for (const wanted of this.#leaving) {
      this.#leaving.delete(wanted);
      if (!this.#wild.delete(wanted)) {
        this.#forget(wanted);
        continue;
      }
      // those that only this one covers are subscribed to first
      this.#wildTable.remove(wanted.pattern, wanted);
      this.#ending.add(wanted);
      this.#changed = true;
    }
    for (let looks = LOOKS_A_TICK; looks > 0;) {
      if (this.#pass === undefined) {
        if (!this.#changed) return;
        this.#changed = false;
        this.#pass = { rest: this.#wanted.values(), ending: new Set(this.#ending) };
      }
      const { value, done } = this.#pass.rest.next();
      if (done === true) {
        this.#endOf(this.#pass.ending);
        this.#pass = undefined;
      } else {
        looks -= 1 + (isPattern(value.pattern) ? this.#wild.size : 0);
        this.#settle(value);
      }
    }
  }

  #comesBack(wanted: Wanted): void {
    this.#pass?.ending.delete(wanted);
    this.#wild.add(wanted);
    this.#wildTable.add(wanted.pattern, wanted);
    this.#changed = true;
  }

  #begin(wanted: Wanted): void {
    const { link, subjects, onMessage } = this.#options;
    const { pattern } = wanted;
    wanted.order = ++this.#order;
    wanted.subscription = link.subscribe(subjects.memory(pattern), (message) => onMessage(message, wanted));
    this.#table.add(pattern, wanted);
    this.#confirmations.asked();
    if (!isPattern(pattern)) return;
    this.#wildTable.add(pattern, wanted);
    this.#wild.add(wanted);
    this.#changed = true;
  }

  /** Whether another covers it may have changed. */
  #settle(wanted: Wanted): void {
    if (this.#ending.has(wanted)) return;
    const isCovered = this.#coverOf(wanted) !== undefined;
    if (isCovered === (wanted.subscription === undefined)) return;
    if (isCovered) this.#giveUp(wanted);
    else this.#begin(wanted);
  }

  /** All that these cover has been looked at. */
  #endOf(ending: Iterable<Wanted>): void {
    for (const wanted of ending) if (this.#ending.delete(wanted)) this.#forget(wanted);
  }

  #forget(wanted: Wanted): void {
    const { pattern, subscription } = wanted;
    this.#wanted.delete(pattern);
    this.#patterns.remove(pattern, pattern);
    this.#options.memory.letGo(WANTED_BYTES + 2 * pattern.length);
    if (subscription !== undefined) this.#giveUp(wanted);
  }

  #giveUp(wanted: Wanted): void {
    wanted.subscription!.unsubscribe();
    wanted.subscription = undefined;
    this.#table.remove(wanted.pattern, wanted);
    if (this.#wild.delete(wanted)) this.#wildTable.remove(wanted.pattern, wanted);
  }

  /** Another that is subscribed to and takes in all that this one does. */
  #coverOf(wanted: Wanted): Wanted | undefined {
    const { pattern } = wanted;
    if (isPattern(pattern)) {
      for (const other of this.#wild) if (other !== wanted && covers(other.pattern, pattern)) return other;
      return undefined;
    }
    const found = new Set<Wanted>();
    this.#wildTable.match(pattern, found);
    for (const other of found) return other;
    return undefined;
  }
}
