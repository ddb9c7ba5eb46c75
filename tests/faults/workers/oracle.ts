/**
 * What workers and brokers that were killed have to answer for.
 *
 * @module
 */
import type { Entry } from "./diary.ts";

/** All that is known. */
export interface Evidence {
  /** Of all workers, in any order. */
  readonly entries: readonly Entry[];
  /** When a broker was killed, milliseconds since 1970. */
  readonly brokerKills: readonly number[];
  /** Numbers that were acknowledged to their publisher. */
  readonly published: readonly number[];
  /** Those that no worker can do. */
  readonly poisoned: ReadonlySet<number>;
  /** Numbers that dead letters name, as often as they do. */
  readonly dead: readonly number[];
  /** How long a worker may keep a message, milliseconds. */
  readonly ackTimeout: number;
}

/** What it came to. */
export interface Verdict {
  readonly given: number;
  readonly settled: number;
  readonly dead: number;
  /** Given again, by what ended the time before. */
  readonly again: Readonly<Record<Cause, number>>;
  /** A sentence each. */
  readonly wrong: readonly string[];
}

type Cause =
  | "given back"
  | "connection lost"
  | "worker killed"
  | "broker killed"
  | "time was over"
  | "acknowledgement not answered";

/** A time in which a worker holds a message. */
interface Hold {
  readonly who: string;
  readonly seq: number;
  readonly attempt: number;
  readonly from: number;
  until: number;
  why: Cause | "settled" | "open";
  /** It was told that its acknowledgement is stored. */
  acked: boolean;
}

/**
 * Milliseconds that a lease may have begun before the worker knew of it, and that clocks of processes differ
 * by.
 */
const SLACK_MS = 1500;
/** Two processes write down when something happened, each a moment later. */
const MOMENT_MS = 5;

/**
 * Looks for: a message that was never settled; one that two live workers held at a time; one that came again
 * for no reason, or when it was settled; dead letters that are not the poisoned ones.
 */
export function judge(evidence: Evidence): Verdict {
  const { entries, published, poisoned, dead, ackTimeout } = evidence;
  const kills = [...evidence.brokerKills].sort((one, other) => one - other);
  const holds = holdsOf(entries);
  const wrong: string[] = [];
  const settled = new Set<number>();
  const again: Record<Cause, number> = {
    "given back": 0,
    "connection lost": 0,
    "worker killed": 0,
    "broker killed": 0,
    "time was over": 0,
    "acknowledgement not answered": 0,
  };
  let given = 0;
  for (const [seq, times] of holds) {
    times.sort((one, other) => one.from - other.from);
    given += times.length;
    for (const [at, hold] of times.entries()) {
      if (hold.acked || hold.why === "acknowledgement not answered") settled.add(seq);
      const next = times[at + 1];
      if (next === undefined) continue;
      const cause = whyItEnded(hold, { next, kills, ackTimeout });
      if (cause !== undefined) {
        again[cause]++;
        continue;
      }
      wrong.push(
        hold.acked
          ? `${seq} was settled by ${hold.who} and came again, to ${next.who}, attempt ${next.attempt}`
          : `${seq} was given to ${next.who} (attempt ${next.attempt}) while ${hold.who} held it, ` +
            `${(next.from - hold.from).toFixed(1)} ms after it had got it`,
      );
    }
  }
  const letters = new Set(dead);
  for (const seq of published) {
    if (!settled.has(seq) && !letters.has(seq)) wrong.push(`${seq} was never settled`);
    if (poisoned.has(seq) && !letters.has(seq)) wrong.push(`${seq} is poisoned and no dead letter`);
  }
  for (const seq of letters) {
    if (!poisoned.has(seq)) wrong.push(`${seq} is a dead letter, and was not poisoned`);
  }
  if (letters.size < dead.length) wrong.push(`${dead.length - letters.size} dead letters are there twice`);
  return { given, settled: settled.size, dead: letters.size, again, wrong };
}

/** Why a message that came again at a moment was not held any more; undefined: it was, or it was settled. */
function whyItEnded(
  hold: Hold,
  { next, kills, ackTimeout }: {
    readonly next: Hold;
    readonly kills: readonly number[];
    readonly ackTimeout: number;
  },
): Cause | undefined {
  const { from } = next;
  const timeWasOver = from >= hold.from + ackTimeout - SLACK_MS ? "time was over" : undefined;
  // what it said of the time before was on its way when it got it once more, and settled that
  if (hold.acked) return next.who === hold.who && from < hold.until ? timeWasOver : undefined;
  if (hold.why !== "open" && hold.why !== "settled" && hold.until <= from + MOMENT_MS) return hold.why;
  if (kills.some((kill) => kill >= hold.from - MOMENT_MS && kill <= from)) return "broker killed";
  return timeWasOver;
}

/** By the number of the message. */
function holdsOf(entries: readonly Entry[]): Map<number, Hold[]> {
  const holds = new Map<number, Hold[]>();
  /** What each worker holds. */
  const open = new Map<string, Map<number, Hold>>();
  /** What waits for the answer to its acknowledgement. */
  const asked = new Map<string, Map<number, Hold>>();
  for (const { who, what, seq, attempt, at } of [...entries].sort((one, other) => one.at - other.at)) {
    const mine = open.get(who) ?? new Map<number, Hold>();
    open.set(who, mine);
    const waiting = asked.get(who) ?? new Map<number, Hold>();
    asked.set(who, waiting);
    switch (what) {
      case "got": {
        const hold: Hold = { who, seq, attempt, from: at, until: Infinity, why: "open", acked: false };
        mine.set(seq, hold);
        holds.set(seq, [...holds.get(seq) ?? [], hold]);
        break;
      }
      case "acks": {
        const hold = mine.get(seq);
        if (hold !== undefined) waiting.set(seq, hold);
        break;
      }
      case "acked": {
        const hold = waiting.get(seq);
        waiting.delete(seq);
        mine.delete(seq);
        if (hold !== undefined) Object.assign(hold, { acked: true, until: at, why: "settled" });
        break;
      }
      case "nacks":
        end(mine, seq, { at, why: "given back" });
        break;
      case "refused": {
        // its time was over before it said so: whoever has it now has it rightly
        const hold = waiting.get(seq);
        waiting.delete(seq);
        mine.delete(seq);
        if (hold !== undefined && hold.why === "open") {
          Object.assign(hold, { until: at, why: "time was over" });
        }
        break;
      }
      case "lost":
      case "gone": {
        // what was acknowledged and not answered may be stored or not
        for (const [unanswered] of waiting) {
          end(mine, unanswered, { at, why: "acknowledgement not answered" });
        }
        waiting.clear();
        const why = what === "lost" ? "connection lost" : "worker killed";
        for (const [each] of [...mine]) end(mine, each, { at, why });
        break;
      }
    }
  }
  return holds;
}

function end(
  mine: Map<number, Hold>,
  seq: number,
  how: { readonly at: number; readonly why: Cause },
): void {
  const hold = mine.get(seq);
  mine.delete(seq);
  if (hold !== undefined) Object.assign(hold, { until: how.at, why: how.why });
}
