/**
 * Groups over durable topics, and what their members were given of them.
 *
 * @module
 */
import { matches } from "../../lib/topics/topic.ts";
import type { Delivery, History, MemberRecord, Said } from "./history.ts";
import { goesRight, type JoinPlan, type Plan } from "./plan.ts";

/** Milliseconds by which something may come too early: time is counted in ticks, and what is due in steps of one. */
export const STEP_MS = 550;
/** What a member may have been given at once, and has not come to it yet. */
const AHEAD_BYTES = 192 * 1024;

/** A group over stored topics, and what its members were given. */
export interface Queue {
  readonly group: string;
  readonly pattern: string;
  readonly explicit: boolean;
  readonly keyed: boolean;
  readonly members: readonly MemberRecord[];
  /** Whether it begins with all there is, and from when on all belongs to it otherwise. */
  readonly whole: boolean;
  readonly since: number;
  /** By topic and number, as they came. */
  readonly given: ReadonlyMap<string, readonly Delivery[]>;
}

/** All there are. */
export function queuesOf({ members }: History): Queue[] {
  const queues = new Map<
    string,
    Omit<Queue, "members" | "given"> & { members: Set<MemberRecord>; given: Map<string, Delivery[]> }
  >();
  for (const member of members) {
    for (const { plan, okAt = Infinity, endedAt = Infinity } of member.joins.filter(isIn)) {
      // who leaves before it is answered is not told whether the group could be stored
      const since = endedAt < okAt ? Infinity : okAt;
      const key = keyOf(plan);
      const before = queues.get(key);
      queues.set(key, {
        group: plan.group,
        pattern: plan.pattern,
        explicit: plan.ack === "explicit",
        keyed: plan.by === "key",
        members: (before?.members ?? new Set()).add(member),
        whole: (before?.whole ?? true) && plan.from === "earliest",
        since: Math.min(before?.since ?? Infinity, since),
        given: before?.given ?? new Map(),
      });
    }
  }
  for (const member of members) {
    for (const delivery of member.lines.flatMap(({ given }) => given)) {
      const fitting = member.joins.filter(({ plan }) =>
        plan.group === delivery.group && matches(plan.pattern, delivery.topic)
      );
      // of two that have topics in common one is refused (G1), the first where that could not be stored;
      // also where the answer did not come before the member was closed: it waits for those before it
      const join = fitting.find(isIn) ?? fitting[0];
      const queue = join === undefined ? undefined : queues.get(keyOf(join.plan));
      if (queue === undefined) continue;
      const { given } = queue;
      const known = given.get(nameOf(delivery));
      if (known === undefined) given.set(nameOf(delivery), [delivery]);
      else known.push(delivery);
    }
  }
  for (const { given } of queues.values()) for (const each of given.values()) each.sort(byTime);
  return [...queues.values()].map((queue) => ({ ...queue, members: [...queue.members] }));
}

/** It was let in, or is yet to be told. */
function isIn({ okAt, refused }: MemberRecord["joins"][number]): boolean {
  return okAt !== undefined || refused === undefined;
}

function keyOf({ group, pattern }: JoinPlan): string {
  return `${group} ${pattern}`;
}

/** A stored message, as a key. */
export function nameOf({ topic, seq }: { readonly topic: string; readonly seq: number }): string {
  return `${topic} ${seq}`;
}

/** As they came. */
export function byTime(one: Delivery, other: Delivery): number {
  return one.at - other.at || (one.line === other.line ? one.number - other.number : 0);
}

/** For a person. */
export function show({ topic, seq, group, attempt, line, at }: Delivery): string {
  return `${topic} ${seq} of group ${group}, attempt ${attempt}, to ${line.member} at ${Math.round(at)}`;
}

/** Which broker it came from. */
export function epochOf({ line }: Delivery, { starts }: History): number {
  return starts.filter((start) => start <= line.beganAt).length;
}

/** What settled it; undefined: it was not, as far as was heard. */
export function ackOf({ said }: Delivery): Said | undefined {
  return said.find(({ verb, answer }) => verb === "ack" && answer === "ok");
}

/** Whether one of its members was connected all the time. */
export function isThere(
  { members }: Queue,
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  return members.some(({ lines, joins }) =>
    joins.every(({ okAt = Infinity, endedAt = Infinity }) => okAt < from && endedAt > to) &&
    lines.some(({ beganAt, endedAt = Infinity }) => beganAt < from && endedAt > to)
  );
}

/** Since when there has been a member that stayed to the end, whatever happened to it. */
export function stayOf({ group, pattern, members }: Queue, { over: end }: History): number | undefined {
  const since = members.flatMap(({ joins, over }) =>
    over !== undefined
      ? []
      : joins.flatMap(({ plan, okAt, refused, endedAt = Infinity }) =>
        plan.group === group && plan.pattern === pattern && okAt !== undefined && refused === undefined &&
          endedAt >= end
          ? [okAt]
          : []
      )
  );
  return since.length === 0 ? undefined : Math.min(...since);
}

/**
 * What its connection may have said of it, though it did not know that: what is said of a message is of
 * whichever time it was given to the connection last, and that may have been on its way.
 */
export function saidOf({ line, at, said }: Delivery, deliveries: readonly Delivery[]): Said[] {
  const before = deliveries.filter((other) => other.line === line && other.at < at);
  return [
    ...said,
    ...before.flatMap((other) => other.said.filter(({ answeredAt = Infinity }) => answeredAt >= at)),
  ];
}

/** From when to when. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Milliseconds that something may be on its way; undefined: any number. `span`: where that matters. */
export function slackOf(plan: Plan, span?: Span): number | undefined {
  const { weather, faults } = plan;
  const stands = faults.some(({ kind }) => /stall|cut|freeze/.test(kind));
  if (stands || weather.latency > 0.5) return undefined;
  const { latency, capacity } = weather;
  // what was given out stands behind what was before, and a cable takes no more than it has room for at a time
  const ahead = 10 * latency * AHEAD_BYTES / capacity;
  return STEP_MS + 100 * latency + ahead + jumpsOf(plan, span);
}

/** Milliseconds by which clocks that jump may shorten what is waited for: each by one tick's most. */
export function jumpsOf(plan: Plan, { from, to }: Span = ALWAYS): number {
  if (goesRight(plan)) return 0;
  const { faults, length } = plan;
  // and once for what would not be due for hours, whoever published that
  const last = to > length ? 1 : 0;
  const jumps = faults.filter(({ kind, at }) =>
    kind === "jump the clock" && at >= from - STEP_MS && at <= to
  );
  return 1000 * (last + jumps.length);
}

const ALWAYS: Span = { from: -Infinity, to: Infinity };
