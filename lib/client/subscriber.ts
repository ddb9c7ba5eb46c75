/**
 * The subscribing client.
 *
 * @module
 */
import { RefusedError, RunError } from "../errors.ts";
import { quote } from "../text.ts";
import { parsePattern } from "../topics/topic.ts";
import { encodeRequest } from "../wire/classic_client.ts";
import { Connection } from "./connection.ts";
import { Inbox } from "./inbox.ts";
import type { Link } from "./link.ts";
import { refused, TOPIC_MOST } from "./refused.ts";
import { lookedAfter } from "./request_queue.ts";
import { settle } from "./settings.ts";
import type { ConnectOptions, Message, Subscriber } from "./types.ts";

/** Connects to a broker's subscriber port; rejects with RunError: one line, what is wrong and what to do. */
export async function connectSubscriber(options: ConnectOptions): Promise<Subscriber> {
  const settings = settle("subscriber", options);
  const inbox = new Inbox();
  const patterns = new Set<string>();
  const connection = await Connection.open(settings, {
    delivery: (topic, payload) => inbox.add(topic, payload),
    held: () => inbox.held(),
    restore: (link) => subscribeAgain(link, settings.id, patterns),
  });
  connection.closed.then(() => inbox.end(), (error) => inbox.fail(error));
  return new ClassicSubscriber(connection, { id: settings.id, inbox, patterns });
}

/** False when the link ended meanwhile. */
async function subscribeAgain(link: Link, id: string, patterns: ReadonlySet<string>): Promise<boolean> {
  for (const pattern of patterns) {
    const reply = await link.request(encodeRequest(id, "sub", pattern));
    if (reply === undefined) return false;
    if (reply === "OK") continue;
    link.close();
    throw new RunError(refused(reply, `subscribe to ${quote(pattern)} again`).message);
  }
  return true;
}

class ClassicSubscriber implements Subscriber {
  readonly patterns: ReadonlySet<string>;
  readonly #connection: Connection;
  readonly #id: string;
  readonly #inbox: Inbox;
  readonly #patterns: Set<string>;

  constructor(
    connection: Connection,
    { id, inbox, patterns }: {
      readonly id: string;
      readonly inbox: Inbox;
      readonly patterns: Set<string>;
    },
  ) {
    this.#connection = connection;
    this.#id = id;
    this.#inbox = inbox;
    this.#patterns = patterns;
    this.patterns = patterns;
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  subscribe(pattern: string): Promise<void> {
    return this.#ask(pattern, (name) =>
      this.#connection.requests.add(encodeRequest(this.#id, "sub", name), {
        what: `subscribe to ${quote(name)}`,
        needless: () => this.#patterns.has(name),
        acknowledged: () => this.#patterns.add(name),
      }));
  }

  unsubscribe(pattern: string): Promise<void> {
    return this.#ask(
      pattern,
      (name) =>
        this.#connection.requests.add(encodeRequest(this.#id, "unsub", name), {
          what: `unsubscribe from ${quote(name)}`,
          acknowledged: () => this.#patterns.delete(name),
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
}
