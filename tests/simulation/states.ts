/**
 * Which states a simulation has to reach: one that never comes to them shows nothing about them.
 *
 * @module
 */

/** What has to happen somewhere in a run of many seeds. */
export const STATES = [
  "crash inside a commit",
  "a commit is refused",
  "a commit of unknown outcome",
  "a commit beside a read",
  "retention deletes",
  "a resend answered from memory",
  "a drop at the cap",
  "a message outlives its ttl",
  "a slow consumer is cut",
  "a replay becomes live",
  "a replay ends",
  "a follower falls back",
  "a replay is resumed",
  "a publisher waits for a full outbox",
  "a fairness round",
  "a drain in time",
  "a drain cuts somebody off",
  "a broker is killed",
  "a broker is frozen",
  "a clock jumps",
  "a connection is reset",
  "a cable is cut",
  "a connection stalls",
  "a connection is refused",
  "a request refused",
  "a classic client",
  "a hostile client is thrown out",
  "an unsubscribe in a flood",
  "an outbox is nearly full",
  "half of the memory is used",
  "the disk is full",
  "the disk hangs",
  "a broken head in the middle of a stream",
  "half a request",
  "a member leaves",
  "a member closes",
  "a member is killed",
  "a member changes its window",
  "no member of a group has room",
  "what a member had not been sent goes to another",
  "a message is acknowledged",
  "a message is given back",
  "a message is given back for later",
  "the time of a message is extended",
  "a message is not held any more",
  "a message outlives its lease",
  "a message is given out again behind a lost connection",
  "a message is given out again behind a crash",
  "a group begins at the earliest",
  "a message dies",
  "rights change",
  "an account is gone",
  "a guest is refused",
  "a guest's subscription ends",
  "a guest's publish is refused",
  "a guest publishes as fast as it may",
  "a message goes by its key",
  "a key goes to another member",
  "a message waits for one of its key that was given back",
  "a message is to come later",
  "a message comes later behind a crash",
] as const;

export type State = typeof STATES[number];

/** How often each was reached. */
export class States {
  readonly counts = new Map<State, number>(STATES.map((state) => [state, 0]));

  reached(state: State, times = 1): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + times);
  }

  add(other: States): void {
    for (const [state, times] of other.counts) this.reached(state, times);
  }

  /** Those that were never reached. */
  get missing(): State[] {
    return STATES.filter((state) => this.counts.get(state) === 0);
  }
}
