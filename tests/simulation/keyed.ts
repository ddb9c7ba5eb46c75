/**
 * Judges groups by keys (G12, G13): of a key one member at a time holds messages, they come in the order of the
 * commits, what was given back before what has not been given out, and a key goes to another member only where
 * members have come or gone.
 *
 * @module
 */
import { matches } from "../../lib/topics/topic.ts";
import { type Delivery, type History, isDurable, type MemberRecord, type Sent } from "./history.ts";
import type { Plan } from "./plan.ts";
import { byTime, epochOf, nameOf, type Queue, saidOf, show, slackOf } from "./queue.ts";
import type { States } from "./states.ts";

/** Milliseconds behind a loss in which a broker may not know of it. */
const UNKNOWN_MS = 5_000;

interface Judged {
  readonly history: History;
  readonly plan: Plan;
  readonly states: States;
}

/** A message as it came to a member. */
interface Keyed {
  readonly delivery: Delivery;
  /** Undefined: it is not stored any more. */
  readonly sent: Sent | undefined;
  /** It had not come before, since the broker began. */
  readonly isFirst: boolean;
  /** Its member has acknowledged it, though it may have meant a time before. */
  readonly settled: boolean;
  /** When it was not its member's any more, at the latest that may be. */
  readonly over: number;
  /** When it came again; Infinity: it did not. */
  readonly again: number;
}

/** What one member is given behind another. */
interface Moved {
  readonly what: string;
  /** When the earlier one was sent, and the later one came. */
  readonly from: number;
  readonly to: number;
}

/** Who came or went, and when that may have been. */
interface Change {
  readonly from: number;
  readonly to: number;
}

/** What is wrong. */
export function judgeKeys(queues: readonly Queue[], judged: Judged): string[] {
  const late = slackOf(judged.plan);
  // where something stands for any time on its way nothing is known of who holds what
  if (late === undefined) return [];
  const texts = new Map(judged.history.stored.map((found) => [nameOf(found), found.text]));
  return [
    ...queues.filter(({ keyed }) => keyed).flatMap((queue) => {
      const changes = changesOf(queue, late);
      return [...keysOf(queue, { ...judged, texts, late })].flatMap(([, each]) => [
        ...(queue.explicit
          ? [...exclusive(each), ...inTurn(each), ...backFirst(each, { ...judged, late })]
          : []),
        ...ordered(each),
        ...stays(movesOf(each), { changes, states: judged.states }),
      ]);
    }),
    ...groupsOf(judged.history).flatMap((group) =>
      stays(unstoredMoves(group, judged.history), { changes: changesOf(group, late), states: judged.states })
    ),
  ];
}

/** By broker and key, as they came. */
function keysOf(
  { given }: Queue,
  { history, plan, states, texts, late }: Judged & {
    readonly texts: ReadonlyMap<string, string>;
    readonly late: number;
  },
): Map<string, Keyed[]> {
  const keys = new Map<string, Keyed[]>();
  for (const [name, deliveries] of given) {
    const text = texts.get(name);
    const sent = text === undefined ? undefined : history.find(text);
    for (const [at, delivery] of deliveries.entries()) {
      const { key } = delivery;
      // it may have come to somebody else before
      if (key === undefined || delivery.line.slow === true) continue;
      states.reached("a message goes by its key");
      const epoch = epochOf(delivery, history);
      const isOf = (other: Delivery): boolean => epochOf(other, history) === epoch;
      const again = deliveries.slice(at + 1).find(isOf)?.at ?? Infinity;
      const keyed = {
        delivery,
        sent,
        isFirst: delivery.attempt === 1 && !deliveries.slice(0, at).some(isOf),
        settled: saidOf(delivery, deliveries).some(({ verb, answer }) => verb === "ack" && answer === "ok"),
        over: Math.min(again, overOf(delivery, { deliveries, plan, history, late })),
        again,
      };
      const name = `${epoch} ${key}`;
      const known = keys.get(name);
      if (known === undefined) keys.set(name, [keyed]);
      else known.push(keyed);
    }
  }
  for (const each of keys.values()) each.sort((one, other) => byTime(one.delivery, other.delivery));
  return keys;
}

