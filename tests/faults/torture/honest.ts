/**
 * Those who do as they should, and write down what happens to them.
 *
 * @module
 */
import type { Counters } from "./counters.ts";
import type { Connection, History, Message, Policy, Subscription } from "./history.ts";
import { payloadOf, readPayload } from "./payload.ts";
import { type Answer, Peer } from "./peer.ts";

const encoder = new TextEncoder();

/** Where to connect to, and where to write down. */
export interface World {
  readonly history: History;
  readonly counters: Counters;
  /** The broker may be another after a while. */
  subPort: number;
  pubPort: number;
  /** `--slow-consumer`. */
  readonly policy: Policy;
  /** It was killed once. */
  killed?: true;
  /** There are accounts. */
  readonly accounts?: boolean;
}

/** How to publish a message. */
export interface PublishOptions {
  readonly topic: string;
  readonly bytes: number;
  readonly ttl?: number;
  readonly headers?: boolean;
  readonly id?: boolean;
  readonly key?: string;
  /** Seconds until it is due. */
  readonly later?: number;
}

/** A publisher. Each of its connections is a publisher of its own to the history. */
export class Publisher {
  readonly v2: boolean;
  readonly #world: World;
  #peer: Peer | undefined;
  #number = 0;
  /** What has an id and no answer: is sent again. */
  #unanswered = new Map<Message, Uint8Array>();
  readonly #sentAgain = new Set<Message>();
  #lastSent = 0;
  /** From when to when it waited for each answer. */
  readonly waits: { readonly from: number; readonly to: number }[] = [];

  constructor(world: World, v2: boolean) {
    this.#world = world;
    this.v2 = v2;
  }

  get open(): number {
    return this.#peer?.open ?? 0;
  }

  get connected(): boolean {
    return this.#peer !== undefined && !this.#peer.closed;
  }

