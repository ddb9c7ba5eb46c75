/**
 * Judges what became of a group: each message settled once, by one at a time, or dead; each that came again for
 * a reason.
 *
 * @module
 */
import { judge, type Verdict } from "../workers/oracle.ts";
import type { CrewLog } from "./crew.ts";
import { judgeKeys } from "./keys_oracle.ts";

/** What else has to be known. */
export interface CrewFacts {
  /** Numbers that dead letters of the group name. */
  readonly dead: readonly number[];
  /** When brokers were killed, as `moment` says it. */
  readonly brokerKills: readonly number[];
  readonly ackTimeout: number;
}

/** `open`: messages that are settled not yet, which may still be. */
export function judgeCrew(log: CrewLog, { dead, brokerKills, ackTimeout }: CrewFacts): {
  readonly verdict: Verdict;
  readonly open: number;
  readonly wrong: string[];
} {
  const numbers = (messages: Iterable<{ readonly seq?: number }>): number[] =>
    [...messages].flatMap(({ seq }) => seq === undefined ? [] : [seq]);
  const acknowledged = log.published.filter(({ ackedAt }) => ackedAt !== undefined);
  const verdict = judge({
    entries: log.entries,
    brokerKills,
    published: numbers(acknowledged),
    poisoned: new Set(numbers(log.poisoned)),
    dead,
    ackTimeout,
  });
  const keys = new Map(log.published.map(({ seq, key }) => [seq, key]));
  const wrong = [
    ...log.wrong,
    ...verdict.wrong,
    ...log.byKey ? judgeKeys(log.entries, { keyOf: (seq) => keys.get(seq), ackTimeout }) : [],
    ...acknowledged.filter(({ seq }) => seq === undefined).map(({ number }) =>
      `message ${number} never came`
    ),
  ];
  const open = wrong.filter((what) => /never settled$|no dead letter$|never came$/.test(what)).length;
  return { verdict, open, wrong: wrong.map((what) => `group ${log.name}: ${what}`) };
}
