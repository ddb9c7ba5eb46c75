/**
 * What this broker is subscribed to in NATS for its topics in memory.
 *
 * @module
 */
import type { FlushList } from "../../flush_list.ts";
import { covers } from "../../topics/covers.ts";
import { PatternTable } from "../../topics/pattern_table.ts";
import { isPattern, matches } from "../../topics/topic.ts";
import { Confirmations } from "./confirmations.ts";
import type { NatsLink, NatsMessage, NatsSubscription } from "./port.ts";
import type { Subjects } from "./subjects.ts";

/** What it needs, and whom it tells. */
export interface InterestOptions {
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly flushes: FlushList;
  /** Any number that peers cannot guess. */
  readonly seed: number;
  readonly onMessage: (message: NatsMessage, by: Wanted) => void;
}

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
  /** Others cover these, which are subscribed to. */
  readonly #covered = new Set<Wanted>();
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
      return;
    }
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

  /** Time has passed: what is for nothing is given up. */
  tick(): void {
    for (const wanted of this.#leaving) {
      this.#leaving.delete(wanted);
      this.#wanted.delete(wanted.pattern);
      this.#patterns.remove(wanted.pattern, wanted.pattern);
      this.#covered.delete(wanted);
      if (wanted.subscription !== undefined) this.#end(wanted);
    }
    // who covers them is there by now, or they would have been found to be wanted
    for (const wanted of this.#covered) {
      this.#covered.delete(wanted);
      if (wanted.subscription !== undefined && this.#coverOf(wanted) !== undefined) this.#giveUp(wanted);
    }
  }

  #begin(wanted: Wanted): void {
    const { link, subjects, onMessage } = this.#options;
    wanted.order = ++this.#order;
    wanted.subscription = link.subscribe(
      subjects.memory(wanted.pattern),
      (message) => onMessage(message, wanted),
    );
    this.#table.add(wanted.pattern, wanted);
    this.#confirmations.asked();
    if (!isPattern(wanted.pattern)) return;
    this.#wildTable.add(wanted.pattern, wanted);
    this.#wild.add(wanted);
    for (const other of this.#wanted.values()) {
      if (other !== wanted && other.subscription !== undefined && takesIn(wanted, other)) {
        this.#covered.add(other);
      }
    }
  }

  /** Those that only this one covers are subscribed to first. */
  #end(wanted: Wanted): void {
    if (this.#wild.has(wanted)) {
      this.#wild.delete(wanted);
      this.#wildTable.remove(wanted.pattern, wanted);
      for (const other of this.#wanted.values()) {
        if (other.subscription !== undefined || !takesIn(wanted, other)) continue;
        if (this.#coverOf(other) === undefined) this.#begin(other);
      }
    }
    this.#giveUp(wanted);
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

function takesIn({ pattern }: Wanted, { pattern: other }: Wanted): boolean {
  return isPattern(other) ? covers(pattern, other) : matches(pattern, other);
}
