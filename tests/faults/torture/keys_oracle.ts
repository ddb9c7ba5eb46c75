/**
 * Judges a group by keys: what belongs together is one member's at a time, and comes in its order.
 *
 * @module
 */
import type { Entry } from "../workers/diary.ts";

/** When somebody held a message, for certain. */
interface Hold {
  readonly who: string;
  readonly seq: number;
  readonly from: number;
  until: number;
}

/** A lease may have begun before the member knew of it. */
const SLACK_MS = 1500;
const WRONG_MOST = 10;

/** What is wrong, a sentence each. `keyOf`: of a number, undefined where it has none. */
export function judgeKeys(
  entries: readonly Entry[],
  { keyOf, ackTimeout }: {
    readonly keyOf: (seq: number) => string | undefined;
    readonly ackTimeout: number;
  },
): string[] {
  const wrong: string[] = [];
  const add = (what: string): void => void (wrong.length < WRONG_MOST && wrong.push(what));
  /** Of each key, those that are held. */
  const held = new Map<string, Hold[]>();
  const newest = new Map<string, number>();
  const seen = new Set<number>();
  for (const { who, what, seq, attempt, at } of entries) {
    if (what === "lost" || what === "gone") {
      for (const holds of held.values()) {
        for (const hold of holds) if (hold.who === who) hold.until = Math.min(hold.until, at);
      }
      continue;
    }
    const key = keyOf(seq);
    if (key === undefined) continue;
    const holds = held.get(key) ?? [];
    held.set(key, holds);
    if (what === "got") {
      const other = holds.find((hold) => hold.who !== who && hold.until > at);
      if (other !== undefined) {
        add(`${seq} of ${key} came to ${who} while ${other.who} held ${other.seq} of it`);
      }
      // a broker that was killed may not know that it has given it out before
      if (attempt === 1 && !seen.has(seq)) {
        const before = newest.get(key) ?? 0;
        if (seq < before) add(`${seq} of ${key} came for the first time behind ${before}`);
        newest.set(key, Math.max(before, seq));
      }
      seen.add(seq);
      const still = holds.filter(({ until }) => until > at);
      held.set(key, [...still, { who, seq, from: at, until: at + ackTimeout - SLACK_MS }]);
    } else if (what === "acks" || what === "nacks" || what === "refused") {
      for (const hold of holds) if (hold.who === who && hold.seq === seq) hold.until = at;
    }
  }
  return wrong;
}