/** When it was settled, given back, or lost at the earliest: it was by then at the latest what others may get. */
function overOf(
  delivery: Delivery,
  { deliveries, plan, history, late }: {
    readonly deliveries: readonly Delivery[];
    readonly plan: Plan;
    readonly history: History;
    readonly late: number;
  },
): number {
  const { line, at, group, topic } = delivery;
  const said = saidOf(delivery, deliveries);
  // it was not, when that was said
  if (said.some(({ answer }) => answer === "NOT_HELD")) return at;
  const ended = line.endedAt !== undefined && line.endedAt < history.over ? line.endedAt - late : Infinity;
  const left = line.left.filter((each) => each.group === group && matches(each.pattern, topic));
  const extended = said.filter(({ verb }) => verb === "extend").map(({ at }) => at);
  return Math.min(
    ended,
    ...left.map(({ at }) => at),
    ...said.filter(({ verb }) => verb !== "extend").map(({ at }) => at),
    Math.max(at, ...extended) + plan.ackTimeout - late,
  );
}

/** While a member holds one of a key nobody else is given one. */
function exclusive(all: readonly Keyed[]): string[] {
  let held: Keyed[] = [];
  for (const keyed of all) {
    const { delivery } = keyed;
    held = held.filter(({ over }) => over > delivery.at);
    const other = held.find((other) => other.delivery.line !== delivery.line);
    if (other !== undefined) {
      return [
        `of one key, ${delivery.key}, two have messages: ${show(other.delivery)}, and ${show(delivery)}`,
      ];
    }
    held.push(keyed);
  }
  return [];
}

/** One connection is given those of a key for the first time in the order in which they are stored. */
function ordered(all: readonly Keyed[]): string[] {
  const last = new Map<unknown, Keyed>();
  for (const keyed of all) {
    const { delivery, isFirst } = keyed;
    if (!isFirst) continue;
    const before = last.get(delivery.line);
    if (before !== undefined && isBefore(delivery, before.delivery)) {
      return [`of one key, ${delivery.key}, ${show(delivery)} came behind ${show(before.delivery)}`];
    }
    last.set(delivery.line, keyed);
  }
  return [];
}

/** Nobody is given one of a key while one that comes before it is not settled, and is somebody else's. */
function inTurn(all: readonly Keyed[]): string[] {
  const firsts = all.filter(({ isFirst }) => isFirst);
  for (const { delivery, sent } of firsts) {
    // by a clock that jumped it had outlived its time for a while
    if (sent === undefined || sent.ttl !== undefined) continue;
    const acked = delivery.said.find(({ verb, answer }) => verb === "ack" && answer === "ok");
    if (acked === undefined) continue;
    const passing = firsts.find(({ delivery: other }) =>
      other.line !== delivery.line && other.at < acked.at && isBefore(delivery, other)
    );
    if (passing !== undefined) {
      return [`of one key, ${delivery.key}, ${show(passing.delivery)} passed ${show(delivery)}`];
    }
  }
  return [];
}

/** Of one commit only each topic's messages have an order. */
function isBefore(one: Delivery, other: Delivery): boolean {
  return one.topic === other.topic ? one.seq < other.seq : one.stored < other.stored;
}

/** What was given back comes again before what is stored behind it and has not been given out. */
function backFirst(
  all: readonly Keyed[],
  { plan, states, late }: { readonly plan: Plan; readonly states: States; readonly late: number },
): string[] {
  const wrong: string[] = [];
  for (const { delivery, sent, again, settled } of all) {
    if (settled) continue;
    const nack = delivery.said.find(({ verb, answer }) => verb === "nack" && answer === "ok");
    // it may have died, or outlived its time, instead
    if (nack === undefined || sent === undefined || sent.ttl !== undefined) continue;
    if (!nack.unused && delivery.attempt >= plan.maxAttempts) continue;
    const next = all.find((other) =>
      other.isFirst && isBefore(delivery, other.delivery) &&
      other.delivery.at > nack.answeredAt! + late
    );
    if (next === undefined) continue;
    if (next.delivery.at >= again) {
      states.reached("a message waits for one of its key that was given back");
      continue;
    }
    wrong.push(`of one key, ${show(next.delivery)} came before what was given back, ${show(delivery)}`);
  }
  return wrong.slice(0, 1);
}

