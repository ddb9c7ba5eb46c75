/**
 * The groups of an engine, each as long as it has members.
 *
 * @module
 */
import type { Counters } from "../../counters.ts";
import type { FlushList } from "../../flush_list.ts";
import type { GroupSnapshot, Joining, Member, Membership } from "../types.ts";
import type { Routing } from "../routing.ts";
import { Group, type GroupOwner } from "./group.ts";
import { keysOf, NO_MEMBER, otherBy } from "./joining.ts";
import { keyOf } from "./listing.ts";
import { Members } from "./members.ts";

/** What groups have in common. */
export interface GroupsOptions {
  readonly routing: Pick<Routing, "subscribe" | "unsubscribe">;
  readonly counters: Counters;
  readonly flushes: FlushList;
}

/** A group is a name and a pattern (G1). */
export class Groups implements GroupOwner {
  readonly counters: Counters;
  readonly #routing: GroupsOptions["routing"];
  readonly #flushes: FlushList;
  readonly #groups = new Map<string, Group>();

  constructor({ routing, counters, flushes }: GroupsOptions) {
    this.counters = counters;
    this.#routing = routing;
    this.#flushes = flushes;
  }

  /** A place in a group, which is made for its first member. */
  join(joining: Joining, member: Member): Membership {
    const key = keyOf(joining);
    let group = this.#groups.get(key);
    const problem = group === undefined ? undefined : otherBy(joining, group.by);
    if (problem !== undefined) {
      joining.joined(problem);
      return NO_MEMBER;
    }
    if (group === undefined) {
      const members = new Members();
      group = new Group({ ...joining, members, keys: keysOf(members, joining.by) }, this);
      this.#groups.set(key, group);
      this.#routing.subscribe(group.pattern, group);
    }
    const place = group.join(member, joining.window);
    joining.joined({ kind: "joined" });
    return place;
  }

  flush(): void {
    this.#flushes.flush();
  }

  later(group: Group): void {
    this.#flushes.add(group);
  }

  attended(group: Group, attended: boolean): void {
    if (attended) this.#routing.subscribe(group.pattern, group);
    else this.#routing.unsubscribe(group.pattern, group);
  }

  ended(group: Group): void {
    this.#groups.delete(keyOf(group));
    this.#routing.unsubscribe(group.pattern, group);
  }

  snapshot(): GroupSnapshot[] {
    return [...this.#groups.values()].map((group) => group.snapshot());
  }
}
