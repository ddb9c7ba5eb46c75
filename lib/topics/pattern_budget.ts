/**
 * How much connections may have subscribed to.
 *
 * @module
 */
import type { HeldMemory } from "../held_memory.ts";
import { PATTERN_SHAPES_MOST } from "../limits.ts";
import { shapeOf } from "./pattern_table.ts";

/**
 * What a subscription takes beside its pattern: places in the tables of its session and of the patterns, and
 * in two hash tables that may have just doubled (measured: 390 with a hundred connections of 1,000 each).
 */
const PATTERN_BYTES = 400;

/** What one connection has. */
export interface PatternAccount {
  /** Bytes of its patterns. */
  bytes: number;
  /** Shapes that came with its patterns. */
  shapes: number;
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
  /** How many patterns there are of each shape with two `*` and more. */
  readonly #shapes = new Map<string, number>();

  constructor(memory: HeldMemory) {
    this.#memory = memory;
  }

  /** How many shapes there are with two `*` and more. */
  get shapes(): number {
    return this.#shapes.size;
  }

  /** Why one more pattern is too much for this connection, a sentence for a person; undefined: it is not. */
  problem(pattern: string, account: PatternAccount): string | undefined {
    if (account.bytes + bytesOf(pattern) > this.#memory.share) {
      return "the broker keeps as much for its clients as it may (--max-memory); try again";
    }
    const shape = boundedShapeOf(pattern);
    if (shape === undefined || this.#shapes.has(shape)) return undefined;
    if (account.shapes + 1 <= PATTERN_SHAPES_MOST - this.#shapes.size) return undefined;
    return `there are ${this.#shapes.size} kinds of patterns with several "*", ` +
      `and one connection may not bring more of them than are still free of ${PATTERN_SHAPES_MOST}`;
  }

  /** A pattern more, for which there was no {@link problem}. */
  add(pattern: string, account: PatternAccount): void {
    const bytes = bytesOf(pattern);
    account.bytes += bytes;
    this.#memory.hold(bytes);
    const shape = boundedShapeOf(pattern);
    if (shape === undefined) return;
    const patterns = this.#shapes.get(shape) ?? 0;
    if (patterns === 0) account.shapes++;
    this.#shapes.set(shape, patterns + 1);
  }

  /** A pattern that was added to this account is gone. */
  remove(pattern: string, account: PatternAccount): void {
    const bytes = bytesOf(pattern);
    account.bytes -= bytes;
    this.#memory.letGo(bytes);
    const shape = boundedShapeOf(pattern);
    if (shape === undefined) return;
    const patterns = this.#shapes.get(shape)! - 1;
    if (patterns > 0) {
      this.#shapes.set(shape, patterns);
    } else {
      this.#shapes.delete(shape);
      // whoever brought it: it may have been left to this one by another
      account.shapes = Math.max(0, account.shapes - 1);
    }
  }
}

function bytesOf(pattern: string): number {
  return PATTERN_BYTES + 2 * pattern.length;
}

/** The shape of a pattern with two `*` and more. */
function boundedShapeOf(pattern: string): string | undefined {
  const first = pattern.indexOf("*");
  if (first < 0 || pattern.indexOf("*", first + 1) < 0) return undefined;
  return shapeOf(pattern);
}
