/**
 * Groups of topics in memory whose members are at several brokers.
 *
 * @module
 */
import type { FlushList } from "../../flush_list.ts";
import type { Counters } from "../../counters.ts";
import type { HeldMemory } from "../../held_memory.ts";
import type { Group } from "../groups/group.ts";
import { Groups } from "../groups/groups.ts";
import { keyOf } from "../groups/listing.ts";
import { NO_MEMBER } from "../groups/joining.ts";
import type { Gate, GroupSnapshot, Joining, JoinOutcome, Member, Membership } from "../types.ts";
import { Backlog } from "./backlog.ts";
import { Confirmations } from "./confirmations.ts";
import type { Incoming } from "./incoming.ts";
import type { NatsLink, NatsSubscription } from "./port.ts";
import type { Subjects } from "./subjects.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** What they need. */
export interface SharedGroupsOptions {
  /** What this broker sends comes back on it. */
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly counters: Counters;
  readonly flushes: FlushList;
  readonly memory: HeldMemory;
  readonly incoming: Incoming;
  /** A group has no room, or has it again. */
  readonly changed: () => void;
}

/** A group with local members. */
interface Shared {
  readonly group: Group;
  readonly room: WaitingRoom;
  readonly subscription: NatsSubscription;
  /** Who waits until NATS has it; undefined: it has. */
  joining: Array<() => void> | undefined;
}

/**
 * - (N5) NATS gives each message to one of the brokers that have members of the group (a queue of its own for
 *   each group), and that broker's part of the group to one of its members, as in one broker.
 * - No member gets anything before its joining is answered.
 */
export class SharedGroups {
  readonly #options: SharedGroupsOptions;
  readonly #confirmations: Confirmations;
  readonly #backlog: Backlog;
  readonly #groups: Groups;
  /** By name and pattern. */
  readonly #shared = new Map<string, Shared>();

  constructor(options: SharedGroupsOptions) {
    this.#options = options;
    const { link, flushes, changed } = options;
    this.#confirmations = new Confirmations(link, flushes);
    this.#backlog = new Backlog(link, flushes, changed);
    this.#groups = new Groups({
      ...options,
      routing: {
        subscribe: (_pattern, group) => this.#begin(group as Group),
        unsubscribe: (_pattern, group) => this.#end(group as Group),
      },
    });
    link.watch({ read: () => flushes.flush() });
  }

  join(joining: Joining, member: Member): Membership {
    if (joining.by === "key") {
      joining.joined({ kind: "refused", code: "BAD_FIELD", reason: NO_KEYS });
      return NO_MEMBER;
    }
    let outcome: JoinOutcome | undefined;
    const place = this.#groups.join({ ...joining, joined: (of) => outcome = of }, member);
    const tell = (): void => joining.joined(outcome!);
    const shared = this.#shared.get(keyOf(joining));
    if (shared?.joining === undefined) tell();
    else shared.joining.push(tell);
    return place;
  }

  snapshot(): GroupSnapshot[] {
    return this.#groups.snapshot();
  }

  /** The patterns of those that have no room. */
  *full(): Generator<string> {
    for (const { group, room, joining } of this.#shared.values()) {
      if (joining === undefined && (room.bytes > 0 || this.#backlog.behind)) yield group.pattern;
    }
  }

  close(): void {
    for (const { room, subscription } of this.#shared.values()) {
      subscription.unsubscribe();
      room.clear();
    }
    this.#shared.clear();
  }

  #begin(group: Group): boolean {
    const key = keyOf(group);
    const { link, subjects, memory, changed, counters, flushes } = this.#options;
    const room = new WaitingRoom({
      memory,
      changed,
      flush: () => flushes.flush(),
      gateOf: () => this.#gateOf(group),
      deliver: (run) => group.deliver(run),
      overflows: (run) => counters.dropped(run.count),
    });
    const subscription = link.subscribe(subjects.memory(group.pattern), (message) => {
      this.#backlog.received(message.bytes.length);
      for (const run of this.#options.incoming.arrived(message)?.read() ?? []) room.offer(run);
    }, { queue: key.replace(" ", ".") });
    const shared: Shared = { group, room, subscription, joining: [] };
    this.#shared.set(key, shared);
    this.#confirmations.asked();
    this.#confirmations.confirmed(() => this.#joined(shared));
    return true;
  }

  #joined(shared: Shared): void {
    const { joining } = shared;
    shared.joining = undefined;
    for (const tell of joining ?? []) tell();
  }

  #end(group: Group): boolean {
    const key = keyOf(group);
    const shared = this.#shared.get(key);
    if (shared?.group !== group) return false;
    this.#shared.delete(key);
    shared.subscription.unsubscribe();
    shared.room.clear();
    // whoever waits for it to begin is told, though nobody is in it any more
    this.#joined(shared);
    this.#options.changed();
    return true;
  }

  #gateOf(group: Group): Gate | undefined {
    const shared = this.#shared.get(keyOf(group));
    if (shared?.joining === undefined) return group.full ? group : undefined;
    const { joining } = shared;
    return { full: true, whenNotFull: (callback) => void joining.push(callback) };
  }
}

const NO_KEYS =
  "by=key is for one broker: over NATS (--engine) messages of one key go to any broker's members";
