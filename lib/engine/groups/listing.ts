/**
 * The groups of a broker as who runs it sees them.
 *
 * @module
 */
import type { GroupName, GroupsPlace, GroupState, Store } from "../../store/types.ts";
import type { GroupListing, GroupsListing, GroupSnapshot } from "../types.ts";

/** A group that has members and is not stored. */
export function listed({ name, pattern, members, held, settling }: GroupSnapshot): GroupListing {
  return { name, pattern, lag: 0, oldest: undefined, members, outstanding: held, settling };
}

/** All that are stored, and what is known beside that of those that have members. */
export function listGroups(
  store: Store,
  { running, done }: {
    readonly running: () => readonly GroupSnapshot[];
    readonly done: (listing: GroupsListing) => void;
  },
): void {
  const stored: GroupState[] = [];
  const next = (place: GroupsPlace | undefined): void => {
    store.groups(place, (outcome) => {
      if (outcome.kind === "failed") return done(outcome);
      stored.push(...outcome.groups);
      if (outcome.next !== undefined) return next(outcome.next);
      const here = new Map(running().map((group) => [keyOf(group), group]));
      const groups: GroupListing[] = stored.map((state) => {
        const group = here.get(keyOf(state));
        here.delete(keyOf(state));
        const { members = 0, held: outstanding = 0, settling } = group ?? {};
        return { ...state, members, outstanding, settling };
      });
      done({ kind: "groups", groups: [...groups, ...[...here.values()].map(listed)] });
    });
  };
  next(undefined);
}

/** Neither has white space. */
export function keyOf({ name, pattern }: GroupName): string {
  return `${name} ${pattern}`;
}
