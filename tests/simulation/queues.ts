/**
 * Judges what became of the stored messages of groups: each is settled once or dead, nobody is given what
 * somebody else may still hold, and whatever is given out again has its reason (FAULTS, oracles 4 and 5; G6 to
 * G11). It goes by what members' connections carried, see `tap.ts`.
 *
 * @module
 */
import { matches } from "../../lib/topics/topic.ts";
import {
  type Delivery,
  type Found,
  type History,
  isDurable,
  type MemberRecord,
  type Said,
  type Sent,
} from "./history.ts";
import { isRetained, mayRefuse, type Plan } from "./plan.ts";
import { judgeKeys } from "./keyed.ts";
import {
  ackOf,
  byTime,
  epochOf,
  isThere,
  jumpsOf,
  nameOf,
  type Queue,
  queuesOf,
  saidOf,
  show,
  slackOf,
  stayOf,
  STEP_MS,
} from "./queue.ts";
import type { States } from "./states.ts";

/** Milliseconds in which what a broker knows of attempts, and of what was written, is on disk. */
const STORED_MS = 5_000;

interface Judged {
  readonly history: History;
  readonly plan: Plan;
  readonly states: States;
}

/** What is wrong. */
export function judgeQueues(judged: Judged): string[] {
  const { history, plan, states } = judged;
  const queues = queuesOf(history);
  const wrong: string[] = [];
  for (const queue of queues) {
    for (const deliveries of queue.given.values()) {
      for (const delivery of deliveries) {
        if (delivery.attempt > plan.maxAttempts) {
          wrong.push(`${show(delivery)} came, ${plan.maxAttempts} are allowed`);
        }
        for (const said of delivery.said) note(said, states);
      }
      wrong.push(...(queue.explicit ? settledOnce(deliveries, judged) : givenOnce(deliveries, judged)));
      if (queue.explicit) wrong.push(...explained(deliveries, queue, judged));
    }
    wrong.push(...bounded(queue, plan), ...ordered(queue, history), ...complete(queue, judged));
  }
  return [...wrong, ...died(queues, judged), ...judgeKeys(queues, judged)];
}

function note({ verb, answer, delay }: Said, states: States): void {
  if (answer === "NOT_HELD") states.reached("a message is not held any more");
  if (answer !== "ok") return;
  if (verb === "ack") states.reached("a message is acknowledged");
  else if (verb === "extend") states.reached("the time of a message is extended");
  else states.reached(delay > 0 ? "a message is given back for later" : "a message is given back");
}

/** What was acknowledged, and that was answered, is not given out again, nor acknowledged once more (4). */
function settledOnce(deliveries: readonly Delivery[], { history, plan }: Judged): string[] {
  const settled = deliveries.filter((delivery) => ackOf(delivery) !== undefined);
  const [first, second] = settled;
  if (first === undefined) return [];
  if (second !== undefined) return [`acknowledged twice: ${show(first)}, and ${show(second)}`];
  const epoch = epochOf(first, history);
  const { answeredAt = Infinity } = ackOf(first)!;
  // what is acknowledged is whichever its connection had come to by then
  const attempt = Math.max(
    ...deliveries.flatMap(({ line, at, attempt }) =>
      line === first.line && at <= answeredAt ? [attempt] : []
    ),
  );
  // or one more, behind this one's time, that was on its way to it and never came
  const cameBack = ({ at, attempt, line }: Delivery): boolean => {
    const late = slackOf(plan, { from: at, to: answeredAt });
    return attempt < plan.maxAttempts && line !== first.line &&
      (late === undefined || answeredAt >= at + plan.ackTimeout - late) &&
      !deliveries.some((other) => other.attempt > attempt && epochOf(other, history) === epoch);
  };
  const again = deliveries.find((delivery) => {
    const other = epochOf(delivery, history);
    return other > epoch || (other === epoch && delivery.attempt > attempt && !cameBack(delivery));
  });
  return again === undefined ? [] : [`given out again though it was acknowledged: ${show(again)}`];
}

