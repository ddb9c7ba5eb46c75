/**
 * Holds what a broker has counted against what its clients have seen (FAULTS, oracle 10).
 *
 * @module
 */
import type { Totals } from "../../lib/counters.ts";
import type { History } from "./history.ts";
import { isRetained, type Plan } from "./plan.ts";

/**
 * What is wrong with the totals of the last broker. Where there was but one, nobody hostile and nobody who was
 * lost, each message that was acknowledged was counted once; where moreover all is in memory and every receipt
 * says to how many it went, so was each delivery.
 */
export function judgeTotals(
  history: History,
  { plan, totals }: { readonly plan: Plan; readonly totals: Totals },
): string[] {
  const { publishers, byText, starts } = history;
  // who was lost, or let in no longer, does not know what became of what it sent last
  const unsure = publishers.some(({ lostAt, over }) => lostAt.length > 0 || over !== undefined);
  if (starts.length > 1 || plan.hostile.length > 0 || unsure) return [];
  const wrong: string[] = [];
  const taken = [...byText.values()].filter(({ ackedAt, level, seq, later }) =>
    // what was stored before is acknowledged and not published again
    ackedAt !== undefined && (later !== undefined || !(level === "synced" && seq === undefined))
  );
  const published = taken.length + history.dead.length;
  if (totals.published !== published && !isRetained(plan)) {
    wrong.push(
      `${totals.published} messages are counted as published, ${published} were acknowledged or died`,
    );
  }
  if (plan.durable || taken.some(({ subs }) => subs === undefined)) return wrong;
  const owed = taken.reduce((sum, { subs = 0 }) => sum + subs, 0);
  const { delivered, dropped, expired, unsent } = totals;
  const counted = delivered + dropped + expired + unsent;
  if (counted !== owed) {
    wrong.push(
      `${delivered} delivered, ${dropped} dropped, ${expired} expired and ${unsent} unsent are ${counted}, ` +
        `receipts say ${owed}`,
    );
  }
  return wrong;
}
