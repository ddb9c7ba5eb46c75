/**
 * Judges what was to come later (D9): not before its time, in the order of the times, and whatever becomes of the
 * broker. That it comes at all, and once, is judged with all that is stored, in `oracles.ts`.
 *
 * @module
 */
import { type History, nameOf, type Sent } from "./history.ts";
import { goesRight, type Plan } from "./plan.ts";
import type { States } from "./states.ts";

/** Milliseconds by which it may come too early: clocks have whole ones. */
const WHOLE_MS = 1;

/** When it is due: at the earliest, and at the latest. */
interface Due {
  readonly from: number;
  readonly to: number;
}

/** What is wrong. */
export function judgeDelays(
  history: History,
  { plan, states }: { readonly plan: Plan; readonly states: States },
): string[] {
  const wrong: string[] = [];
  for (const sent of history.byText.values()) {
    const due = dueOf(sent);
    if (due === undefined) continue;
    const { answeredAt = Infinity } = sent;
    if (sent.seq !== undefined && goesRight(plan) && answeredAt < due.from - WHOLE_MS) {
      wrong.push(`has a number before it is due: ${nameOf(sent)}`);
    }
    if (history.starts.some((start) => start > answeredAt && start < due.from)) {
      states.reached("a message comes later behind a crash");
    }
  }
  if (goesRight(plan)) wrong.push(...early(history));
  return [...wrong, ...turned(history, plan)];
}

/** By the world's clock; undefined: at once. */
function dueOf({ later, at, ackedAt = Infinity }: Sent): Due | undefined {
  if (later === undefined) return undefined;
  if ("at" in later) return { from: later.at, to: later.at };
  return { from: at + later.delay, to: ackedAt + later.delay };
}

/** Nobody is given it before it is due. */
function early({ subscribers, members, ...history }: History): string[] {
  const got = [
    ...subscribers.flatMap(({ name, got }) =>
      got.flatMap((item) => item.is === "message" ? [{ ...item, name }] : [])
    ),
    ...members.flatMap(({ name, got }) => got.map((item) => ({ ...item, name }))),
  ];
  return got.flatMap(({ at, text, name }) => {
    const sent = history.byText.get(text);
    const due = sent && dueOf(sent);
    return due === undefined || at >= due.from - WHOLE_MS
      ? []
      : [`${name} was given before it is due: ${nameOf(sent!)}, at ${at}, due at ${due.from}`];
  });
}

/** Of a topic what is due first was stored first, where both were waiting. */
function turned(history: History, plan: Plan): string[] {
  const before = new Map<string, Sent[]>();
  const wrong: string[] = [];
  for (const { text, topic } of history.stored) {
    const sent = history.byText.get(text);
    if (sent?.later === undefined) continue;
    const others = before.get(topic) ?? [];
    const other = others.find((other) => isFirst(sent, other, plan));
    if (other !== undefined) wrong.push(`stored behind what is due later, ${nameOf(other)}: ${nameOf(sent)}`);
    // what is due when it comes waits for nobody, and of what was not answered that is not known
    if (sent.seq !== undefined || sent.ackedAt === undefined || wasResent(sent, history)) continue;
    others.push(sent);
    before.set(topic, others);
  }
  return wrong;
}

/** Whether its answer may be that of an earlier try. */
function wasResent({ publisher, at, answeredAt = Infinity }: Sent, { publishers }: History): boolean {
  const { lostAt = [], protocol } = publishers.find(({ name }) => name === publisher) ?? {};
  // while it is not known what the broker speaks, connections are tried that are not told of
  if (protocol === "auto") return lostAt.length > 0;
  return lostAt.some((lost) => lost >= at && lost <= answeredAt);
}

/** Whether it was waiting when the other one was, and is due before. */
function isFirst(sent: Sent, other: Sent, plan: Plan): boolean {
  const { ackedAt = Infinity } = sent;
  const { from, to } = dueOf(other)!;
  const due = dueOf(sent)!;
  // both by the same clock, whatever that shows: then the one that was stored first is first of two
  if ("at" in sent.later! && "at" in other.later!) return due.to <= from && ackedAt < other.at;
  return goesRight(plan) && to >= from && due.to < from - WHOLE_MS && ackedAt < from - WHOLE_MS;
}
