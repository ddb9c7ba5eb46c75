/**
 * Judges what members of groups were given: of topics in memory each message goes to one of them, once, and is
 * missing only where there is a reason (G1 to G5).
 *
 * @module
 */
import { LAST_WORDS_MS } from "../../lib/limits.ts";
import { matches } from "../../lib/topics/topic.ts";
import { type History, isDurable, type MemberRecord, nameOf, type Sent, type SharedGot } from "./history.ts";
import type { Plan } from "./plan.ts";
import type { States } from "./states.ts";

/** Bytes that a connection may hold when it is lost, beside what the network does: one write. */
const WRITE_MOST = 128 * 1024;
/** Milliseconds behind a loss in which a broker does not know of it. */
const UNKNOWN_MS = 5_000;

/** A group, and who was in it. */
interface Grouped {
  readonly group: string;
  readonly pattern: string;
  readonly keyed: boolean;
  readonly members: readonly MemberRecord[];
}

/** What is wrong. `states` is told what is seen of how groups come by it. */
export function judgeGroups(
  history: History,
  { plan, states, dropped }: {
    readonly plan: Plan;
    readonly states: States;
    /** Messages that the only broker there was has left out; undefined: there were several. */
    readonly dropped: number | undefined;
  },
): string[] {
  const wrong: string[] = [];
  for (const { name, got, joins } of history.members) {
    for (const { group, topic, text } of got) {
      if (joins.some(({ plan }) => plan.group === group && matches(plan.pattern, topic))) continue;
      wrong.push(`${name}: ${text.slice(0, 12)} of ${topic} came for ${group}, which it is in no group of`);
    }
  }
  for (const grouped of groupsOf(history)) {
    wrong.push(
      ...once(grouped, history),
      ...ordered(grouped, { history, states }),
      ...complete(grouped, { history, plan, dropped }),
    );
  }
  return wrong;
}

function groupsOf({ members }: History): Grouped[] {
  const groups = new Map<string, Omit<Grouped, "members"> & { readonly members: Set<MemberRecord> }>();
  for (const member of members) {
    for (const { plan: { group, pattern, by }, okAt, refused } of member.joins) {
      // who closed before the answer came may have been one to the broker
      if (okAt === undefined && refused?.startsWith("RefusedError") === true) continue;
      const key = `${group} ${pattern}`;
      const grouped = groups.get(key) ?? { group, pattern, keyed: by === "key", members: new Set() };
      grouped.members.add(member);
      groups.set(key, grouped);
    }
  }
  return [...groups.values()].map((grouped) => ({ ...grouped, members: [...grouped.members] }));
}

/** What one of a group's members got as that. */
function gotOf({ group, pattern }: Grouped, { got, joins }: MemberRecord): SharedGot[] {
  const isOne = joins.some(({ plan, okAt, refused }) =>
    plan.group === group && plan.pattern === pattern && (okAt !== undefined || refused === undefined)
  );
  if (!isOne) return [];
  return got.filter((item) => item.group === group && matches(pattern, item.topic));
}

/** One member gets it, once, but for what its publisher sent again (G4). */
function once(grouped: Grouped, history: History): string[] {
  const wrong: string[] = [];
  const holders = new Map<string, string[]>();
  for (const member of grouped.members) {
    for (const { text, topic } of gotOf(grouped, member)) {
      const sent = history.find(text);
      if (sent === undefined || sent.topic !== topic || isDurable(topic)) continue;
      const known = holders.get(text);
      if (known === undefined) holders.set(text, [member.name]);
      else known.push(member.name);
    }
  }
  for (const [text, names] of holders) {
    const sent = history.find(text)!;
    if (names.length > 1 + timesResent(sent, history)) {
      wrong.push(`${nameOf(sent)} of group ${grouped.group} came to ${names.join(" and ")}`);
    }
  }
  return wrong;
}

/** A member gets each topic's messages as they were sent, but for those that another had not been sent (G3, G4). */
function ordered(
  grouped: Grouped,
  { history, states }: { readonly history: History; readonly states: States },
): string[] {
  const wrong: string[] = [];
  for (const member of grouped.members) {
    const last = new Map<string, Sent>();
    for (const { at, text, topic } of gotOf(grouped, member)) {
      const sent = history.find(text);
      if (sent === undefined || isDurable(topic)) continue;
      // those of one key may wait while others go on
      if (grouped.keyed && !isKeyKnown(sent, history)) continue;
      const stream = `${sent.publisher} ${topic} ${grouped.keyed ? sent.key : ""}`;
      const before = last.get(stream);
      if (before !== undefined && before.number > sent.number) {
        const others = grouped.members.filter((other) => other !== member);
        if (
          isDraining(member, { at, history }) ||
          others.some((other) => hadEnd(other, { before: at, history }))
        ) {
          states.reached("what a member had not been sent goes to another");
        } else if (timesResent(sent, history) === 0) {
          wrong.push(
            `${member.name}: ${nameOf(sent)} came behind ${before.number} in group ${grouped.group}`,
          );
        }
      }
      last.set(stream, sent);
    }
  }
  return wrong;
}

