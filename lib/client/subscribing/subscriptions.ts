/**
 * What a subscriber is subscribed to, from connection to connection.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { matches } from "../../topics/topic.ts";
import { encodeField } from "../../wire/fields.ts";
import type { Notice, StoredDelivery } from "../links/delivery.ts";
import type { Link } from "../links/link.ts";
import { namesOf, needsV2, refused } from "../links/refusals.ts";
import type { Request } from "../links/request.ts";
import { QueuedNotice } from "./queued_notice.ts";
import { Replay, type ReplayFields } from "./replay.ts";

/** How a pattern is subscribed to. */
export interface SubscriptionTerms {
  readonly slow: string | undefined;
  /** What of it is to be replayed. */
  readonly replay: ReplayFields | undefined;
}

/** A subscription as acknowledged. */
interface Entry {
  readonly slow: string | undefined;
  readonly replay: Replay | undefined;
}

/** Who wants the messages of a topic. */
interface TopicInterest {
  readonly replays: readonly Replay[];
  /** Nobody else does. */
  readonly alone: boolean;
}

/** Topics for which it is remembered who wants them. */
const TOPICS_MOST = 10_000;
/** Longer ones are not remembered: a broker may make up as many as it likes. */
const TOPIC_KEPT_MOST = 1024;

/**
 * Guarantees: as those of a {@link Replay}, over all subscriptions; those without `from` begin anew with each
 * connection.
 */
export class Subscriptions {
  readonly patterns = new Set<string>();
  readonly #entries = new Map<string, Entry>();
  readonly #caughtUp = new Map<string, Promise<void>>();
  readonly #interests = new Map<string, TopicInterest>();
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
  has(pattern: string, { slow, replay }: SubscriptionTerms): boolean {
    const entry = this.#entries.get(pattern);
    return entry !== undefined && replay === undefined && entry.slow === slow;
  }

  /** The request for a subscription, which takes it in when it is acknowledged. */
  request(pattern: string, { slow, replay: asked }: SubscriptionTerms): Request {
    const from = asked === undefined ? "" : encodeField("from", asked.from);
    const to = asked?.to === undefined ? "" : encodeField("to", asked.to);
    return {
      verb: "sub",
      pattern,
      fields: `${from}${to}${slowField(slow)}`,
      accepted: (from, last) => {
        const replay = asked === undefined ? undefined : new Replay(pattern, asked, this.#clock);
        this.#set(pattern, { slow, replay });
        if (from !== undefined) this.#onTrimmed(pattern, from);
        if (last !== undefined) this.#onAhead(pattern, last);
      },
    };
  }

  /** The request to end one. */
  endRequest(pattern: string): Request {
    return { verb: "unsub", pattern, fields: "", accepted: () => this.#delete(pattern, "unsubscribed") };
  }

  /**
   * Settles when what was stored of a subscription has been given out; at once where nothing was asked for.
   */
  caughtUp(pattern: string): Promise<void> {
    return this.#caughtUp.get(pattern) ?? Promise.resolve();
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

  /** What a notice comes to; undefined: nothing that has not been told. */
  notice(notice: Notice): QueuedNotice | undefined {
    const { kind, pattern } = notice;
    const replay = this.#entries.get(pattern)?.replay;
    if (replay === undefined) return undefined;
    if (kind !== "live") this.#delete(pattern);
    else if (!replay.becameLive()) return undefined;
    return new QueuedNotice(notice, replay.caughtUp);
  }

  /**
   * Subscribes to everything again; false when the link ended meanwhile. What has nothing more to come is
   * told to `over`. On trial, what needs v2 is left out: it follows on the v2 link, or {@link decided} ends
   * it.
   */
  async restore(link: Link, over: (queued: QueuedNotice) => void): Promise<boolean> {
    const answers: Promise<boolean>[] = [];
    for (const [pattern, { slow, replay }] of [...this.#entries]) {
      const fields = replay === undefined ? "" : replay.resume();
      if (fields === undefined) {
        const queued = this.notice({ kind: "end", pattern, reason: "" });
        if (queued !== undefined) over(queued);
        continue;
      }
      if (link.onTrial && `${fields}${slowField(slow)}` !== "") continue;
      answers.push(this.#ask(link, pattern, `${fields}${slowField(slow)}`));
      if (answers.length < link.ahead) continue;
      if (!(await allTrue(answers))) return false;
      answers.length = 0;
    }
    return await allTrue(answers);
  }

  /**
   * A link on trial turned out to be classic. Throws RunError to give up where something was left out there.
   */
  decided(link: Link): void {
    for (const [pattern, { slow, replay }] of this.#entries) {
      if (slow === undefined && replay === undefined) continue;
      const fields = `${replay === undefined ? "" : " from="}${slowField(slow)}`;
      throw giveUp(link, `cannot subscribe to ${quote(pattern)} again: ${needsV2(namesOf(fields)).message}`);
    }
  }

  /** Nothing more comes. */
  end(error: Error): void {
    for (const { replay } of this.#entries.values()) replay?.caughtUp.reject(error);
  }

  async #ask(link: Link, pattern: string, fields: string): Promise<boolean> {
    const what = `subscribe to ${quote(pattern)} again`;
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

  #set(pattern: string, entry: Entry): void {
    this.#delete(pattern, "subscribed to anew");
    this.#entries.set(pattern, entry);
    this.patterns.add(pattern);
    const { replay } = entry;
    if (replay === undefined) return;
    const { promise } = replay.caughtUp;
    promise.catch(() => {}); // who wants to know awaits it
    this.#caughtUp.set(pattern, promise);
  }

  /** `why`: nobody waits for it to catch up any more. */
  #delete(pattern: string, why?: string): void {
    const entry = this.#entries.get(pattern);
    if (why !== undefined) {
      entry?.replay?.caughtUp.reject(new RunError(`${quote(pattern)} was ${why} before all of it had come`));
      this.#caughtUp.delete(pattern);
    }
    this.#entries.delete(pattern);
    this.patterns.delete(pattern);
    this.#interests.clear();
  }

  #interestIn(topic: string): TopicInterest {
    const entries = [...this.#entries].filter(([pattern]) => matches(pattern, topic));
    const replays = entries.flatMap(([, { replay }]) => replay ?? []);
    const interest = { replays, alone: entries.length === 1 };
    if (topic.length > TOPIC_KEPT_MOST) return interest;
    if (this.#interests.size >= TOPICS_MOST) this.#interests.clear();
    this.#interests.set(topic, interest);
    return interest;
  }
}

function slowField(slow: string | undefined): string {
  return slow === undefined ? "" : encodeField("slow", slow);
}

function giveUp(link: Link, why: string): RunError {
  link.close();
  return new RunError(why);
}

async function allTrue(answers: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(answers)).every((answer) => answer);
}