/** Where somebody else is given what is next of a topic and a key. */
function movesOf(all: readonly Keyed[]): Moved[] {
  const moves: Moved[] = [];
  const last = new Map<string, Keyed>();
  const firsts = all.filter(({ isFirst, sent }) => isFirst && sent !== undefined);
  for (const keyed of firsts.toSorted((one, other) => one.delivery.seq - other.delivery.seq)) {
    const { delivery } = keyed;
    const before = last.get(delivery.topic);
    if (before !== undefined && before.delivery.line !== delivery.line) {
      const what = `of one key, ${delivery.key}, ${show(before.delivery)}, then ${show(delivery)}`;
      moves.push({ what, from: before.sent!.at, to: delivery.at });
    }
    last.set(delivery.topic, keyed);
  }
  return moves;
}

/** A key goes on being its member's, but where somebody came or went. */
function stays(
  moves: readonly Moved[],
  { changes, states }: { readonly changes: readonly Change[]; readonly states: States },
): string[] {
  for (const { what, from, to } of moves) {
    if (!changes.some((change) => change.from <= to && change.to >= from)) {
      return [`nobody came or went: ${what}`];
    }
    states.reached("a key goes to another member");
  }
  return [];
}

/** Who of a group came or went. */
function changesOf(
  { group, pattern, members }: Pick<Queue, "group" | "pattern" | "members">,
  late: number,
): Change[] {
  const isIts = (each: { readonly group: string | undefined; readonly pattern: string }): boolean =>
    each.group === group && each.pattern === pattern;
  return members.flatMap(({ lines }) =>
    lines.flatMap(({ entered, left, endedAt }) => [
      ...[...entered, ...left].filter(isIts).map(({ at, answeredAt = Infinity }) => ({
        from: at,
        to: answeredAt,
      })),
      ...(endedAt === undefined ? [] : [{ from: endedAt - late, to: endedAt + UNKNOWN_MS }]),
    ])
  );
}

/** Groups by keys, of topics in memory. */
function groupsOf({ members }: History): Pick<Queue, "group" | "pattern" | "members">[] {
  const groups = new Map<string, { group: string; pattern: string; members: MemberRecord[] }>();
  for (const member of members) {
    for (const { plan: { group, pattern, by } } of member.joins) {
      if (by === undefined) continue;
      const name = `${group} ${pattern}`;
      const known = groups.get(name);
      if (known === undefined) groups.set(name, { group, pattern, members: [member] });
      else known.members.push(member);
    }
  }
  return [...groups.values()];
}

/** As {@link movesOf}, of what is not stored: by who sent it, for of those there is an order. */
function unstoredMoves(
  { group, pattern, members }: Pick<Queue, "group" | "pattern" | "members">,
  history: History,
): Moved[] {
  const lost = new Set(history.publishers.flatMap(({ name, lostAt }) => lostAt.length > 0 ? [name] : []));
  const got = members.flatMap(({ name, got, joins }) => {
    const isIn = joins.some(({ plan, okAt }) =>
      plan.group === group && plan.pattern === pattern && okAt !== undefined
    );
    return isIn ? got.filter((item) => item.group === group).map((item) => ({ ...item, name })) : [];
  }).flatMap(({ text, topic, ...item }) => {
    const sent = history.find(text);
    const isJudged = sent?.key !== undefined && !lost.has(sent.publisher) && !isDurable(topic) &&
      matches(pattern, topic);
    return isJudged ? [{ ...item, sent: sent! }] : [];
  });
  const moves: Moved[] = [];
  const last = new Map<string, typeof got[number]>();
  for (const item of got.toSorted((one, other) => one.sent.number - other.sent.number)) {
    const { sent: { publisher, topic, key, number }, name } = item;
    const stream = `${publisher} ${topic} ${key}`;
    const before = last.get(stream);
    if (before !== undefined && before.name !== name) {
      const what = `${publisher}.${before.sent.number} of key ${key} to ${before.name}, ${number} to ${name}`;
      moves.push({ what, from: before.sent.at, to: item.at });
    }
    last.set(stream, item);
  }
  return moves;
}
