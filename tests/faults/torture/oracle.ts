/**
 * Judges a history: for each connection received + counted in gaps = published, in order, once, unaltered, and
 * each gap in its place.
 *
 * What is not known is not held against anybody: a message that was not acknowledged may be there or not; one
 * that was sent while a subscription began or ended may have reached it or not; what waited for a connection
 * that has ended may not have come. In between there is no excuse.
 *
 * A connection is judged as a whole, since a message that several of its subscriptions want comes once, and
 * which of them brings it is not said (C5, V8). So a hole (messages that should have come between two of a
 * stream that did) has to be covered by gaps of those patterns that take its topic in, told between these two;
 * and a gap by the holes it may have been told for.
 *
 * @module
 */
import { Covers, type JudgeOptions } from "./covers.ts";
import { Findings, nameOf } from "./findings.ts";
import { replays } from "./replays.ts";
import {
  type Connection,
  type Happened,
  type History,
  matches,
  type Message,
  type Stream,
} from "./history.ts";

export type { JudgeOptions };

/** Messages of a stream that did not come, behind event `after` and before event `before`. */
interface Hole {
  readonly stream: Stream;
  readonly after: number;
  readonly before: number;
  /** So many should have come, so many more could. */
  readonly must: number;
  readonly may: number;
  readonly first: Message;
}

/** What is wrong with what a connection got, a sentence each. `settled`: all that was on its way has come. */
export function judgeConnection(
  connection: Connection,
  history: History,
  options: JudgeOptions = {},
): string[] {
  const wrong = new Findings(connection.name);
  const covers = new Covers(connection, options);
  const got = walk(connection, covers, wrong);
  const holes = holesOf(history, { connection, covers, got, options });
  if (connection.v2) weigh(connection, { holes, covers, wrong });
  else if (options.classicLoses !== true) {
    for (const { must, first } of holes) {
      if (must > 0) {
        wrong.add("lost", `${must} of ${nameOf(first)} on, which a classic client cannot be told of`);
      }
    }
  }
  newest(history, { connection, covers, got, options, wrong });
  replays(history, { connection, got, options, wrong });
  return wrong.told;
}

/** Goes through what came: where each message came, unasked, twice, out of order. */
function walk(connection: Connection, covers: Covers, wrong: Findings): Map<Message, number> {
  const got = new Map<Message, number>();
  const last = new Map<Stream, Message>();
  connection.happened.forEach((event, at) => {
    if (event.is === "altered") return wrong.add("altered", event.what);
    if (event.is === "failed") return wrong.add("failed", event.pattern);
    if (event.is === "subscribed" && event.subscription.from !== undefined) {
      for (const stream of last.keys()) {
        if (matches(event.subscription.pattern, stream.topic)) last.delete(stream);
      }
    }
    if (event.is !== "got") return;
    const { message } = event;
    if (message.refused !== undefined) {
      wrong.add("refused and delivered", `${nameOf(message)}: ${message.refused}`);
    }
    if (!covers.may(message)) wrong.add("unasked", nameOf(message));
    if (event.seq !== undefined) {
      message.seq ??= event.seq;
      if (message.seq !== event.seq) {
        wrong.add("renumbered", `${nameOf(message)}: ${message.seq}, ${event.seq}`);
      }
    }
    const before = got.get(message);
    if (
      before !== undefined && !askedAgain(connection.happened, message, before, at) && !covers.twice(message)
    ) {
      wrong.add("doubled", nameOf(message));
    }
    got.set(message, at);
    const previous = last.get(message.stream);
    if (previous !== undefined && previous.index > message.index && !covers.beside(message.topic)) {
      wrong.add("out of order", `${nameOf(message)} behind ${previous.number}`);
    }
    last.set(message.stream, message);
  });
  return got;
}

/** A replay that was answered between the two brings a message once more. */
function askedAgain(happened: readonly Happened[], message: Message, first: number, second: number): boolean {
  for (let at = first + 1; at < second; at++) {
    const event = happened[at];
    if (event?.is === "subscribed" && event.subscription.from !== undefined) {
      if (matches(event.subscription.pattern, message.topic)) return true;
    }
  }
  return false;
}

function holesOf(history: History, { connection, covers, got, options }: {
  readonly connection: Connection;
  readonly covers: Covers;
  readonly got: ReadonlyMap<Message, number>;
  readonly options: JudgeOptions;
}): Hole[] {
  const holes: Hole[] = [];
  const settled = connection.closedAt === undefined;
  for (const stream of history.streams.values()) {
    if (covers.of(stream.topic).length === 0) continue;
    const mixed = covers.mixed(stream.topic);
    let after = -1;
    let missing: Message[] = [];
    const close = (before: number, at: number): void => {
      let must = 0;
      for (const message of missing) {
        if ((settled || before !== Infinity) && covers.must(message, at)) must++;
      }
      const [first] = missing;
      if (first !== undefined) {
        const where = mixed ? { after: -1, before: Infinity } : { after, before };
        holes.push({ stream, ...where, must, may: missing.length - must, first });
      }
      missing = [];
    };
    for (const message of stream.messages) {
      const at = got.get(message);
      if (at === undefined) {
        if (covers.may(message) || (options.retained === true && message.refused === undefined)) {
          missing.push(message);
        }
        continue;
      }
      close(at, connection.happened[at]?.at ?? 0);
      after = at;
    }
    close(Infinity, Infinity);
  }
  return holes;
}