/** Who speaks either protocol may have sent it without what travels with it. */
function isKeyKnown({ publisher }: Sent, { publishers }: History): boolean {
  return publishers.some(({ name, protocol }) => name === publisher && protocol !== "auto");
}

/** Whether its broker may have been ending connections, one after the other, when it got something. */
function isDraining(
  { losses }: MemberRecord,
  { at, history }: { readonly at: number; readonly history: History },
): boolean {
  return history.drains.some(({ from }) =>
    from <= at && !losses.some((loss) => loss.at >= from && loss.at < at)
  );
}

/** Whether something of it may have been given to others by then. */
function hadEnd(
  { name, losses, joins, over }: MemberRecord,
  { before, history }: { readonly before: number; readonly history: History },
): boolean {
  // what it had not been sent goes to others when the broker begins to say goodbye
  const givenUp = (history.stalled.get(name) ?? Infinity) - LAST_WORDS_MS;
  // its broker may know of a cut cable before it does
  const closed = history.closed.get(name) ?? Infinity;
  return over !== undefined || Math.min(givenUp, closed) <= before || losses.some(({ at }) => at <= before) ||
    joins.some(({ endedAt }) => endedAt !== undefined && endedAt <= before);
}

/** As long as there is a member all that is acknowledged comes to one, or went down with one, or was left out. */
function complete(
  grouped: Grouped,
  { history, plan, dropped }: {
    readonly history: History;
    readonly plan: Plan;
    readonly dropped: number | undefined;
  },
): string[] {
  const stays = stayOf(grouped, history);
  if (stays === undefined) return [];
  const blocks = plan.slowConsumer === "block";
  if (!blocks && dropped === undefined) return [];
  const came = new Set<string>();
  for (const member of grouped.members) for (const { text } of gotOf(grouped, member)) came.add(text);
  const missing = [...history.byText.values()].filter((sent) =>
    !isDurable(sent.topic) && matches(grouped.pattern, sent.topic) && sent.at > stays &&
    sent.ackedAt !== undefined && sent.ttl === undefined && !came.has(sent.text)
  );
  const losses = grouped.members.flatMap(({ losses }) => losses);
  const late = plan.stallTimeout + UNKNOWN_MS;
  const unexplained = missing.filter((sent) => !losses.some(({ at }) => sent.at <= at + late));
  const [first] = unexplained;
  const { group, pattern } = grouped;
  if (first !== undefined && unexplained.length > (dropped ?? 0)) {
    return [
      `${unexplained.length} for ${pattern} of group ${group} came to no member, ${nameOf(first)} first`,
    ];
  }
  // what had begun to be written is lost with a connection, and no more than fits into it
  if (losses.some(({ how }) => how !== "lost") || !blocks) return [];
  const bytes = missing.reduce((sum, { text }) => sum + text.length, 0);
  const most = losses.length * (2 * plan.weather.capacity + WRITE_MOST);
  if (bytes <= most) return [];
  return [`${bytes} bytes for ${pattern} of group ${group} are lost with ${losses.length} connections`];
}

/** Since when one has been a member that nothing happened to. */
function stayOf({ group, pattern, members }: Grouped, { over: end }: History): number | undefined {
  const since = members.flatMap(({ joins, losses, over }) =>
    over !== undefined || losses.length > 0
      ? []
      : joins.flatMap(({ plan, okAt, refused, endedAt }) =>
        plan.group === group && plan.pattern === pattern && okAt !== undefined && refused === undefined &&
          (endedAt === undefined || endedAt >= end)
          ? [okAt]
          : []
      )
  );
  return since.length === 0 ? undefined : Math.min(...since);
}

/** How often its publisher may have sent it again. */
function timesResent({ publisher, at, answeredAt = Infinity }: Sent, { publishers }: History): number {
  const record = publishers.find(({ name }) => name === publisher);
  if (record === undefined) return 0;
  const { lostAt, protocol } = record;
  if (protocol === "auto") return lostAt.length > 0 ? Infinity : 0;
  return lostAt.filter((lost) => lost >= at && lost <= answeredAt).length;
}
