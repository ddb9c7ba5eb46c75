/**
 * What a subscriber is subscribed to, from connection to connection.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { RunError } from "../../errors.ts";
import { matches } from "../../topics/topic.ts";
import { encodeField } from "../../wire/fields.ts";
import { ByTopic } from "../by_topic.ts";
import { neverUnhandled } from "../promises.ts";
import type { Notice, StoredDelivery } from "../links/delivery.ts";
import type { Link } from "../links/link.ts";
import { namesOf, needsV2, refused } from "../links/refusals.ts";
import type { Request } from "../links/request.ts";
import { QueuedNotice } from "./queued_notice.ts";
import { Replay, type ReplayFields } from "./replay.ts";
import { aged } from "./position_fields.ts";
import { nameOf, shown, type SubscriptionName } from "./subscription_name.ts";
import { SubscriptionNames } from "./subscription_names.ts";

/** How a pattern is subscribed to. */
export interface SubscriptionTerms {
  readonly slow: string | undefined;
  /** What of it is to be replayed. */
  readonly replay: ReplayFields | undefined;
  /** Messages that may wait for a member of a group, or be held by it. */
  readonly window: number | undefined;
  /** Who says when stored messages of a group are done with: the broker, which writes them, or a member. */
  readonly ack: "auto" | "explicit" | undefined;
  /** What keeps messages of a group with one member at a time. */
  readonly by: "key" | undefined;
  /** Where a group begins in what is stored, if it is new. */
  readonly groupFrom: string | undefined;
}

/** A subscription as acknowledged. */
interface Entry extends Omit<SubscriptionTerms, "replay"> {
  readonly name: SubscriptionName;
  readonly replay: Replay | undefined;
  /** When it was asked for, by the clock. */
  readonly since: number;
}

/** Who wants the messages of a topic. */
interface TopicInterest {
  readonly replays: readonly Replay[];
  /** Nobody else does. */
  readonly alone: boolean;
}

/**
 * Guarantees: as those of a {@link Replay}, over all subscriptions; those without `from` begin anew with each
 * connection.
 */
export class Subscriptions {
  readonly names = new SubscriptionNames();
  /** What has been asked for and is not acknowledged, or was when nobody wanted it: its messages may come. */
  readonly #others = new Set<SubscriptionName>();
  /** The latter, by key. */
  readonly #unwanted = new Map<string, SubscriptionName>();
  readonly #entries = new Map<string, Entry>();
  readonly #caughtUp = new Map<string, Promise<void>>();
  readonly #interests = new ByTopic<TopicInterest>();
  readonly #clock: Clock;
  readonly #onTrimmed: (pattern: string, from: number) => void;
  readonly #onAhead: (pattern: string, last: number) => void;

  /**
   * `onTrimmed` is told where a subscription begins later than it should, for what it asked for is gone;
   * `onAhead` where what it asked for lies beyond what comes next, and what the last is that there is.
   */
  constructor(
    clock: Clock,
    onTrimmed: (pattern: string, from: number) => void,
    onAhead: (pattern: string, last: number) => void,
  ) {
    this.#clock = clock;
    this.#onTrimmed = onTrimmed;
    this.#onAhead = onAhead;
  }

