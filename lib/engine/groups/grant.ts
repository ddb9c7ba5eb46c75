/**
 * What a member is given of what is stored.
 *
 * @module
 */
import type { Unit } from "./ledger.ts";
import type { SequenceRange } from "../../sequence_ranges.ts";

/** Messages of a topic that were given to a member together. */
export interface Grant extends SequenceRange {
  readonly topic: string;
  readonly unit: Unit;
  /** How often they have been given out with this time, from 1. */
  readonly attempt: number;
}
