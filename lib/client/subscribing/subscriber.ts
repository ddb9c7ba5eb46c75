/**
 * The subscribing client.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import { Connection } from "../connecting/connection.ts";
import { resolveSettings } from "../connecting/settings.ts";
import { Gap } from "../gap.ts";
import type { Delivery } from "../links/delivery.ts";
import type { Request } from "../links/request.ts";
import { type Host, THIS_MACHINE } from "../host.ts";
import { neverUnhandled } from "../promises.ts";
import type {
  ClientEvent,
  ConnectOptions,
  LeasedMessage,
  Message,
  SubscribeOptions,
  Subscriber,
  Subscription,
  UnsubscribeOptions,
} from "../types.ts";
import { checkedPattern, checkOptions, checkUnsubscribeOptions } from "./checked.ts";
import { Holdings } from "./holdings.ts";
import { Inbox } from "./inbox.ts";
import { PatternSubscription } from "./pattern_subscription.ts";
import { encodePosition } from "./position_fields.ts";
import { failureOf, type QueuedNotice } from "./queued_notice.ts";
import type { ReplayFields } from "./replay.ts";
import { type RequestOptions, RequestQueue } from "./request_queue.ts";
import type { Stream } from "./stream.ts";
import { nameOf, shown, type SubscriptionName } from "./subscription_name.ts";
import { Subscriptions, type SubscriptionTerms } from "./subscriptions.ts";

/** How long leaving its groups may take one that is closed. */
const LEAVE_MS = 1_000;

/** Connects to a broker's subscriber port; rejects with RunError: one line, what is wrong and what to do. */
export function connectSubscriber(options: ConnectOptions): Promise<Subscriber> {
  return openSubscriber(options, THIS_MACHINE);
}

/** {@link connectSubscriber} from another machine than this. */
export async function openSubscriber(options: ConnectOptions, machine: Host): Promise<Subscriber> {
  const settings = resolveSettings("subscriber", options, machine);
  const { onEvent } = settings;
  const { clock } = settings.machine;
  const subscriptions = new Subscriptions(
    clock,
    (pattern, from) => onEvent({ type: "trimmed", pattern, from }),
    (pattern, last) => onEvent({ type: "ahead", pattern, last }),
  );
  const inbox = new Inbox({
    names: subscriptions.names,
    onReached: (item) => {
      if (item instanceof Gap) onEvent(gapEvent(item));
      else reached(item, onEvent);
    },
  });
  const requests = new RequestQueue(clock);
  const holdings = new Holdings();
  const connection = await Connection.open(settings, {
    work: requests,
    subscriber: {
      take: (item) => inbox.add(item),
      takeStored: (message) => {
        if (subscriptions.take(message)) inbox.add(message);
      },
      takeShared: (topic, message, settlements) =>
        inbox.addShared(holdings.take(topic, message, settlements)),
      notice: (notice) => {
        const queued = subscriptions.notice(notice);
        if (queued !== undefined) inbox.addNotice(queued);
      },
      fellBehind: (pattern) => subscriptions.fellBehind(pattern),
      held: () => inbox.held(),
      restore: (link) => subscriptions.restore(link, (queued) => inbox.addNotice(queued)),
    },
  });
  connection.closed.then(() => subscriptions.end(new RunError("the subscriber is closed")), (error) => {
    inbox.fail(error);
    subscriptions.end(error);
  });
  return new QueueSubscriber(connection, { inbox, subscriptions, requests, holdings });
}

/** The consumer has had everything before a notice. */
function reached({ notice, caughtUp }: QueuedNotice, onEvent: (event: ClientEvent) => void): void {
  const { kind, pattern, group, reason } = notice;
  if (kind === "failed" || kind === "ended") {
    onEvent({ type: kind, pattern, ...(group === undefined ? {} : { group }), reason });
    caughtUp.reject(failureOf(notice));
  } else {
    onEvent({ type: kind, pattern });
    caughtUp.resolve();
  }
}

function gapEvent({ pattern, group, missed }: Gap): ClientEvent {
  return { type: "gap", pattern, ...(group === undefined ? {} : { group }), missed };
}

/** What is to be replayed. Throws RefusedError for what is no position. */
function replayOf({ from = "now", to, group }: SubscribeOptions): ReplayFields | undefined {
  if (group !== undefined) return undefined;
  if (from !== "now") {
    return {
      from: encodePosition(from, "from"),
      to: to === undefined ? undefined : encodePosition(to, "to"),
    };
  }
  if (to === undefined) return undefined;
  throw new RefusedError("BAD_FIELD", "`to` ends what `from` begins: give both");
}

/** A TypeError is a mistake in the program: it ends one that does not look. */
function rejected(error: unknown): Promise<never> {
  const rejection = Promise.reject(error);
  return error instanceof TypeError ? rejection : neverUnhandled(rejection);
}

class QueueSubscriber implements Subscriber {
  readonly patterns: ReadonlySet<string>;
  readonly #connection: Connection;
  readonly #inbox: Inbox;
  readonly #subscriptions: Subscriptions;
  readonly #requests: RequestQueue;
  readonly #holdings: Holdings;
  #closing: Promise<void> | undefined;

