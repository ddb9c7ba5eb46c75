/**
 * What a cursor lets through.
 *
 * @module
 */
import type { Cursor } from "../types.ts";

/** Sequence numbers from `from` to before `end`. */
export interface SequenceBounds {
  readonly from: number;
  readonly end: number;
}

/** Sequence numbers, and times up to `until`. */
export interface Bounds extends SequenceBounds {
  readonly until: number;
}

/** The bounds a cursor has. */
export function boundsOf({ sequence, to }: Pick<Cursor, "sequence" | "to">): Bounds {
  return {
    from: sequence,
    end: to?.kind === "sequence" ? to.sequence + 1 : Infinity,
    until: to?.kind === "time" ? to.time : Infinity,
  };
}