type Gap = Extract<Happened, { is: "gap" }>;

/** Each hole has its gaps and each gap its holes, and all together as well. */
function weigh(connection: Connection, { holes, covers, wrong }: {
  readonly holes: readonly Hole[];
  readonly covers: Covers;
  readonly wrong: Findings;
}): void {
  const gaps: { readonly gap: Gap; readonly at: number }[] = [];
  connection.happened.forEach((gap, at) => {
    if (gap.is === "gap") gaps.push({ gap, at });
  });
  let must = 0;
  let may = 0;
  for (const hole of holes) {
    must += hole.must;
    may += hole.must + hole.may;
    let left = hole.must;
    for (let at = 0; at < gaps.length && left > 0; at++) {
      if (explains(gaps[at]!, hole)) left -= gaps[at]!.gap.count;
    }
    if (left > 0) {
      wrong.add(
        "lost",
        `${hole.must} of ${nameOf(hole.first)} on, ${left} of them in no gap${when(connection, hole)}`,
      );
    }
  }
  let counted = 0;
  for (const each of gaps) {
    counted += each.gap.count;
    // what one subscription counts as left out a replay beside it may bring
    if (covers.mixes(each.gap.pattern)) {
      may += each.gap.count;
      continue;
    }
    let left = each.gap.count;
    for (let at = 0; at < holes.length && left > 0; at++) {
      if (explains(each, holes[at]!)) left -= holes[at]!.must + holes[at]!.may;
    }
    if (left > 0) wrong.add("gap too large", `gap ${each.gap.pattern} ${each.gap.count}, ${left} too many`);
  }
  if (counted < must) wrong.add("lost", `${must} messages in all, ${counted} in gaps`);
  if (counted > may) wrong.add("gap too large", `${counted} in gaps in all, ${may} messages did not come`);
}

/** For who looks into it, in milliseconds of this process. */
function when({ happened }: Connection, { first, after, before }: Hole): string {
  const at = (event: Happened | undefined): string => event?.at.toFixed(0) ?? "-";
  const answered = first.ackedAt?.toFixed(0) ?? "-";
  return `; sent ${first.sentAt.toFixed(0)}, answered ${answered}, between ${at(happened[after])} and ${
    at(happened[before])
  }`;
}

function explains({ gap, at }: { readonly gap: Gap; readonly at: number }, hole: Hole): boolean {
  return at > hole.after && at < hole.before && matches(gap.pattern, hole.stream.topic);
}

/** More topics than this may fill an outbox of 1 MiB even when only the newest of each waits: 200 KB at most. */
const FEW_TOPICS = 3;

/**
 * Who leaves out old messages keeps the newest (V7): of each topic with `latest`, of all it takes in with
 * `drop-old`. Of publishers that sent beside each other it may be anybody's.
 */
function newest(history: History, { connection, covers, got, options, wrong }: {
  readonly connection: Connection;
  readonly options: JudgeOptions;
  readonly covers: Covers;
  readonly got: ReadonlyMap<Message, number>;
  readonly wrong: Findings;
}): void {
  if (connection.closedAt !== undefined || !connection.v2) return;
  const lasts = new Map<string, Map<number, Message>>();
  for (const { topic, publisher, messages } of history.streams.values()) {
    const [keeper, another] = covers.of(topic);
    if (keeper === undefined || another !== undefined || keeper.from !== undefined) continue;
    if (keeper.changed !== undefined || options.short === true) continue;
    if (keeper.policy !== "latest" && keeper.policy !== "drop-old") continue;
    const message = messages.findLast(({ refused }) => refused === undefined);
    if (message === undefined) continue;
    const many = keeper.policy === "drop-old" || covers.topics(keeper.pattern) > FEW_TOPICS;
    const key = many ? keeper.pattern : topic;
    const of = lasts.get(key) ?? new Map<number, Message>();
    if ((of.get(publisher)?.number ?? -1) < message.number) of.set(publisher, message);
    lasts.set(key, of);
  }
  for (const of of lasts.values()) {
    const all = [...of.values()];
    const unsure = all.some((message) => !covers.must(message) || message.ttl !== undefined);
    if (!unsure && !all.some((message) => got.has(message))) wrong.add("newest lost", nameOf(all[0]!));
  }
}
