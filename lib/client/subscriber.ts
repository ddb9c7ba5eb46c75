/**
 * The subscribing client.
 *
 * @module
 */
import { RefusedError, RunError } from "../errors.ts";
import { quote } from "../text.ts";
import { parsePattern } from "../topics/topic.ts";
import { encodeField } from "../wire/fields.ts";
import { Connection } from "./connection.ts";
import type { Delivery, Gap } from "./delivery.ts";
import { Inbox } from "./inbox.ts";
import type { Link } from "./link.ts";
import { needsV2, refused, TOPIC_MOST } from "./refused.ts";
import { RequestQueue } from "./request_queue.ts";
import { settle } from "./settings.ts";
import type { ConnectOptions, Message, SubscribeOptions, Subscriber } from "./types.ts";
import { lookedAfter } from "./work.ts";

/** Connects to a broker's subscriber port; rejects with RunError: one line, what is wrong and what to do. */
export async function connectSubscriber(options: ConnectOptions): Promise<Subscriber> {
  const settings = settle("subscriber", options);
  const { onEvent } = settings;
  const inbox = new Inbox(({ pattern, missed }) => onEvent({ type: "gap", pattern, missed }));
  const subscriptions = new Subscriptions();
  const requests = new RequestQueue();
  const connection = await Connection.open(settings, {
    work: requests,
    side: {
      take: (item) => inbox.add(item),
      held: () => inbox.held(),
      restore: (link) => subscriptions.restore(link),
    },
  });
  connection.closed.then(() => inbox.end(), (error) => inbox.fail(error));
  return new InboxSubscriber(connection, { inbox, subscriptions, requests });
}

/** What is subscribed and how, as acknowledged. */
class Subscriptions {
  readonly patterns = new Set<string>();
  readonly #fields = new Map<string, string>();

  /** `fields` as in the request. */
  has(pattern: string, fields: string): boolean {
    return this.#fields.get(pattern) === fields;
  }

  set(pattern: string, fields: string): void {
    this.#fields.set(pattern, fields);
    this.patterns.add(pattern);
  }

  delete(pattern: string): void {
    this.#fields.delete(pattern);
    this.patterns.delete(pattern);
  }

  /** Subscribes to everything again; false when the link ended meanwhile. */
  async restore(link: Link): Promise<boolean> {
    const asked: Promise<boolean>[] = [];
    for (const [pattern, fields] of this.#fields) {
      const what = `subscribe to ${quote(pattern)} again`;
      if (link.protocol === "classic" && fields !== "") {
        throw giveUp(link, `cannot ${what}: ${needsV2("slow=").message}`);
      }
      asked.push(
        link.ask({ verb: "sub", pattern, fields }).then((reply) => {
          if (reply === undefined || reply === "ok") return reply === "ok";
          throw giveUp(link, refused(reply, what).message);
        }),
      );
      if (asked.length < link.ahead) continue;
      if (!(await allTrue(asked))) return false;
      asked.length = 0;
    }
    return await allTrue(asked);
  }
}

function giveUp(link: Link, why: string): RunError {
  link.close();
  return new RunError(why);
}

async function allTrue(answers: readonly Promise<boolean>[]): Promise<boolean> {
  return (await Promise.all(answers)).every((answer) => answer);
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

  subscribe(pattern: string, { slow }: SubscribeOptions = {}): Promise<void> {
    const fields = slow === undefined ? "" : encodeField("slow", slow);
    return this.#ask(pattern, (name) =>
      this.#requests.add({ verb: "sub", pattern: name, fields }, {
        what: `subscribe to ${quote(name)}`,
        needless: () => this.#subscriptions.has(name, fields),
        acknowledged: () => this.#subscriptions.set(name, fields),
      }));
  }

  unsubscribe(pattern: string): Promise<void> {
    return this.#ask(
      pattern,
      (name) =>
        this.#requests.add({ verb: "unsub", pattern: name, fields: "" }, {
          what: `unsubscribe from ${quote(name)}`,
          acknowledged: () => this.#subscriptions.delete(name),
        }),
    );
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
