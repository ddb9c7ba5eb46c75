/**
 * The publishing client.
 *
 * @module
 */
import { RefusedError } from "../errors.ts";
import { quote } from "../text.ts";
import { parseTopic } from "../topics/topic.ts";
import { encodeText, LF } from "../wire/bytes.ts";
import { encodePublish } from "../wire/classic_client.ts";
import { Connection } from "./connection.ts";
import { TOPIC_MOST } from "./refused.ts";
import { lookedAfter } from "./request_queue.ts";
import { type Settings, settle } from "./settings.ts";
import type { ConnectOptions, Publisher } from "./types.ts";

/** Connects to a broker's publisher port; rejects with RunError: one line, what is wrong and what to do. */
export async function connectPublisher(options: ConnectOptions): Promise<Publisher> {
  const settings = settle("publisher", options);
  return new ClassicPublisher(settings, await Connection.open(settings));
}

class ClassicPublisher implements Publisher {
  readonly #id: string;
  readonly #connection: Connection;

  constructor(settings: Settings, connection: Connection) {
    this.#id = settings.id;
    this.#connection = connection;
  }

  get pending(): number {
    return this.#connection.requests.size;
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  publish(topic: string, payload: string | Uint8Array = ""): Promise<void> {
    try {
      return this.#publish(topic, typeof payload === "string" ? encodeText(payload) : payload);
    } catch (error) {
      return lookedAfter(Promise.reject(error));
    }
  }

  #publish(topic: string, payload: Uint8Array): Promise<void> {
    this.#connection.checkOpen();
    const parsed = parseTopic(topic, TOPIC_MOST);
    if ("problem" in parsed) throw new RefusedError("BAD_TOPIC", parsed.problem);
    const { name } = parsed;
    const lf = payload.indexOf(LF);
    if (lf !== -1) {
      throw new RefusedError(
        "LINE_BREAK",
        `a message is one line: the one to ${quote(name)} has a line break at byte ${lf + 1}`,
      );
    }
    return this.#connection.requests.add(encodePublish(this.#id, name, payload), {
      what: `publish to ${quote(name)}`,
    });
  }

  drained(): Promise<void> {
    return this.#connection.requests.drained();
  }

  close(): Promise<void> {
    return this.#connection.close({ drain: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#connection.over) await this.close();
  }
}
