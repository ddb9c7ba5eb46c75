/**
 * Where what arrives waits: in common, or with the subscription that is being iterated.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { matches } from "../../topics/topic.ts";
import { Gap } from "../gap.ts";
import { Delivery } from "../links/delivery.ts";
import { DeliveryQueue, type Given, type Item } from "./delivery_queue.ts";
import { QueuedNotice } from "./queued_notice.ts";
import type { Stream } from "./stream.ts";

/** Topics for which it is remembered where they go. */
const TOPICS_MOST = 10_000;
/** Longer ones are not remembered: a broker may make up as many as it likes. */
const TOPIC_KEPT_MOST = 1024;

/** What a subscriber's messages are sorted by. */
export interface InboxParts {
  /** What is subscribed to, as acknowledged. */
  readonly patterns: ReadonlySet<string>;
  /** Told of each gap and notice when its reader has had all before it. */
  readonly onReached: (item: Gap | QueuedNotice) => void;
}

/**
 * The common queue, and one for each subscription that is being iterated.
 *
 * - A message is for each iterated subscription that matches its topic, else for the common queue. A gap and
 *   a notice name their pattern and go where that goes.
 * - What is in one queue alone and is given up by its reader goes back to its place in the common one:
 *   nothing is lost, and nothing is given out both there and by a subscription.
 * - What is only for patterns that are being taken back ({@link leave}, {@link refuse}) is dropped: it waits
 *   for nobody.
 * - While nobody iterates over a subscription, an item costs one comparison more than a queue.
 */
export class Inbox {
  readonly common: DeliveryQueue;
  readonly #patterns: ReadonlySet<string>;
  readonly #onReached: (item: Gap | QueuedNotice) => void;
  /** By pattern, of what is subscribed. */
  readonly #streams = new Map<string, Stream>();
  readonly #iterated = new Map<Stream, DeliveryQueue>();
  /** Patterns that are being taken back. */
  readonly #leaving = new Set<string>();
  /** Patterns that were granted when nobody waited for it any more, and that are being taken back. */
  readonly #unwanted = new Set<string>();
  /** The last item of a subscription that has come to its end, while it waits. */
  readonly #last = new Map<Item, Stream>();
  /** Of a message that went to several queues: how many have not given it up. */
  readonly #holders = new WeakMap<Delivery, number>();
  readonly #routes = new Map<string, readonly DeliveryQueue[]>();
  /** Where gaps have their places: they are given out, and theirs is nobody's business. */
  readonly #gapPlaces = new WeakMap<Gap, number>();
  #arrived = 0;
  /** Everything goes to the common queue. */
  #plain = true;
  #stalled: PromiseWithResolvers<void> | undefined;
  #over = false;
  #error: Error | undefined;

