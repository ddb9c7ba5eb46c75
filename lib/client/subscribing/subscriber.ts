/**
 * The subscribing client.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import { LARGEST_LIMITS } from "../../limits.ts";
import { quote } from "../../text.ts";
import { parsePattern } from "../../topics/topic.ts";
import { Connection } from "../connecting/connection.ts";
import { resolveSettings } from "../connecting/settings.ts";
import { Gap } from "../gap.ts";
import type { Delivery } from "../links/delivery.ts";
import { neverUnhandled } from "../promises.ts";
import type { ClientEvent, ConnectOptions, Message, SubscribeOptions, Subscriber } from "../types.ts";
import { DeliveryQueue } from "./delivery_queue.ts";
import { encodePosition } from "./position_fields.ts";
import type { QueuedNotice } from "./queued_notice.ts";
import type { ReplayFields } from "./replay.ts";
import { RequestQueue } from "./request_queue.ts";
import { Subscriptions, type SubscriptionTerms } from "./subscriptions.ts";

/** Connects to a broker's subscriber port; rejects with RunError: one line, what is wrong and what to do. */
export async function connectSubscriber(options: ConnectOptions): Promise<Subscriber> {
  const settings = resolveSettings("subscriber", options);
  const { onEvent } = settings;
  const deliveries = new DeliveryQueue((item) => {
    if (item instanceof Gap) onEvent({ type: "gap", pattern: item.pattern, missed: item.missed });
    else reached(item, onEvent);
  });
  const subscriptions = new Subscriptions(
    (pattern, from) => onEvent({ type: "trimmed", pattern, from }),
    (pattern, last) => onEvent({ type: "ahead", pattern, last }),
  );
  const requests = new RequestQueue();
  const connection = await Connection.open(settings, {
    work: requests,
    subscriber: {
      take: (item) => deliveries.add(item),
      takeStored: (message) => {
        if (subscriptions.take(message)) deliveries.add(message);
      },
      notice: (notice) => {
        const queued = subscriptions.notice(notice);
        if (queued !== undefined) deliveries.add(queued);
      },
      held: () => deliveries.held(),
      restore: (link) => subscriptions.restore(link, (queued) => deliveries.add(queued)),
      decided: (link) => subscriptions.decided(link),
    },
  });
  connection.closed.then(() => {
    deliveries.end();
    subscriptions.end(new RunError("the subscriber is closed"));
  }, (error) => {
    deliveries.fail(error);
    subscriptions.end(error);
  });
  return new QueueSubscriber(connection, { deliveries, subscriptions, requests });
}

/** The consumer has had everything before a notice. */
function reached({ notice, caughtUp }: QueuedNotice, onEvent: (event: ClientEvent) => void): void {
  const { kind, pattern, reason } = notice;
  if (kind === "failed") {
    onEvent({ type: kind, pattern, reason });
    caughtUp.reject(new RunError(`what is stored of ${quote(pattern)} cannot be read: ${reason}`));
  } else {
    onEvent({ type: kind, pattern });
    caughtUp.resolve();
  }
}

/** What is to be replayed. Throws RefusedError for what is no position. */
function replayOf({ from = "now", to }: SubscribeOptions): ReplayFields | undefined {
  if (from !== "now") {
    return {
      from: encodePosition(from, "from"),
      to: to === undefined ? undefined : encodePosition(to, "to"),
    };
  }
  if (to === undefined) return undefined;
  throw new RefusedError("BAD_FIELD", "`to` ends what `from` begins: give both");
}

class QueueSubscriber implements Subscriber {
  readonly patterns: ReadonlySet<string>;
  readonly #connection: Connection;
  readonly #deliveries: DeliveryQueue;
  readonly #subscriptions: Subscriptions;
  readonly #requests: RequestQueue;

  constructor(
    connection: Connection,
    { deliveries, subscriptions, requests }: {
      readonly deliveries: DeliveryQueue;
      readonly subscriptions: Subscriptions;
      readonly requests: RequestQueue;
    },
  ) {
    this.#connection = connection;
    this.#deliveries = deliveries;
    this.#subscriptions = subscriptions;
    this.#requests = requests;
    this.patterns = subscriptions.patterns;
  }

  get protocol(): "classic" | "2" {
    return this.#connection.protocol;
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  subscribe(pattern: string, options: SubscribeOptions = {}): Promise<void> {
    return this.#ask(pattern, (name) => {
      const terms: SubscriptionTerms = { slow: options.slow, replay: replayOf(options) };
      return this.#requests.add(this.#subscriptions.request(name, terms), {
        what: `subscribe to ${quote(name)}`,
        needless: () => this.#subscriptions.has(name, terms),
      });
    });
  }

  unsubscribe(pattern: string): Promise<void> {
    return this.#ask(pattern, (name) =>
      this.#requests.add(this.#subscriptions.endRequest(name), {
        what: `unsubscribe from ${quote(name)}`,
      }));
  }

  caughtUp(pattern: string): Promise<void> {
    const parsed = parsePattern(pattern, LARGEST_LIMITS.topic);
    return "problem" in parsed
      ? neverUnhandled(Promise.reject(new RefusedError("BAD_PATTERN", parsed.problem)))
      : this.#subscriptions.caughtUp(parsed.name);
  }

  #ask(pattern: string, request: (name: string) => Promise<void>): Promise<void> {
    try {
      this.#connection.checkOpen();
      const parsed = parsePattern(pattern, LARGEST_LIMITS.topic);
      if ("problem" in parsed) throw new RefusedError("BAD_PATTERN", parsed.problem);
      return request(parsed.name);
    } catch (error) {
      return neverUnhandled(Promise.reject(error));
    }
  }

  async close(): Promise<void> {
    this.#deliveries.end();
    if (!this.#connection.over) await this.#connection.close({ drain: false });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.#deliveries.reader();
  }

  withGaps(): AsyncIterable<Delivery | Gap> {
    return { [Symbol.asyncIterator]: () => this.#deliveries.gapReader() };
  }
}