/** What is settled when it is written is given once, but where a crash comes right behind it. */
function givenOnce(deliveries: readonly Delivery[], { history, plan }: Judged): string[] {
  const wrong: string[] = [];
  for (const [at, delivery] of deliveries.entries()) {
    const before = deliveries[at - 1];
    if (before === undefined) continue;
    const epoch = epochOf(before, history);
    const end = history.starts[epoch];
    const forgets = isTroubled(plan) || (end !== undefined && before.at > end - STORED_MS);
    if (epochOf(delivery, history) === epoch || !forgets) {
      wrong.push(`given out twice: ${show(before)}, and ${show(delivery)}`);
    }
  }
  return wrong;
}

/** Whether a disk may take long to know something. */
function isTroubled({ disk, faults }: Plan): boolean {
  return disk.losses + disk.refusals > 0 || disk.commit > 20 ||
    faults.some(({ kind }) => /disk|freeze/.test(kind));
}

/** One member at a time has it, and it goes to another one, or comes again, for a reason (5). */
function explained(deliveries: readonly Delivery[], queue: Queue, judged: Judged): string[] {
  const { history, plan, states } = judged;
  const wrong: string[] = [];
  for (const delivery of deliveries) {
    if (delivery.attempt === 1) continue;
    const epoch = epochOf(delivery, history);
    const same = deliveries.filter((other) => epochOf(other, history) === epoch);
    const before = same.find(({ attempt }) => attempt === delivery.attempt - 1);
    // it was lost on its way, or that was before a crash
    if (before === undefined) continue;
    const reason = reasonOf(before, delivery, { ...judged, said: saidOf(before, deliveries) });
    if (reason === undefined) {
      wrong.push(`given out again for no reason: ${show(before)}, and ${show(delivery)}`);
    } else if (reason === "lost") {
      states.reached("a message is given out again behind a lost connection");
    } else if (reason === "timeout") {
      states.reached("a message outlives its lease");
    } else if (
      slackOf(plan) !== undefined &&
      delivery.at < reason.at + reason.delay - STEP_MS - jumpsOf(plan, { from: reason.at, to: delivery.at })
    ) {
      // what waits for later is not known any more when the last member has left
      if (
        !lapsedFirst(before, { delivery, said: reason, plan }) &&
        isThere(queue, { from: reason.at, to: delivery.at })
      ) {
        wrong.push(`given back for ${reason.delay} ms and given out before: ${show(delivery)}`);
      }
    }
  }
  for (const [at, one] of deliveries.entries()) {
    const epoch = epochOf(one, history);
    for (const other of deliveries.slice(at + 1)) {
      const later = epochOf(other, history);
      if (later === epoch && one.attempt === other.attempt) {
        if (isUnused(one, deliveries) || isUnused(other, deliveries)) continue;
        wrong.push(`given out twice: ${show(one)}, and ${show(other)}`);
      } else if (later > epoch) {
        states.reached("a message is given out again behind a crash");
        const nack = one.said.find(({ verb, answer, unused }) =>
          verb === "nack" && answer === "ok" && !unused
        );
        const end = history.starts[epoch];
        if (nack === undefined || end === undefined || isTroubled(plan)) continue;
        if (nack.answeredAt! < end - STORED_MS && other.attempt <= one.attempt) {
          wrong.push(`given out no more often than before a crash: ${show(one)}, and ${show(other)}`);
        }
      }
    }
  }
  return wrong;
}

/** It went back as if it had not been given out. */
function isUnused(delivery: Delivery, deliveries: readonly Delivery[]): boolean {
  return saidOf(delivery, deliveries).some(({ unused, answer }) => unused && answer !== "NOT_HELD");
}

/** Why a message is not its first holder's any more. */
function reasonOf(
  before: Delivery,
  delivery: Delivery,
  { history, plan, said }: Judged & { readonly said: readonly Said[] },
): Said | "lost" | "timeout" | undefined {
  const { line, group, topic } = before;
  const late = slackOf(plan, { from: before.at, to: delivery.at });
  const { endedAt } = line;
  const isLost = endedAt !== undefined && endedAt <= delivery.at + (late ?? Infinity) &&
    endedAt < history.over;
  const nack = said.find(({ verb, at }) => verb === "nack" && at <= delivery.at);
  // what has no answer may have been lost with its connection
  if (nack !== undefined && nack.answer !== "NOT_HELD" && !(nack.answer === undefined && isLost)) return nack;
  if (isLost) return "lost";
  const isLeft = line.left.some((each) =>
    each.group === group && each.at <= delivery.at && matches(each.pattern, topic)
  );
  if (isLeft) return "lost";
  // what was answered behind that, or with it, may have been of the next attempt
  const extended = said.flatMap(({ verb, at, answer, answeredAt = Infinity }) =>
    verb === "extend" && answer === "ok" && answeredAt < delivery.at ? [at] : []
  );
  const began = Math.max(before.at, ...extended);
  if (late === undefined || line.slow === true || delivery.at - began >= plan.ackTimeout - late) {
    return "timeout";
  }
  return undefined;
}