  async connect(): Promise<void> {
    this.#peer = await Peer.connect(this.#world.pubPort, { v2: this.v2 });
    this.#number = this.#world.history.publisher();
    const again = [...this.#unanswered];
    for (const [message, frame] of again) {
      this.#world.counters.add("resent");
      this.#sentAgain.add(message);
      this.#send(message, frame);
    }
  }

  /** Sends one, without waiting; `open` says how many have no answer. */
  publish(options: PublishOptions): Message | undefined {
    const { topic, bytes, ttl, headers = false, id = false, key, later } = options;
    if (this.#peer === undefined || this.#peer.closed) return undefined;
    const sent = {
      topic,
      sentAt: performance.now(),
      ...(ttl === undefined || !this.v2 ? {} : { ttl }),
      ...(key === undefined ? {} : { key }),
      ...(later === undefined ? {} : { later }),
    };
    const message = this.#world.history.publish(this.#number, sent);
    const payload = payloadOf(topic, { ...message, bytes });
    const fields = !this.v2 ? "" : [
      ttl === undefined ? "" : ` ttl=${ttl}`,
      headers ? " h.lang=en h.trace=a%20b" : "",
      id ? ` id=k${message.publisher}-${message.number}` : "",
      key === undefined ? "" : ` key=${key}`,
      later === undefined ? "" : ` delay=${later}`,
    ].join("");
    const head = this.v2 ? `pub ${topic} ${payload.length}${fields}\n` : `p pub ${topic} `;
    const frame = joined(encoder.encode(head), payload);
    if (id && this.v2) this.#unanswered.set(message, frame);
    this.#send(message, frame);
    return message;
  }

  /** The wait for the last request where that has no answer yet: what {@link waits} does not show. */
  waiting(): { readonly from: number; readonly to: number }[] {
    return this.open === 0 ? [] : [{ from: this.#lastSent, to: performance.now() }];
  }

  /** Waits until at most so many are unanswered; false when that took too long. */
  async answered(most: number, withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    while (this.open > most && performance.now() < until) await delay(2);
    return this.open <= most;
  }

  /** Leaves, in the middle of a frame where `midframe`. */
  leave(midframe = false): void {
    if (midframe) this.#peer?.send(this.v2 ? "pub #t.half 1000\nno more" : "p pub #t.half no mo");
    this.#peer?.close();
  }

  #send(message: Message, frame: Uint8Array): void {
    this.#lastSent = message.sentAt;
    this.#peer?.request(frame, (answer) => this.#answer(message, answer));
  }

  #answer(message: Message, answer: Answer | undefined): void {
    if (answer === undefined) return;
    this.#unanswered.delete(message);
    this.waits.push({ from: message.sentAt, to: answer.at });
    if (answer.ok) {
      message.ackedAt ??= answer.at;
      if (answer.seq !== undefined) message.seq ??= answer.seq;
      const unnumbered = answer.line.includes("level=synced") && answer.seq === undefined;
      if (unnumbered && message.later === undefined) this.#world.counters.add("known");
      return;
    }
    this.#world.counters.add("refused");
    if (/BUSY/.test(answer.line)) this.#world.counters.add("busy");
    // what is not taken now may have been taken before its connection broke
    if (!this.#sentAgain.has(message)) message.refused = answer.line;
  }
}

/** A subscriber's connection. */
export class Subscriber {
  readonly record: Connection;
  readonly #world: World;
  #peer!: Peer;
  #left = false;
  /** When it last got anything. */
  heardAt = performance.now();

  private constructor(world: World, record: Connection) {
    this.#world = world;
    this.record = record;
  }

  static async connect(world: World, { v2, name }: {
    readonly v2: boolean;
    readonly name: string;
  }): Promise<Subscriber> {
    const subscriber = new Subscriber(world, world.history.connection(name, v2));
    subscriber.#peer = await Peer.connect(world.subPort, {
      v2,
      message: (topic, payload, seq) => subscriber.#message(topic, payload, seq),
      said: (line) => subscriber.#said(line),
      closed: ({ bye, error }) => subscriber.#closed(bye, error),
    });
    return subscriber;
  }

  get connected(): boolean {
    return !this.#peer.closed;
  }

  get received(): number {
    return this.#peer.received;
  }

  /** Subscribes; comes back with the answer. With `from` it takes the place of one of the same pattern (D3). */
  async subscribe(pattern: string, { policy, from, to }: {
    readonly policy?: Policy;
    readonly from?: string;
    readonly to?: string;
  } = {}): Promise<boolean> {
    const subscription: Subscription = {
      pattern,
      policy: policy ?? this.#world.policy,
      sentAt: performance.now(),
      // it reads nothing that is stored
      ...(from === undefined || from === "now" ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
    const before = subscription.from === undefined
      ? undefined
      : this.record.subscriptions.find(isOpen(pattern));
    if (before !== undefined) before.unsubAt = subscription.sentAt;
    this.record.subscriptions.push(subscription);
    const request = this.record.v2
      ? `sub ${pattern}${policy === undefined ? "" : ` slow=${policy}`}${
        from === undefined ? "" : ` from=${from}`
      }` +
        `${to === undefined ? "" : ` to=${to}`}\n`
      : `s sub ${pattern}\n`;
    const answered = Promise.withResolvers<boolean>();
    this.#peer.request(request, (answer) => {
      if (answer?.ok === true) {
        subscription.okAt = answer.at;
        if (before !== undefined) before.goneAt = answer.at;
        this.#happened({ is: "subscribed", subscription, at: answer.at });
        if (answer.line.includes(" last=")) this.#world.counters.add("late");
        if (answer.line.includes(" from=")) this.#world.counters.add("trimmed");
        if (before !== undefined) this.#world.counters.add("again");
      } else if (answer !== undefined) {
        if (before !== undefined) delete before.unsubAt;
        if (/BUSY/.test(answer.line)) this.#world.counters.add("busy");
        this.record.subscriptions.splice(this.record.subscriptions.indexOf(subscription), 1);
        this.#world.counters.add("refused");
      }
      answered.resolve(answer?.ok === true);
    });
    return await answered.promise;
  }

  /** The same pattern with another policy: what it reads goes on (V8). */
  async change(subscription: Subscription, policy: Policy): Promise<void> {
    (subscription.changed ??= []).push(subscription.policy);
    subscription.policy = policy;
    const answer = await this.#peer.ask(`sub ${subscription.pattern} slow=${policy}\n`);
    if (answer?.ok === true) this.#world.counters.add("changed");
  }

  async unsubscribe(subscription: Subscription): Promise<void> {
    subscription.unsubAt = performance.now();
    const { pattern } = subscription;
    const answer = await this.#peer.ask(this.record.v2 ? `unsub ${pattern}\n` : `s unsub ${pattern}\n`);
    if (answer?.ok === true) subscription.goneAt = answer.at;
  }

  /** Waits for an answer: it comes behind all that waited for this connection before. */
  async caughtUp(): Promise<void> {
    await this.#peer.ask(this.record.v2 ? "ping\n" : "s unsub #nothing\n");
  }

  pause(): void {
    this.#peer.pause();
  }

  resume(): void {
    this.#peer.resume();
  }

  leave(midframe = false): void {
    this.#left = true;
    if (midframe) this.#peer.send("sub #t.ha");
    this.#peer.close();
  }

  #message(topic: string, payload: Uint8Array, seq: number | undefined): void {
    const at = this.heardAt = performance.now();
    const who = readPayload(topic, payload);
    const message = who && this.#world.history.publishers[who.publisher]?.[who.number];
    if (message === undefined || message.topic !== topic) {
      return this.#happened({ is: "altered", what: `${payload.length} bytes of ${topic}`, at });
    }
    this.#happened({ is: "got", message, at, ...(seq === undefined ? {} : { seq }) });
  }

  #said(line: string): void {
    const at = this.heardAt = performance.now();
    const [verb, pattern = "", count] = line.split(" ");
    const { counters } = this.#world;
    if (verb === "gap") {
      counters.add("gaps");
      counters.add("gapped", Number(count));
      const of = this.record.subscriptions.filter((each) => each.pattern === pattern);
      if (of.some(({ policy }) => policy === "latest")) counters.add("latest");
      if (of.every(({ from, policy, changed }) => from !== undefined && policy === "block" && !changed)) {
        counters.add("retained");
      }
      return this.#happened({ is: "gap", pattern, count: Number(count), at });
    }
    const info = JSON.parse(line.slice(line.indexOf("{"))) as Record<string, string>;
    for (const is of ["live", "end", "failed"] as const) {
      const of = info[is];
      if (typeof of !== "string") continue;
      if (is === "live") counters.add("live");
      if (is === "end") counters.add("ended");
      this.#happened({ is, pattern: of, at });
    }
  }

  #closed(bye: string | undefined, error: string | undefined): void {
    this.record.closedAt = performance.now();
    if (!this.#left) this.record.cut = bye ?? error ?? "";
  }

  #happened(event: Connection["happened"][number]): void {
    this.record.happened.push(event);
  }
}

/** One of a pattern that was answered and is to go on. */
export function isOpen(pattern: string): (subscription: Subscription) => boolean {
  return (each) => each.pattern === pattern && each.okAt !== undefined && each.unsubAt === undefined;
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function joined(head: Uint8Array, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(head.length + payload.length + 1);
  frame.set(head);
  frame.set(payload, head.length);
  frame[frame.length - 1] = 10;
  return frame;
}