  constructor({ patterns, onReached }: InboxParts) {
    this.#patterns = patterns;
    this.#onReached = onReached;
    this.common = new DeliveryQueue("this subscriber", { onReached: (item) => this.#reached(item) });
  }

  add(item: Given): void {
    if (this.#plain) return this.common.add(item);
    this.#setPlace(item);
    if (item instanceof Gap) return this.#addOf(item.pattern, item);
    const queues = this.#routes.get(item.topic) ?? this.#routeOf(item.topic);
    if (queues.length > 1) this.#holders.set(item, queues.length);
    for (const queue of queues) queue.add(item);
  }

  /** A notice that came; behind any but `live` nothing of its subscription follows. */
  addNotice(queued: QueuedNotice): void {
    const { kind, pattern } = queued.notice;
    this.#setPlace(queued);
    const stream = this.#streams.get(pattern);
    if (kind === "live" || stream === undefined) return this.#addOf(pattern, queued);
    this.#last.set(queued, stream);
    stream.state = "ended";
    this.#streams.delete(pattern);
    const queue = this.#iterated.get(stream);
    this.#iterated.delete(stream);
    this.#changed();
    (queue ?? this.common).add(queued);
    if (queue !== undefined) finish(queue, queued);
  }

  /** Undefined, or a promise until which nothing more is to be read. */
  held(): Promise<void> | undefined {
    const held = this.#firstHeld();
    if (held === undefined) return undefined;
    this.#stalled?.resolve();
    this.#stalled = undefined;
    return this.#iterated.size === 0 ? held : this.#room();
  }

  /** Resolves when nothing is read until somebody takes what waits: nothing is answered then. */
  stalled(): Promise<void> {
    if (this.#firstHeld() !== undefined) return Promise.resolve();
    this.#stalled ??= Promise.withResolvers();
    return this.#stalled.promise;
  }

  end(): void {
    this.#over = true;
    for (const queue of [this.common, ...this.#iterated.values()]) queue.end();
  }

  fail(error: Error): void {
    this.#over = true;
    this.#error = error;
    for (const queue of [this.common, ...this.#iterated.values()]) queue.fail(error);
  }

  /** The stream of a pattern that is subscribed to. */
  streamOf(pattern: string): Stream | undefined {
    return this.#streams.get(pattern);
  }

  /** A subscription was acknowledged. */
  opened(pattern: string): Stream {
    this.#unwanted.delete(pattern);
    const stream: Stream = this.#streams.get(pattern) ?? { pattern, state: "live" };
    this.#streams.set(pattern, stream);
    this.#changed();
    return stream;
  }

  /** The end of a subscription was acknowledged. */
  closed(pattern: string): void {
    this.#endIteration(pattern);
    this.#leaving.delete(pattern);
    this.#unwanted.delete(pattern);
    this.#streams.delete(pattern);
    this.#changed();
  }

  /**
   * A pattern is being taken back: what comes of it alone is dropped, until {@link closed} or {@link stays}.
   * Who iterates over it is given what had come.
   */
  leave(pattern: string): void {
    this.#leaving.add(pattern);
    this.#endIteration(pattern);
    this.#changed();
  }

  #endIteration(pattern: string): void {
    const stream = this.#streams.get(pattern);
    if (stream === undefined) return;
    stream.state = "over";
    const queue = this.#iterated.get(stream);
    this.#iterated.delete(stream);
    queue?.end();
  }

  /** As {@link leave}, of what was granted too late and nobody else has: until it is {@link opened}, too. */
  refuse(pattern: string): void {
    this.#unwanted.add(pattern);
    this.#changed();
  }

  /** It could not be taken back. */
  stays(pattern: string): void {
    if (this.#unwanted.delete(pattern)) this.#changed();
    if (!this.#leaving.delete(pattern)) return;
    // who had it was told that it is over: whoever subscribes again has another
    if (this.#streams.delete(pattern)) this.opened(pattern);
    this.#changed();
  }

  isIterated(stream: Stream): boolean {
    return this.#iterated.has(stream);
  }

  /** Drops what waits in common for this subscription alone. */
  drop(stream: Stream): void {
    const waiting = this.#waitingOf(stream, (topic) => !this.#isWanted(topic, stream.pattern));
    if (stream.state === "ended") stream.state = "over";
    this.#forget(waiting, stream.pattern);
  }

  /** A reader of what is for one subscription. Throws TypeError while there is another. */
  iterate(stream: Stream, { gaps }: { readonly gaps: boolean }): AsyncIterator<Given, undefined> {
    stream.queue ??= this.#queueFor(stream);
    return gaps ? stream.queue.gapReader() : stream.queue.reader();
  }

  #queueFor(stream: Stream): DeliveryQueue {
    this.#setPlaces();
    const queue: DeliveryQueue = new DeliveryQueue(`the subscription to ${quote(stream.pattern)}`, {
      onReached: (item) => this.#reached(item),
      onLeft: () => this.#left(stream, queue),
    });
    const waiting = stream.state === "over" ? [] : this.#waitingOf(stream, () => true);
    for (const item of waiting) queue.add(item);
    const last = waiting.at(-1);
    if (stream.state === "ended" && last instanceof QueuedNotice) {
      finish(queue, last);
    } else if (stream.state === "live" && this.#error !== undefined) {
      queue.fail(this.#error);
    } else if (stream.state !== "live" || this.#over) {
      queue.end();
    } else {
      this.#iterated.set(stream, queue);
      this.#changed();
    }
    return queue;
  }

  #left(stream: Stream, queue: DeliveryQueue): void {
    stream.queue = undefined;
    const sorted = this.#iterated.delete(stream);
    const rest = queue.takeOut(() => true);
    if (stream.state === "over") this.#forget(rest, stream.pattern);
    else this.#putBack(rest.filter((item) => this.#giveUp(item)));
    if (sorted) this.#changed();
  }

  #putBack(items: readonly Item[]): void {
    this.#setPlaces();
    const all = [...this.common.takeOut(() => true), ...items];
    for (const item of all.sort((one, other) => this.#placeOf(one) - this.#placeOf(other))) {
      this.common.putBack(item);
    }
  }

  /** Of what came while everything went to the common queue. */
  #setPlaces(): void {
    if (!this.#plain) return;
    this.common.takeOut((item) => {
      this.#setPlace(item);
      return false;
    });
  }

  #setPlace(item: Item): void {
    if (item instanceof Gap) this.#gapPlaces.set(item, this.#arrived++);
    else item.place = this.#arrived++;
  }

  #placeOf(item: Item): number {
    return item instanceof Gap ? this.#gapPlaces.get(item) ?? 0 : item.place;
  }

  /** Takes what waits in common for a subscription, up to its end. */
  #waitingOf(stream: Stream, isFor: (topic: string) => boolean): Item[] {
    let ended = false;
    return this.common.takeOut((item) => {
      if (ended) return false;
      if (item instanceof Delivery) return matches(stream.pattern, item.topic) && isFor(item.topic);
      ended = this.#last.get(item) === stream;
      return (item instanceof Gap ? item : item.notice).pattern === stream.pattern;
    });
  }

  /** What is given out nowhere. */
  #forget(items: readonly Item[], pattern: string): void {
    for (const item of items) {
      this.#giveUp(item);
      if (!(item instanceof QueuedNotice)) continue;
      this.#last.delete(item);
      item.caughtUp.reject(new RunError(`${quote(pattern)} was unsubscribed before all of it had come`));
    }
  }

  /** It was not taken from a queue; whether no other was given it. */
  #giveUp(item: Item): boolean {
    const holders = item instanceof Delivery ? this.#holders.get(item) : undefined;
    if (!(item instanceof Delivery) || holders === undefined || holders === 1) return true;
    this.#holders.set(item, holders - 1);
    return false;
  }

  #addOf(pattern: string, item: Gap | QueuedNotice): void {
    const stream = this.#streams.get(pattern);
    const queue = stream === undefined ? undefined : this.#iterated.get(stream);
    if (queue !== undefined) queue.add(item);
    else if (this.#leaving.has(pattern) || this.#unwanted.has(pattern)) this.#forget([item], pattern);
    else this.common.add(item);
  }

  #routeOf(topic: string): readonly DeliveryQueue[] {
    const queues = [...this.#iterated].flatMap(([{ pattern }, queue]) =>
      matches(pattern, topic) ? [queue] : []
    );
    const route = queues.length > 0 ? queues : this.#isDropped(topic) ? [] : [this.common];
    if (topic.length > TOPIC_KEPT_MOST) return route;
    if (this.#routes.size >= TOPICS_MOST) this.#routes.clear();
    this.#routes.set(topic, route);
    return route;
  }

  #isDropped(topic: string): boolean {
    const givenUp = [...this.#leaving, ...this.#unwanted];
    return givenUp.some((pattern) => matches(pattern, topic)) && !this.#isWanted(topic);
  }

  /** Whether a pattern that stays takes it in; `besides` is not asked. */
  #isWanted(topic: string, besides?: string): boolean {
    for (const pattern of this.#patterns) {
      if (pattern !== besides && !this.#leaving.has(pattern) && matches(pattern, topic)) return true;
    }
    return false;
  }

  #changed(): void {
    this.#routes.clear();
    const plain = this.#iterated.size + this.#leaving.size + this.#unwanted.size === 0;
    if (!plain) this.#setPlaces();
    this.#plain = plain;
  }

  #reached(item: Gap | QueuedNotice): void {
    const stream = this.#last.get(item);
    if (stream !== undefined) stream.state = "over";
    this.#last.delete(item);
    this.#onReached(item);
  }

  #firstHeld(): Promise<void> | undefined {
    const common = this.common.held();
    if (common !== undefined) return common;
    for (const queue of this.#iterated.values()) {
      const held = queue.held();
      if (held !== undefined) return held;
    }
    return undefined;
  }

  async #room(): Promise<void> {
    for (let held = this.#firstHeld(); held !== undefined; held = this.#firstHeld()) await held;
  }
}

/** The last of a subscription has been added to its queue. */
function finish(queue: DeliveryQueue, { notice }: QueuedNotice): void {
  if (notice.kind === "failed") queue.fail(new RunError(failureOf(notice)));
  else queue.end();
}

/** What is stored cannot be read, for a person. */
export function failureOf({ pattern, reason }: QueuedNotice["notice"]): string {
  return `what is stored of ${quote(pattern)} cannot be read: ${reason}`;
}