/**
 * Whether the time of a message may have been over before what was said of it came to the broker: then that
 * was of the next attempt, which was on its way to the same connection.
 */
function lapsedFirst(
  before: Delivery,
  { delivery, said, plan }: { readonly delivery: Delivery; readonly said: Said; readonly plan: Plan },
): boolean {
  const late = slackOf(plan, { from: before.at, to: delivery.at });
  return delivery.line === before.line && (said.answeredAt ?? Infinity) >= delivery.at &&
    (late === undefined || delivery.at - before.at >= plan.ackTimeout - late);
}

/** Nobody holds more than its window (G7). */
function bounded({ members, group, pattern, explicit }: Queue, plan: Plan): string[] {
  const { ackTimeout } = plan;
  const late = slackOf(plan);
  // what comes late may have outlived its time
  if (!explicit || late === undefined) return [];
  const shortest = Math.min(ackTimeout / 2, ackTimeout - late);
  const wrong: string[] = [];
  for (const { joins, lines, name } of members) {
    const join = joins.find(({ plan }) => plan.group === group && plan.pattern === pattern);
    if (join === undefined) continue;
    const window = Math.max(join.plan.window, join.plan.later?.window ?? 0);
    for (const { given, slow } of lines) {
      if (slow === true) continue;
      let held: Pick<Delivery, "at" | "said">[] = [];
      const earlier = new Map<string, Delivery[]>();
      for (const delivery of given) {
        if (delivery.group !== group || !matches(pattern, delivery.topic)) continue;
        const { at: now } = delivery;
        held = held.filter(({ at, said }) =>
          now - at < shortest && !said.some(({ verb, at }) => verb !== "extend" && at <= now)
        );
        const known = earlier.get(nameOf(delivery)) ?? [];
        held.push({ at: now, said: saidOf(delivery, known) });
        earlier.set(nameOf(delivery), [...known, delivery]);
        if (held.length <= window) continue;
        wrong.push(`${name} holds ${held.length} of group ${group} with a window of ${window}`);
        break;
      }
    }
  }
  return wrong;
}

/** Each topic's messages come in the order of their numbers the first time, where nobody gave any back (G6). */
function ordered({ members, given, keyed }: Queue, { starts }: History): string[] {
  if (starts.length > 1 || members.some(({ losses, joins }) => losses.length > 0 || joins.some(hasLeft))) {
    return [];
  }
  const last = new Map<string, Delivery>();
  const firsts = [...given.values()].flatMap((each) => each.filter(({ attempt }) => attempt === 1)).sort(
    byTime,
  );
  for (const delivery of firsts) {
    // those of one key may wait while others go on
    const stream = `${delivery.line.member} ${delivery.topic} ${keyed ? delivery.key : ""}`;
    const before = last.get(stream);
    if (before !== undefined && before.seq > delivery.seq) {
      return [`came behind ${before.seq}: ${show(delivery)}`];
    }
    last.set(stream, delivery);
  }
  return [];
}

function hasLeft({ endedAt, okAt = 0 }: MemberRecord["joins"][number]): boolean {
  return endedAt !== undefined && endedAt > okAt;
}

