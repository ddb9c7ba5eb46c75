/**
 * The groups of durable topics that have members here, and those that are stored.
 *
 * @module
 */
import type { WireCode } from "../../../errors.ts";
import type { From } from "../../../store/types.ts";
import { decodeText } from "../../../text.ts";
import { covers } from "../../../topics/covers.ts";
import { encodeText } from "../../../wire/bytes.ts";
import { NO_MEMBER } from "../../groups/joining.ts";
import { tooManyGroups } from "../../groups/group_count.ts";
import { keyOf } from "../../groups/listing.ts";
import type {
  GroupChange,
  GroupListing,
  GroupName,
  GroupsListing,
  GroupSnapshot,
  Joining,
  JoinOutcome,
  Member,
  Membership,
  Run,
} from "../../types.ts";
import type { Asked, ConsumerStart, GroupConsumer, GroupSpec } from "../streams_port.ts";
import { type GroupParts, StreamGroup } from "./group.ts";
import { ACK_WAIT_MORE_MS } from "./limits.ts";

/** What they have in common. */
export interface StreamGroupsParts extends GroupParts {
  /** Which topics are durable. */
  readonly patterns: readonly string[];
  /** How many there may be. */
  readonly groupsMost: number;
}

/** Who waits for a group's consumer. */
interface Joiner {
  readonly joining: Joining;
  readonly member: Member;
  readonly place: LaterPlace;
}

/** Why nobody can join. */
interface Problem {
  readonly code: WireCode;
  readonly reason: string;
}

/**
 * - A group is a name and a pattern (G1), and one durable consumer of the stream, for all brokers.
 * - One that is made anew has the same name to NATS: before that brokers are told, so that nobody settles a
 *   message by what it held of the one before. A group whose members have no room asks for nothing, and NATS
 *   says nothing to it.
 *
 *       hashbus.broker.groups    g #orders.>
 */
export class StreamGroups {
  readonly #parts: StreamGroupsParts;
  readonly #groups = new Map<string, StreamGroup>();
  readonly #opening = new Map<string, Joiner[]>();
  #closed = false;

