/**
 * How much connections may have subscribed to.
 *
 * @module
 */
import { sentenceOf } from "../errors.ts";
import type { HeldMemory } from "../held_memory.ts";
import { PATTERN_SHAPES_MOST } from "../limits.ts";
import { shapeOf } from "./pattern_table.ts";

/**
 * What a subscription takes beside its pattern: places in three hash tables, which may have just doubled
 * (measured with patterns of 5 characters: 140), and where it has a queue of its own that as well (300).
 */
const PATTERN_BYTES = 170;
const OWN_BYTES = 180;

/** What one connection has. */
export interface PatternAccount {
  /** Bytes of its patterns. */
  bytes: number;
  /** Shapes that count for it. */
  shapes: number;
}

/** Whose pattern it is, and how it is subscribed to. */
export interface BudgetEntry {
  readonly account: PatternAccount;
  /** Whether it has a queue of its own. */
  readonly own: boolean;
  /** Bytes that it takes besides; left out: none. */
  readonly more?: number | undefined;
}

/** An account of nothing. */
export function emptyAccount(): PatternAccount {
  return { bytes: 0, shapes: 0 };
}

/**
 * Counts patterns from when somebody asks for them until nobody does, also those that are not in the table of
 * patterns yet (a replay's). Two things are bounded, both by the rule of {@link HeldMemory} that nobody may
 * have more than what is still free: the memory that they take, and the shapes of those with two `*` and
 * more, each of which costs every match a look. A match looks at most 561 + {@link PATTERN_SHAPES_MOST}
 * times: of patterns with one `*` or none there are no more shapes than 561, at 32 segments
 * ({@link import("./pattern_table.ts")}).
 */
export class PatternBudget {
  readonly #memory: HeldMemory;
  /**
   * Of each shape with two `*` and more, how many patterns each connection has of it. It counts for the first
   * of them.
   */
  readonly #shapes = new Map<string, Map<PatternAccount, number>>();

  constructor(memory: HeldMemory) {
    this.#memory = memory;
  }

  /** How many shapes there are with two `*` and more. */
  get shapes(): number {
    return this.#shapes.size;
  }

  /** Why one more pattern is too much for this connection, a sentence for a person; undefined: it is not. */
  problem(pattern: string, account: PatternAccount): string | undefined {
    if (account.bytes + bytesOf(pattern, { own: true }) > this.#memory.share) {
      return sentenceOf("BUSY");
    }
    const shape = boundedShapeOf(pattern);
    if (shape === undefined || this.#shapes.has(shape)) return undefined;
    if (account.shapes + 1 <= PATTERN_SHAPES_MOST - this.#shapes.size) return undefined;
    return `there are ${this.#shapes.size} kinds of patterns with several "*", ` +
      `and one connection may not bring more of them than are still free of ${PATTERN_SHAPES_MOST}`;
  }

  /** A pattern more, for which there was no {@link problem}. */
  add(pattern: string, { account, own, more }: BudgetEntry): void {
    const bytes = bytesOf(pattern, { own, more });
    account.bytes += bytes;
    this.#memory.hold(bytes);
    const shape = boundedShapeOf(pattern);
    if (shape === undefined) return;
    let users = this.#shapes.get(shape);
    if (users === undefined) {
      users = new Map();
      this.#shapes.set(shape, users);
      account.shapes++;
    }
    users.set(account, (users.get(account) ?? 0) + 1);
  }

  /** A pattern that was added so to this account is gone. */
  remove(pattern: string, { account, own, more }: BudgetEntry): void {
    const bytes = bytesOf(pattern, { own, more });
    account.bytes -= bytes;
    this.#memory.letGo(bytes);
    const shape = boundedShapeOf(pattern);
    if (shape === undefined) return;
    const users = this.#shapes.get(shape)!;
    const patterns = users.get(account)! - 1;
    if (patterns > 0) {
      users.set(account, patterns);
      return;
    }
    const [payer] = users.keys();
    users.delete(account);
    if (payer === account) {
      account.shapes--;
      // who still has it takes it over
      const [next] = users.keys();
      if (next !== undefined) next.shapes++;
    }
    if (users.size === 0) this.#shapes.delete(shape);
  }
}

function bytesOf(pattern: string, { own, more = 0 }: Pick<BudgetEntry, "own" | "more">): number {
  return PATTERN_BYTES + (own ? OWN_BYTES : 0) + more + 2 * pattern.length;
}

/** The shape of a pattern with two `*` and more. */
function boundedShapeOf(pattern: string): string | undefined {
  const first = pattern.indexOf("*");
  if (first < 0 || pattern.indexOf("*", first + 1) < 0) return undefined;
  return shapeOf(pattern);
}
