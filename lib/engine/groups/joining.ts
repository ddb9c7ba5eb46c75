/**
 * Who may be a member of a group.
 *
 * @module
 */
import type { Joining, JoinOutcome, Membership } from "../types.ts";
import { Keys } from "./keys.ts";
import type { Members } from "./members.ts";

/** What goes by keys; undefined: nothing does. */
export function keysOf(members: Members, by: Joining["by"]): Keys | undefined {
  return by === "key" ? new Keys(members) : undefined;
}

/** A member wants keys to matter in a group where they do not, or the other way around. */
export function otherBy({ name, by }: Joining, own: Joining["by"]): JoinOutcome | undefined {
  if (by === own) return undefined;
  const has = own === "key" ? "have by=key" : "have no by=key";
  return refused(`the members of group ${name} ${has}, and all have the same`);
}

/** Why one cannot join a group that is stored; `own`: what its members have, where it has any. */
export function joinProblem(
  joining: Joining,
  own: Pick<Joining, "settling" | "by"> | undefined,
): JoinOutcome | undefined {
  const { name, settling, from } = joining;
  if (from?.kind === "last") return refused("a group does not begin with the last of each topic");
  if (own === undefined) return undefined;
  if (settling === own.settling) return otherBy(joining, own.by);
  return refused(`the members of group ${name} have ack=${own.settling}, and all have the same`);
}

function refused(reason: string): JoinOutcome {
  return { kind: "refused", code: "BAD_FIELD", reason };
}

/** Of one that has no place. */
export const NO_MEMBER: Membership = {
  resize: () => {},
  passed: () => {},
  settle: () => false,
  holdsAll: () => false,
  giveBack: () => false,
  extend: () => false,
  leave: (unsent) => {
    for (const run of unsent) run.release();
  },
};
