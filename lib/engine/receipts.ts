/**
 * Receipts that say the same are one object: nothing is allocated for a run in memory, and who tells many
 * together sees at once that they are alike.
 *
 * @module
 */
import type { Receipt } from "./types.ts";

/** Numbers of subscribers whose receipts are kept. */
const KEPT = 1024;

const receipts: Receipt[] = [];

/** How far a run got that is in memory alone. */
export function inMemory(reached: number): Receipt {
  if (reached >= KEPT) return make(reached);
  return receipts[reached] ??= make(reached);
}

function make(reached: number): Receipt {
  return { reached, level: "memory", last: undefined, topic: undefined };
}