  constructor(parts: StreamGroupsParts) {
    this.#parts = parts;
    const { link, subjects } = parts;
    link.subscribe(subjects.broker("groups"), ({ bytes }) => {
      this.#groups.get(decodeText(bytes) ?? "")?.changing();
    });
    link.watch({
      read: () => {
        for (const group of this.#groups.values()) group.goOn();
      },
      down: () => {
        for (const group of this.#groups.values()) group.down();
      },
      up: () => {
        for (const group of this.#groups.values()) group.up();
      },
    });
  }

  join(joining: Joining, member: Member): Membership {
    const problem = this.#problem(joining);
    if (problem !== undefined) {
      joining.joined(problem);
      return NO_MEMBER;
    }
    const known = this.#groups.get(keyOf(joining));
    if (known !== undefined && !known.isEmpty && !known.isOver) return known.join(joining, member);
    const place = new LaterPlace(joining.window);
    const key = keyOf(joining);
    const joiners = this.#opening.get(key);
    if (joiners !== undefined) joiners.push({ joining, member, place });
    else this.#open(key, { joining, member, place });
    return place;
  }

  list(done: (listing: GroupsListing) => void): void {
    this.#parts.streams.groups((asked) => {
      if (asked.kind !== "done") return done({ kind: "failed", reason: reasonOf(asked) });
      done({
        kind: "groups",
        groups: asked.value.map(({ group, lag, outstanding }): GroupListing => {
          const here = this.#groups.get(keyOf(group))?.snapshot();
          const { members = 0, settling } = here ?? {};
          return { ...group, lag, oldest: undefined, members, outstanding, settling };
        }),
      });
    });
  }

  reset(group: GroupName, from: From | undefined, done: (change: GroupChange) => void): void {
    const { streams, acks } = this.#parts;
    if (from?.kind === "last") return done({ kind: "failed", reason: "a group does not begin there" });
    streams.group(group, (found) => {
      if (found.kind !== "done") return done(changeOf(found));
      this.#tell(group);
      streams.remove(found.value.consumer, (removed) => {
        if (removed.kind === "failed") return done(removed);
        acks.forget(found.value.consumer);
        streams.openGroup(this.#specOf(group, found.value.settling, from), (opened) => {
          if (opened.kind === "done" && !this.#closed) this.#groups.get(keyOf(group))?.attach(opened.value);
          this.#parts.flush();
          done(changeOf(opened));
        });
      });
    });
  }

  remove(group: GroupName, done: (change: GroupChange) => void): void {
    const { streams, acks } = this.#parts;
    streams.group(group, (found) => {
      if (found.kind !== "done") return done(changeOf(found));
      this.#tell(group);
      streams.remove(found.value.consumer, (removed) => {
        if (removed.kind === "done") {
          acks.forget(found.value.consumer);
          this.#groups.get(keyOf(group))?.dissolve(`the group ${group.name} was deleted`);
          this.#groups.delete(keyOf(group));
        }
        this.#parts.flush();
        done(changeOf(removed));
      });
    });
  }

  tick(now: number, passed: number): void {
    for (const [key, group] of this.#groups) {
      if (group.isEmpty) this.#groups.delete(key);
      else group.tick(now, passed);
    }
  }

  snapshot(): GroupSnapshot[] {
    return [...this.#groups.values()].filter(({ isEmpty }) => !isEmpty).map((group) => group.snapshot());
  }

  close(): void {
    this.#closed = true;
    for (const group of this.#groups.values()) group.close();
    this.#groups.clear();
  }

  /** Brokers are told that it will be another, or none. */
  #tell(group: GroupName): void {
    const { link, subjects } = this.#parts;
    if (!link.up) return;
    link.publish(subjects.broker("groups"), encodeText(keyOf(group)));
    link.flush(() => {});
  }

  #problem({ name, pattern, by, from }: Joining): JoinOutcome | undefined {
    if (by === "key") return refused(`group ${name}: by=key is not for topics on NATS (--engine)`);
    if (from?.kind === "last") return refused("a group does not begin with the last of each topic");
    if (this.#parts.patterns.some((durable) => covers(durable, pattern))) return undefined;
    return refused(
      `group ${name}: with an engine on NATS a group's topics are all durable or all in memory; those of ` +
        `${pattern} are not`,
    );
  }

  #open(key: string, joiner: Joiner): void {
    const joiners = [joiner];
    this.#opening.set(key, joiners);
    const { name, pattern, settling, from } = joiner.joining;
    const end = (how: () => void): void => {
      this.#opening.delete(key);
      how();
      this.#parts.flush();
    };
    this.#mayBe({ name, pattern }, (problem) => {
      if (problem !== undefined) return end(() => this.#refuse(joiners, problem));
      this.#parts.streams.openGroup(this.#specOf({ name, pattern }, settling, from), (asked) => {
        end(() => {
          if (asked.kind === "done") this.#opened(key, joiners, asked.value);
          else this.#refuse(joiners, { code: "STORE", reason: reasonOf(asked) });
        });
      });
    });
  }

  /** Whether it is stored, or may be; those that were asked for before it count as stored. */
  #mayBe(group: GroupName, done: (problem: Problem | undefined) => void): void {
    const { streams, groupsMost: most } = this.#parts;
    streams.group(group, (found) => {
      if (found.kind === "done") return done(undefined);
      if (found.kind === "failed") return done({ code: "STORE", reason: found.reason });
      streams.groups((asked) => {
        if (asked.kind !== "done") return done({ code: "STORE", reason: reasonOf(asked) });
        const all = new Set(asked.value.map(({ group }) => keyOf(group)));
        for (const key of this.#opening.keys()) {
          if (key === keyOf(group)) break;
          all.add(key);
        }
        done(all.size < most ? undefined : { code: "TOO_MANY_GROUPS", reason: tooManyGroups(most) });
      });
    });
  }

  #opened(key: string, joiners: readonly Joiner[], consumer: GroupConsumer): void {
    const here = joiners.filter(({ place }) => !place.gone);
    if (here.length === 0 || this.#closed) return;
    const group = new StreamGroup(consumer.group, this.#parts);
    this.#groups.set(key, group);
    group.attach(consumer);
    for (const { joining, member, place } of here) {
      if (place.gone) continue;
      place.become(group.join({ ...joining, window: place.window }, member));
    }
    if (group.isEmpty) group.close();
    else group.goOn();
  }

  #refuse(joiners: readonly Joiner[], problem: Problem): void {
    for (const { joining, place } of joiners) {
      if (!place.gone) joining.joined({ kind: "refused", ...problem });
    }
  }

  #specOf({ name, pattern }: GroupName, settling: GroupSpec["settling"], from: From | undefined): GroupSpec {
    return {
      group: { name, pattern },
      filter: this.#parts.subjects.stored(pattern),
      settling,
      start: startOf(from),
      ackWait: this.#parts.ackTimeout + ACK_WAIT_MORE_MS,
    };
  }
}

/** The place of one whose group is still being found. */
class LaterPlace implements Membership {
  window: number;
  gone = false;
  #place: Membership | undefined;

  constructor(window: number) {
    this.window = window;
  }

  become(place: Membership): void {
    if (this.gone) place.leave([]);
    else this.#place = place;
  }

  resize(window: number): void {
    this.window = window;
    this.#place?.resize(window);
  }

  passed(messages: number): void {
    this.#place?.passed(messages);
  }

  settle(...args: Parameters<Membership["settle"]>): boolean {
    return this.#place?.settle(...args) === true;
  }

  holdsAll(...args: Parameters<Membership["holdsAll"]>): boolean {
    return this.#place?.holdsAll(...args) === true;
  }

  giveBack(...args: Parameters<Membership["giveBack"]>): boolean {
    return this.#place?.giveBack(...args) === true;
  }

  extend(...args: Parameters<Membership["extend"]>): boolean {
    return this.#place?.extend(...args) === true;
  }

  leave(unsent: readonly Run[]): void {
    this.gone = true;
    if (this.#place === undefined) { for (const run of unsent) run.release(); }
    else this.#place.leave(unsent);
  }
}

function startOf(from: From | undefined): ConsumerStart | undefined {
  switch (from?.kind) {
    case "earliest":
      return { kind: "all" };
    case "sequence":
      return { kind: "sequence", sequence: Math.max(1, from.sequence) };
    case "time":
      return { kind: "time", time: from.time };
    default:
      return undefined;
  }
}

function changeOf(asked: Asked<unknown>): GroupChange {
  return asked.kind === "done" ? { kind: "done" } : asked;
}

function reasonOf(asked: Exclude<Asked<unknown>, { kind: "done" }>): string {
  return asked.kind === "failed" ? asked.reason : "NATS knows no such stream";
}

function refused(reason: string): JoinOutcome {
  return { kind: "refused", code: "BAD_FIELD", reason };
}
