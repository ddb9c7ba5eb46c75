/**
 * Who of a connection gets what several of its subscriptions want (C5, V8).
 *
 * @module
 */
import type { Run } from "../wire/run.ts";
import type { Gate, Subscriber } from "./types.ts";

/** Some of the messages of a run, by their place in it: from `from` to before `end`. */
export interface Part {
  readonly from: number;
  readonly end: number;
}

/** Who wants some of what is published to a topic, and only what is stored. */
export interface PartialSubscriber extends Subscriber {
  readonly partial: true;
  /** What of a run it wants, and whether it has that already. */
  wanted(run: Run): { readonly part: Part; readonly has: boolean };
  /** Gives it messages that it wants. */
  take(run: Run): void;
  /** A run was published, whoever got it. */
  passed(run: Run): void;
}

/**
 * Of all that match a topic, the subscriber for each connection. `durable`: whether the topic is stored; in
 * one that is not nothing is for those that want only what is.
 */
export function onePerConnection(found: ReadonlySet<Subscriber>, durable: boolean): readonly Subscriber[] {
  const chosen = new Map<object, Subscriber | Subscriber[]>();
  for (const subscriber of found) {
    const { connection } = subscriber;
    const partial = isPartial(subscriber);
    if (durable ? subscriber.unstored === true : partial) continue;
    const other = chosen.get(connection);
    if (other === undefined) chosen.set(connection, subscriber);
    else if (Array.isArray(other)) other.push(subscriber);
    else if (partial || isPartial(other)) chosen.set(connection, [other, subscriber]);
    else if (other.rank < subscriber.rank) chosen.set(connection, subscriber);
  }
  return [...chosen.values()].map((each) => Array.isArray(each) ? new Choice(each) : each);
}

function isPartial(subscriber: Subscriber): subscriber is PartialSubscriber {
  return "partial" in subscriber;
}

/**
 * Several subscribers of one connection, of which some want only a part: each message goes to the one with
 * the highest rank of those that want it, and to nobody where one of them has it already.
 */
class Choice implements Subscriber {
  readonly connection: object;
  readonly rank: number;
  readonly leavesOut = false;
  readonly #subscribers: readonly Subscriber[];

  constructor(subscribers: readonly Subscriber[]) {
    // of those that rank alike, who wants only a part comes first
    this.#subscribers = [...subscribers].sort((one, other) =>
      other.rank - one.rank || Number(isPartial(other)) - Number(isPartial(one))
    );
    this.connection = this.#subscribers[0]!.connection;
    this.rank = this.#subscribers[0]!.rank;
  }

  get full(): boolean {
    return this.#fullOne !== undefined;
  }

  whenNotFull(callback: () => void): void {
    const full = this.#fullOne;
    if (full === undefined) callback();
    else full.whenNotFull(callback);
  }

  deliver(run: Run): void {
    let left: readonly Part[] = [{ from: 0, end: run.count }];
    for (const subscriber of this.#subscribers) {
      if (!isPartial(subscriber)) continue;
      const { part, has } = subscriber.wanted(run);
      if (has) left = without(left, part);
    }
    for (const subscriber of this.#subscribers) {
      if (left.length === 0) break;
      if (!isPartial(subscriber)) {
        give(run, left, (part) => subscriber.deliver(part));
        left = [];
      } else {
        const { part } = subscriber.wanted(run);
        give(run, left.flatMap((one) => common(one, part)), (part) => subscriber.take(part));
        left = without(left, part);
      }
    }
    for (const subscriber of this.#subscribers) if (isPartial(subscriber)) subscriber.passed(run);
  }

  get #fullOne(): Gate | undefined {
    return this.#subscribers.find(({ full }) => full);
  }
}

function give(run: Run, parts: readonly Part[], to: (part: Run) => void): void {
  for (const { from, end } of parts) {
    const part = run.part(from, end - from);
    to(part);
    if (part !== run) part.release();
  }
}

function common(one: Part, other: Part): Part[] {
  const from = Math.max(one.from, other.from);
  const end = Math.min(one.end, other.end);
  return from < end ? [{ from, end }] : [];
}

function without(parts: readonly Part[], { from, end }: Part): Part[] {
  if (from >= end) return [...parts];
  return parts.flatMap((part) => [
    ...common(part, { from: part.from, end: from }),
    ...common(part, { from: end, end: part.end }),
  ]);
}