  constructor(
    connection: Connection,
    { inbox, subscriptions, requests, holdings }: {
      readonly inbox: Inbox;
      readonly subscriptions: Subscriptions;
      readonly requests: RequestQueue;
      readonly holdings: Holdings;
    },
  ) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.#subscriptions = subscriptions;
    this.#requests = requests;
    this.#holdings = holdings;
    this.patterns = subscriptions.names.patterns;
  }

  get protocol(): "classic" | "2" {
    return this.#connection.protocol;
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  subscribe(
    pattern: string,
    options: SubscribeOptions & { readonly ack: "explicit" },
  ): Promise<Subscription<LeasedMessage>>;
  subscribe(pattern: string, options?: SubscribeOptions): Promise<Subscription>;
  subscribe(pattern: string, options: SubscribeOptions = {}): Promise<Subscription> {
    return this.#ask(pattern, (canonical) => {
      checkOptions(options);
      const { slow, group, window, ack, by, from = "now", timeout, signal } = options;
      const groupFrom = group === undefined || from === "now" ? undefined : encodePosition(from, "from");
      const terms = { slow, window, ack, by, groupFrom, replay: replayOf(options) };
      return this.#subscribe(nameOf(canonical, group), terms, { timeout, signal });
    });
  }

  unsubscribe(pattern: string, options: UnsubscribeOptions = {}): Promise<void> {
    return this.#ask(pattern, (canonical) => {
      checkUnsubscribeOptions(options);
      return this.#unsubscribe(nameOf(canonical, options.group));
    });
  }

  caughtUp(pattern: string): Promise<void> {
    try {
      return this.#subscriptions.caughtUp(nameOf(checkedPattern(pattern)));
    } catch (error) {
      return rejected(error);
    }
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.#inbox.common.reader();
  }

  withGaps(): AsyncIterable<Delivery | Gap> {
    return { [Symbol.asyncIterator]: () => this.#inbox.common.gapReader() };
  }

  #ask<T>(pattern: string, request: (canonical: string) => Promise<T>): Promise<T> {
    try {
      const canonical = checkedPattern(pattern);
      this.#connection.checkOpen();
      if (this.#closing !== undefined) throw new RunError("the subscriber is closed", "CLOSED");
      return neverUnhandled(request(canonical));
    } catch (error) {
      return rejected(error);
    }
  }

  async #subscribe(
    name: SubscriptionName,
    terms: SubscriptionTerms,
    limits: Pick<RequestOptions, "timeout" | "signal">,
  ): Promise<Subscription> {
    const asked = this.#subscriptions.request(name, terms);
    const isExplicit = terms.ack === "explicit";
    let stream: Stream | undefined;
    const accepted: Request["accepted"] = (...told) => {
      asked.accepted?.(...told);
      if (isExplicit) this.#holdings.open(name);
      stream = this.#inbox.opened(name);
    };
    if (isExplicit) this.#holdings.ask(name);
    const granted = this.#requests.add({ ...asked, accepted }, {
      ...limits,
      what: `subscribe to ${shown(name)}`,
      needless: () => {
        if (!this.#subscriptions.has(name, terms)) return false;
        stream = this.#inbox.streamOf(name);
        return true;
      },
      unwanted: (...told) => {
        // what stood before stands on the terms that the broker has now
        if (this.#subscriptions.names.has(name)) accepted(...told);
        else this.#takeBack(name);
      },
    });
    try {
      await granted;
    } catch (error) {
      this.#holdings.refused(name);
      throw error;
    }
    return new PatternSubscription(stream ?? this.#inbox.opened(name), {
      inbox: this.#inbox,
      caughtUp: (name) => this.#subscriptions.caughtUp(name),
      unsubscribe: (name) =>
        this.#ask(name.pattern, () => {
          this.#holdings.leave(name, this.#inbox.waiting);
          this.#inbox.leave(name);
          return this.#end(name);
        }),
    });
  }

  #unsubscribe(name: SubscriptionName, how: Pick<RequestOptions, "timeout"> = {}): Promise<void> {
    this.#holdings.leave(name, this.#inbox.waiting);
    const stream = this.#inbox.streamOf(name);
    if (stream !== undefined && this.#inbox.isIterated(stream)) this.#inbox.leave(name);
    return this.#end(name, how);
  }

  async #close(): Promise<void> {
    const names = [...this.#subscriptions.names].filter(({ group }) => group !== undefined);
    for (const name of names) this.#holdings.leave(name, this.#inbox.waiting);
    if (this.#requests.linked) await this.#leaveGroups(names);
    this.#inbox.end();
    if (!this.#connection.over) await this.#connection.close({ drain: false });
  }

  /**
   * What is on its way to a member was given to nobody else: it is waited for, unless who iterates is behind.
   * What has not left the broker goes to the others.
   */
  async #leaveGroups(names: readonly SubscriptionName[]): Promise<void> {
    const left = names.map((name) => this.#unsubscribe(name, { timeout: LEAVE_MS }));
    await Promise.race([Promise.allSettled(left), this.#inbox.stalled()]);
  }

  /** It was granted when nobody waited for it any more; who asks for the pattern meanwhile may have it. */
  #takeBack(name: SubscriptionName): void {
    this.#inbox.refuse(name);
    this.#subscriptions.refuse(name);
    void neverUnhandled(
      this.#end(name, { alone: true, needless: () => this.#subscriptions.names.has(name) }),
    );
  }

  async #end(
    name: SubscriptionName,
    how: Pick<RequestOptions, "alone" | "needless" | "timeout"> = {},
  ): Promise<void> {
    const stream = this.#inbox.streamOf(name);
    const asked = this.#subscriptions.endRequest(name);
    const accepted: Request["accepted"] = (...told) => {
      asked.accepted?.(...told);
      this.#holdings.close(name);
      this.#inbox.closed(name);
    };
    try {
      await this.#requests.add({ ...asked, accepted }, { ...how, what: `unsubscribe from ${shown(name)}` });
    } catch (error) {
      const isOver = error instanceof RefusedError && error.code === "NOT_SUBSCRIBED";
      // the broker had ended it by itself when it was asked to
      if (isOver && stream?.told === true) return this.#holdings.close(name);
      this.#holdings.stays(name);
      this.#inbox.stays(name);
      throw error;
    }
  }
}