/** In the end all of it is settled, or dead. */
function complete(queue: Queue, { history, plan }: Judged): string[] {
  const { group, pattern, explicit, whole, since, given, members } = queue;
  if (stayOf(queue, history) === undefined || !plan.durable) return [];
  const dead = new Set(
    history.dead.filter((each) => each.group === group).map(({ of, ofSeq }) => `${of} ${ofSeq}`),
  );
  const losses = members.flatMap(({ losses }) => losses);
  // what was deleted has to be settled, too, but for what was deleted before there was the group
  const retained = isRetained(plan);
  // and who died on its way to somebody is not seen
  if (mayTrimDead(plan) && (history.starts.length > 1 || losses.length > 0)) return [];
  const all = retained ? [...history.byText.values()].flatMap(foundOf) : history.stored;
  const left = all.filter((stored) => {
    const { topic, seq, text } = stored;
    const sent = history.find(text);
    if (
      !matches(pattern, topic) || sent === undefined || sent.ttl !== undefined || sent.repeats !== undefined
    ) {
      return false;
    }
    if ((!whole || retained) && sent.at <= since) return false;
    const deliveries = given.get(`${topic} ${seq}`) ?? [];
    // a dead letter may have been deleted since
    if (mayTrimDead(plan) && deliveries.some(({ attempt }) => attempt === plan.maxAttempts)) return false;
    if (explicit) return !dead.has(`${topic} ${seq}`) && !deliveries.some(mayBeSettled);
    const excused = losses.some(({ at }) => sent.at <= at + plan.stallTimeout + STORED_MS) ||
      history.starts.some((start) => start > sent.at);
    return deliveries.length === 0 && !excused;
  });
  const [first] = left;
  if (first === undefined) return [];
  return [`${left.length} of ${pattern} were never settled by group ${group}, ${nameOf(first)} first`];
}

/** Whether retention takes dead letters, too. */
function mayTrimDead({ retain: { age, bytes } }: Plan): boolean {
  return age !== undefined || bytes !== undefined;
}

/** Where it was stored, as its publisher was told. */
function foundOf({ topic, seq, text }: Sent): Found[] {
  return seq === undefined || !isDurable(topic) ? [] : [{ topic, seq, text }];
}

/** It is, or whoever had it does not know. */
function mayBeSettled({ said }: Delivery): boolean {
  return said.some(({ verb, answer }) => verb === "ack" && (answer === "ok" || answer === undefined));
}

/** Whether a connection was of a group and left it. */
function leftIt(
  { left }: Delivery["line"],
  { group, before }: { readonly group: string; readonly before: number },
): boolean {
  return left.some((each) => each.group === group && each.at < before);
}

/** Dead letters are what was given out as often as may be, each once, and was not acknowledged (G11). */
function died(queues: readonly Queue[], { history, plan, states }: Judged): string[] {
  const wrong: string[] = [];
  const counts = new Map<string, number>();
  for (const { group, of, ofSeq, attempts, reason, text } of history.dead) {
    states.reached("a message dies");
    const name = `${of} ${ofSeq} of group ${group}`;
    const owners = queues.filter((queue) =>
      queue.explicit && queue.group === group && matches(queue.pattern, of)
    );
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (count > owners.length) wrong.push(`died ${count} times: ${name}`);
    if (attempts !== plan.maxAttempts) wrong.push(`died after ${attempts} attempts: ${name}`);
    const sent = history.find(text);
    if (sent === undefined ? !isStrange(text) : sent.topic !== of) wrong.push(`is not what died: ${name}`);
    const [owner, ...others] = owners;
    if (owner === undefined || others.length > 0) continue;
    const deliveries = owner.given.get(`${of} ${ofSeq}`) ?? [];
    if (deliveries.some((delivery) => ackOf(delivery) !== undefined)) {
      wrong.push(`died and was acknowledged: ${name}`);
    }
    const nacked = deliveries.some(({ said }) => said.some(({ verb }) => verb === "nack"));
    if (reason === "nack" && !nacked) wrong.push(`died of a nack that nobody said: ${name}`);
    // in a world without crashes and losses each time it was given out was seen, but by who left and had not
    // been sent it: its time was over in the outbox
    const quiet = history.starts.length === 1 && owner.members.every(({ losses }) => losses.length === 0) &&
      !(reason === "timeout" &&
        owner.members.some(({ lines }) =>
          lines.some((line) => leftIt(line, { group, before: history.over }))
        ));
    if (quiet && deliveries.length < attempts && !isTroubled(plan) && !mayRefuse(plan)) {
      wrong.push(`died after ${attempts} attempts, was seen ${deliveries.length} times: ${name}`);
    }
  }
  return wrong;
}

/** What others publish than those whose messages are known. */
function isStrange(text: string): boolean {
  return !/^(p\d+|c\d+-\d+)\./.test(text);
}
