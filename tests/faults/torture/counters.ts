/**
 * How often a run came into each of the states it is there for. A long run that never reached one has not
 * looked at it, and says so.
 *
 * @module
 */

/** Each state, in a person's words. */
export const STATES = {
  gaps: "gaps told",
  gapped: "messages counted in gaps",
  latest: "gaps of slow=latest",
  evicted: "slow consumers cut, honest or not",
  live: "replays that became live",
  ended: "replays that reached their to",
  held: "replays whose reader stood still",
  late: "replays of a number that was yet to come",
  resent: "messages sent again with their ids",
  known: "of these stored already",
  refused: "honest requests refused",
  busy: "requests refused as BUSY",
  shared: "messages given to members of groups",
  redelivered: "of these given out again",
  "late ack": "acknowledged when another had it",
  idled: "members that stood still",
  left: "members that left with what they held",
  dead: "dead letters",
  postponed: "messages that came later, as was asked for",
  allowed: "messages to an account that may do little",
  denied: "of its publishes refused",
  rights: "rights taken away and given back",
  expired: "messages that outlived their ttl",
  overlaps: "connections with overlapping subscriptions",
  again: "replays begun again by a second sub of their pattern",
  changed: "policies changed, by a second sub of their pattern",
  resubscribed: "unsubscribed and subscribed again",
  reconnects: "connections left and made again",
  midframe: "connections left in the middle of a frame",
  paused: "readers that stood still",
  hostile: "hostile clients",
  kills: "kill -9",
  restarts: "restarts on the same data",
  drains: "SIGTERM",
  undelivered: "SIGTERM with something left over (exit 1)",
  deadlines: "half-sent requests cut at their deadline",
  trimmed: "replays that began behind what retention had deleted",
  retained: "gaps since retention was ahead of a replay",
} as const;

export type State = keyof typeof STATES;

export class Counters {
  readonly counts = new Map<State, number>();

  add(state: State, count = 1): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + count);
  }

  /** A line a state, those never reached last. */
  lines(): string[] {
    const all = Object.entries(STATES) as [State, string][];
    const of = ([state]: [State, string]): number => this.counts.get(state) ?? 0;
    const reached = all.filter((each) => of(each) > 0).map((each) => `  ${each[1]}: ${of(each)}`);
    const never = all.filter((each) => of(each) === 0).map(([, words]) => words);
    return [...reached, ...(never.length === 0 ? [] : [`  never reached: ${never.join(", ")}`])];
  }
}