  /** Whether it is subscribed like that already. Who asks for a replay wants it now, whatever came before. */
  has({ key }: SubscriptionName, { slow, replay, window, ack, by }: SubscriptionTerms): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && replay === undefined && entry.slow === slow && entry.window === window &&
      (entry.ack ?? "auto") === (ack ?? "auto") && entry.by === by;
  }

  /** The request for a subscription, which takes it in when it is acknowledged. */
  request(name: SubscriptionName, terms: SubscriptionTerms): Request {
    const { pattern } = name;
    const { replay: asked, ...rest } = terms;
    const entry = { ...rest, name, since: this.#clock.now() };
    const from = asked === undefined ? "" : encodeField("from", asked.from);
    const to = asked?.to === undefined ? "" : encodeField("to", asked.to);
    const other = { ...name };
    return {
      verb: "sub",
      pattern,
      fields: `${from}${to}${this.#ownFields(entry)}`,
      leaves: () => this.#addOther(other),
      over: () => this.#deleteOther(other),
      accepted: (from, last) => {
        this.#deleteOther(other);
        // one that was begun goes on where it is, on other terms (V8)
        const replay = asked === undefined
          ? this.#entries.get(name.key)?.replay
          : new Replay(pattern, asked, this.#clock);
        this.#set({ ...entry, replay });
        if (from !== undefined) this.#onTrimmed(pattern, from);
        if (last !== undefined) this.#onAhead(pattern, last);
      },
    };
  }

  /** One was acknowledged that nobody wants any more: it is to be ended. */
  refuse(name: SubscriptionName): void {
    const other = { ...name };
    this.#deleteOther(this.#unwanted.get(name.key));
    this.#unwanted.set(name.key, other);
    this.#addOther(other);
  }

  /** The request to end one. */
  endRequest(name: SubscriptionName): Request {
    return {
      verb: "unsub",
      pattern: name.pattern,
      fields: groupField(name),
      accepted: () => {
        this.#deleteOther(this.#unwanted.get(name.key));
        this.#unwanted.delete(name.key);
        this.#delete(name, "unsubscribed");
      },
    };
  }

  /**
   * Settles when what was stored of a subscription has been given out; at once where nothing was asked for.
   */
  caughtUp({ key }: SubscriptionName): Promise<void> {
    return this.#caughtUp.get(key) ?? Promise.resolve();
  }

  /** Whether a message that came is to be given out; false: it has been. */
  take(message: StoredDelivery): boolean {
    const { replays, alone } = this.#interests.get(message.topic) ?? this.#interestIn(message.topic);
    if (replays.length === 0) return true;
    if (replays.every((replay) => replay.hasSeen(message))) return false;
    const sure = alone || replays.every((replay) => replay.live);
    for (const replay of replays) replay.note(message, sure);
    return true;
  }

  /** A replay that was live reads again. */
  fellBehind(pattern: string): void {
    this.#entries.get(nameOf(pattern, undefined).key)?.replay?.fellBehind();
  }

  /** What a notice comes to; undefined: nothing that has not been told. */
  notice(notice: Notice): QueuedNotice | undefined {
    const { kind, pattern, group } = notice;
    const entry = this.#entries.get(nameOf(pattern, group).key);
    if (entry === undefined) return undefined;
    if (group !== undefined || (kind === "ended" && entry.replay === undefined)) {
      return this.#cutShort(entry, notice);
    }
    if (entry.replay === undefined) return undefined;
    const { name, replay } = entry;
    if (kind !== "live") this.#delete(name);
    else if (!replay.becameLive()) return undefined;
    return new QueuedNotice(notice, replay.caughtUp);
  }

  /**
   * Subscribes to everything again; false when the link ended meanwhile. What has nothing more to come is
   * told to `over`. What needs v2 was granted over v2, and who has spoken that has no link on trial any more.
   */
  async restore(link: Link, over: (queued: QueuedNotice) => void): Promise<boolean> {
    const answers: Promise<boolean>[] = [];
    for (const other of this.#unwanted.values()) this.#deleteOther(other);
    this.#unwanted.clear();
    // all of them before anything comes: what does says nothing of those that are asked for later
    const asked = [...this.#entries.values()].map((entry) => ({
      entry,
      rest: entry.replay === undefined ? "" : entry.replay.resume(),
    }));
    for (const { entry, rest } of asked) {
      const { name } = entry;
      if (rest === undefined) {
        const queued = this.notice({ kind: "end", pattern: name.pattern, group: undefined, reason: "" });
        if (queued !== undefined) over(queued);
        continue;
      }
      const fields = `${rest}${this.#ownFields(entry)}`;
      answers.push(this.#ask(link, name, fields));
      if (answers.length < link.ahead) continue;
      if (!(await allTrue(answers))) return false;
      answers.length = 0;
    }
    return await allTrue(answers);
  }

  /** Nothing more comes. */
  end(error: Error): void {
    for (const { replay } of this.#entries.values()) replay?.caughtUp.reject(error);
  }

  /** Nothing more comes of what had no end: a group, or a subscription to what is live. */
  #cutShort({ name }: Entry, notice: Notice): QueuedNotice {
    this.#delete(name);
    const caughtUp = Promise.withResolvers<void>();
    neverUnhandled(caughtUp.promise);
    return new QueuedNotice(notice, caughtUp);
  }

  /** What stands behind where it begins: ` group=workers window=10`. */
  #ownFields({ name, slow, window, ack, by, groupFrom, since }: Omit<Entry, "replay">): string {
    const fields = { slow, window, ack, by };
    let text = groupField(name);
    for (const [key, value] of Object.entries(fields)) {
      if (value !== undefined) text += encodeField(key, `${value}`);
    }
    if (groupFrom === undefined) return text;
    return text + encodeField("from", aged(groupFrom, this.#clock.now() - since, "from"));
  }

  async #ask(link: Link, name: SubscriptionName, fields: string): Promise<boolean> {
    const { pattern } = name;
    const what = `subscribe to ${shown(name)} again`;
    if (link.protocol === "classic" && fields !== "") {
      throw giveUp(link, `cannot ${what}: ${needsV2(namesOf(fields)).message}`);
    }
    const accepted = (from: number | undefined): void => {
      if (from !== undefined) this.#onTrimmed(pattern, from);
    };
    const reply = await link.ask({ verb: "sub", pattern, fields, accepted });
    if (reply === undefined || reply === "ok") return reply === "ok";
    const refusal = refused(reply, what);
    if (refusal.code !== "BUSY") throw giveUp(link, refusal.message);
    link.close(refusal.message); // what was given once is asked for until it is given again
    return false;
  }

  #set(entry: Entry): void {
    const { name, replay } = entry;
    const { key } = name;
    const goesOn = replay !== undefined && this.#entries.get(key)?.replay === replay;
    this.#delete(name, goesOn ? undefined : "subscribed to anew");
    this.#entries.set(key, entry);
    this.names.add(name);
    if (replay === undefined) return;
    const { promise } = replay.caughtUp;
    promise.catch(() => {}); // who wants to know awaits it
    this.#caughtUp.set(key, promise);
  }

  /** `why`: nobody waits for it to catch up any more. */
  #delete(name: SubscriptionName, why?: string): void {
    const { key } = name;
    const entry = this.#entries.get(key);
    if (why !== undefined) {
      entry?.replay?.caughtUp.reject(new RunError(`${shown(name)} was ${why} before all of it had come`));
      this.#caughtUp.delete(key);
    }
    this.#entries.delete(key);
    this.names.delete(name);
    this.#interests.clear();
  }

  #addOther(other: SubscriptionName): void {
    this.#others.add(other);
    this.#interests.clear();
  }

  #deleteOther(other: SubscriptionName | undefined): void {
    if (other !== undefined && this.#others.delete(other)) this.#interests.clear();
  }

  #interestIn(topic: string): TopicInterest {
    const entries = [...this.#entries.values()].filter(({ name: { pattern, group } }) =>
      group === undefined && matches(pattern, topic)
    );
    const replays = entries.flatMap(({ replay }) => replay ?? []);
    // what is asked of one that there is changes nothing of whose messages come
    const others = this.#others.values().some(({ pattern, group, key }) =>
      group === undefined && matches(pattern, topic) && !this.#entries.has(key)
    );
    const interest = { replays, alone: entries.length === 1 && !others };
    this.#interests.set(topic, interest);
    return interest;
  }
}

/** A group's name is written as it is, like a topic (G1). */
function groupField({ group }: SubscriptionName): string {
  return group === undefined ? "" : ` group=${group}`;
}

function giveUp(link: Link, why: string): RunError {
  link.close();
  return new RunError(why);
}

async function allTrue(answers: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(answers)).every((answer) => answer);
}
