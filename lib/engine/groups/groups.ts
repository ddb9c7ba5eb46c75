/**
 * The groups of an engine, each as long as it has members.
 *
 * @module
 */
import type { Counters } from "../../counters.ts";
import type { FlushList } from "../../flush_list.ts";
import type { GroupSnapshot, Joining, Member, Membership } from "../types.ts";
import type { Routing } from "../routing.ts";
import { Group } from "./group.ts";

/** What groups have in common. */
export interface GroupsOptions {
  readonly routing: Routing;
  readonly counters: Counters;
  readonly flushes: FlushList;
}

/** A group is a name and a pattern (G1). */
export class Groups {
  readonly #options: GroupsOptions;
  readonly #groups = new Map<string, Group>();

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  /** A place in a group, which is made for its first member. */
  join(joining: Joining, member: Member): Membership {
    const key = keyOf(joining);
    let group = this.#groups.get(key);
    if (group === undefined) {
      const { routing, counters, flushes } = this.#options;
      group = new Group(joining, {
        counters,
        flush: () => flushes.flush(),
        ended: (group) => {
          this.#groups.delete(key);
          routing.unsubscribe(group.pattern, group);
        },
      });
      this.#groups.set(key, group);
      routing.subscribe(group.pattern, group);
    }
    return group.join(member, joining.window);
  }

  snapshot(): GroupSnapshot[] {
    return [...this.#groups.values()].map((group) => group.snapshot());
  }
}

/** Neither has white space. */
function keyOf({ name, pattern }: Joining): string {
  return `${name} ${pattern}`;
}
