/**
 * The subscribing client.
 *
 * @module
 */
import { RefusedError, RunError } from "../errors.ts";
import { quote } from "../text.ts";
import { parsePattern } from "../topics/topic.ts";
import { Connection } from "./connection.ts";
import { type Delivery, Gap, type Mark } from "./delivery.ts";
import { Inbox } from "./inbox.ts";
import { encodePosition } from "./position.ts";
import { TOPIC_MOST } from "./refused.ts";
import type { Wanted } from "./replay.ts";
import { RequestQueue } from "./request_queue.ts";
import { settle } from "./settings.ts";
import { type How, Subscriptions } from "./subscriptions.ts";
import type { ClientEvent, ConnectOptions, Message, SubscribeOptions, Subscriber } from "./types.ts";
import { lookedAfter } from "./work.ts";

/** Connects to a broker's subscriber port; rejects with RunError: one line, what is wrong and what to do. */
export async function connectSubscriber(options: ConnectOptions): Promise<Subscriber> {
  const settings = settle("subscriber", options);
  const { onEvent } = settings;
  const inbox = new Inbox((item) => {
    if (item instanceof Gap) onEvent({ type: "gap", pattern: item.pattern, missed: item.missed });
    else reached(item, onEvent);
  });
  const subscriptions = new Subscriptions((pattern, from) => onEvent({ type: "trimmed", pattern, from }));
  const requests = new RequestQueue();
  const connection = await Connection.open(settings, {
    work: requests,
    side: {
      take: (item) => inbox.add(item),
      takeStored: (message) => {
        if (subscriptions.take(message)) inbox.add(message);
      },
      notice: (notice) => {
        const mark = subscriptions.notice(notice);
        if (mark !== undefined) inbox.add(mark);
      },
      held: () => inbox.held(),
      restore: (link) => subscriptions.restore(link, (mark) => inbox.add(mark)),
    },
  });
  connection.closed.then(() => {
    inbox.end();
    subscriptions.end(new RunError("the subscriber is closed"));
  }, (error) => {
    inbox.fail(error);
    subscriptions.end(error);
  });
  return new InboxSubscriber(connection, { inbox, subscriptions, requests });
}

/** The consumer has had everything before a mark. */
function reached({ notice, caughtUp }: Mark, onEvent: (event: ClientEvent) => void): void {
  const { kind, pattern, reason } = notice;
  if (kind === "failed") {
    onEvent({ type: kind, pattern, reason });
    caughtUp.reject(new RunError(`what is stored of ${quote(pattern)} cannot be read: ${reason}`));
  } else {
    onEvent({ type: kind, pattern });
    caughtUp.resolve();
  }
}

/** What of the past is wanted. Throws RefusedError for what is no place in it. */
function pastOf({ from = "now", to }: SubscribeOptions): Wanted | undefined {
  if (from !== "now") {
    return {
      from: encodePosition(from, "from"),
      to: to === undefined ? undefined : encodePosition(to, "to"),
    };
  }
  if (to === undefined) return undefined;
  throw new RefusedError("BAD_FIELD", "`to` ends what `from` begins: give both");
}

class InboxSubscriber implements Subscriber {
  readonly patterns: ReadonlySet<string>;
  readonly #connection: Connection;
  readonly #inbox: Inbox;
  readonly #subscriptions: Subscriptions;
  readonly #requests: RequestQueue;

  constructor(
    connection: Connection,
    { inbox, subscriptions, requests }: {
      readonly inbox: Inbox;
      readonly subscriptions: Subscriptions;
      readonly requests: RequestQueue;
    },
  ) {
    this.#connection = connection;
    this.#inbox = inbox;
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
      const how: How = { slow: options.slow, past: pastOf(options) };
      return this.#requests.add(this.#subscriptions.request(name, how), {
        what: `subscribe to ${quote(name)}`,
        needless: () => this.#subscriptions.has(name, how),
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
    const parsed = parsePattern(pattern, TOPIC_MOST);
    return "problem" in parsed
      ? lookedAfter(Promise.reject(new RefusedError("BAD_PATTERN", parsed.problem)))
      : this.#subscriptions.caughtUp(parsed.name);
  }

  #ask(pattern: string, request: (name: string) => Promise<void>): Promise<void> {
    try {
      this.#connection.checkOpen();
      const parsed = parsePattern(pattern, TOPIC_MOST);
      if ("problem" in parsed) throw new RefusedError("BAD_PATTERN", parsed.problem);
      return request(parsed.name);
    } catch (error) {
      return lookedAfter(Promise.reject(error));
    }
  }

  async close(): Promise<void> {
    this.#inbox.end();
    if (!this.#connection.over) await this.#connection.close({ drain: false });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.#inbox.reader();
  }

  withGaps(): AsyncIterable<Delivery | Gap> {
    return { [Symbol.asyncIterator]: () => this.#inbox.gapReader() };
  }
}
