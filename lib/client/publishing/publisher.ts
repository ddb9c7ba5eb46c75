/**
 * The publishing client.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import { LARGEST_LIMITS } from "../../limits.ts";
import { quote } from "../../text.ts";
import { isReplyTopic } from "../../topics/reply_topic.ts";
import { matches, parseTopic } from "../../topics/topic.ts";
import { recordHead } from "../../wire/records.ts";
import { ByTopic } from "../by_topic.ts";
import { Connection } from "../connecting/connection.ts";
import { DEFAULT_PORT, resolveSettings } from "../connecting/settings.ts";
import { type Host, THIS_MACHINE } from "../host.ts";
import type { Message } from "../message.ts";
import { neverUnhandled } from "../promises.ts";
import { Requests } from "../requesting/requests.ts";
import { openSubscriber } from "../subscribing/subscriber.ts";
import type {
  ConnectPublisherOptions,
  Publisher,
  PublishOptions,
  Receipt,
  RequestOptions,
  ResponseOptions,
} from "../types.ts";
import { encodeFields } from "./message_fields.ts";
import type { IdSeries } from "./message_ids.ts";
import { termsOf } from "./message_terms.ts";
import { wrongKind } from "../wrong_kind.ts";
import { bytesOf, type Payload } from "./payload.ts";
import { PublishQueue } from "./publish_queue.ts";

const NO_FIELDS: Uint8Array = new Uint8Array(0);
/** What no caller can give as a topic, an empty one neither. */
const NO_TOPIC = Symbol("no topic");

/** Connects to a broker's publisher port; rejects with RunError: one line, what is wrong and what to do. */
export function connectPublisher(options: ConnectPublisherOptions): Promise<Publisher> {
  return openPublisher(options, THIS_MACHINE);
}

/** {@link connectPublisher} from another machine than this. */
export async function openPublisher(options: ConnectPublisherOptions, machine: Host): Promise<Publisher> {
  const settings = resolveSettings("publisher", options, machine);
  const { id, onEvent } = settings;
  const queue = new PublishQueue({
    id,
    machine: settings.machine,
    onRefused: (number, error) => onEvent({ type: "refused", number, error }),
  });
  const { localPort: _, signal: __, subPort, ...others } = options;
  const answers = { ...others, port: subPort ?? DEFAULT_PORT.subscriber };
  const { address } = resolveSettings("subscriber", answers, machine);
  const connection = await Connection.open(settings, { work: queue });
  const publisher: QueuePublisher = new QueuePublisher(connection, {
    queue,
    requests: new Requests({
      clock: machine.clock,
      random32: machine.random32,
      address,
      connect: (how) => openSubscriber({ ...answers, ...how }, machine),
      publish: (topic, payload, options) => publisher.publish(topic, payload, options),
    }),
  });
  return publisher;
}

class QueuePublisher implements Publisher {
  readonly #connection: Connection;
  readonly #queue: PublishQueue;
  readonly #requests: Requests;
  readonly #heads = new ByTopic<Head>();
  #lastTopic: string | typeof NO_TOPIC = NO_TOPIC;
  #lastHead: Head = { bytes: NO_FIELDS, ids: undefined };
  /** What the heads go by. */
  #durable: readonly string[];
  #closing: Promise<void> | undefined;

  constructor(
    connection: Connection,
    { queue, requests }: { readonly queue: PublishQueue; readonly requests: Requests },
  ) {
    this.#connection = connection;
    this.#queue = queue;
    this.#requests = requests;
    this.#durable = queue.durable;
    connection.closed.catch((error) => void requests.end(error));
  }

  get protocol(): "classic" | "2" {
    return this.#connection.protocol;
  }

  get pending(): number {
    return this.#queue.size;
  }

  get full(): boolean {
    return this.#queue.full;
  }

  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  publish(topic: string, payload: Payload = "", options?: PublishOptions): Promise<Receipt> {
    try {
      return this.#queue.acknowledged(this.send(topic, payload, options));
    } catch (error) {
      return rejected(error);
    }
  }

  request(topic: string, payload: Payload = "", options: RequestOptions = {}): Promise<Message> {
    try {
      this.#connection.checkOpen();
      return this.#requests.ask(topic, payload, options);
    } catch (error) {
      return rejected(error);
    }
  }

  respond(
    { topic, reply }: Pick<Message, "topic" | "reply">,
    payload?: Payload,
    options?: ResponseOptions,
  ): Promise<Receipt> {
    if (reply !== undefined) return this.publish(reply, payload, options);
    return rejected(
      new RefusedError("BAD_FIELD", `the message to ${quote(topic)} asks for no answer: it has no reply`),
    );
  }

  send(topic: string, payload: Payload = "", options?: PublishOptions): number {
    this.#connection.checkOpen();
    if (this.#queue.durable !== this.#durable) this.#forgetHeads();
    // an empty view may be one of a buffer that is gone
    const plain = typeof payload === "string" || (payload instanceof Uint8Array && payload.length > 0);
    const data = plain ? payload : bytesOf(payload);
    const { bytes, ids } = topic === this.#lastTopic ? this.#lastHead : this.#headOf(topic);
    if (options === undefined) {
      return this.#queue.add({ head: bytes, fields: ids?.next() ?? NO_FIELDS, payload: data });
    }
    let fields = encodeFields(options);
    const terms = termsOf(topic, options);
    if (ids !== undefined && options.id === undefined) fields = joined(ids.next(), fields);
    return this.#queue.add({ head: bytes, fields, payload: data }, terms);
  }

  ready(): Promise<void> {
    return this.#queue.ready();
  }

  drained(): Promise<void> {
    return this.#queue.drained();
  }

  close({ timeout }: { readonly timeout?: number } = {}): Promise<void> {
    const closed = this.#connection.close({ drain: true, timeout });
    if (this.#connection.isOpen) return closed;
    this.#closing ??= this.#close(closed);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#connection.over) await this.close();
  }

  async #close(closed: Promise<void>): Promise<void> {
    const ended = this.#requests.end(new RunError("the publisher is closed", "CLOSED"));
    await Promise.allSettled([closed, ended]);
    return await closed;
  }

  #forgetHeads(): void {
    this.#durable = this.#queue.durable;
    this.#heads.clear();
    this.#lastTopic = NO_TOPIC;
  }

  #headOf(topic: string): Head {
    let head = this.#heads.get(topic);
    if (head === undefined) {
      if (typeof topic !== "string") throw wrongKind("a topic is a string", topic);
      const parsed = parseTopic(topic, LARGEST_LIMITS.topic);
      if ("problem" in parsed) throw new RefusedError("BAD_TOPIC", parsed.problem);
      const { name } = parsed;
      const stored = !isReplyTopic(name) && this.#durable.some((pattern) => matches(pattern, name));
      head = { bytes: recordHead(name), ids: stored ? this.#queue.ids.of(name) : undefined };
      this.#heads.set(topic, head);
    }
    this.#lastTopic = topic;
    this.#lastHead = head;
    return head;
  }
}

/** A mistake in the program is seen even where nobody awaits what became of it. */
function rejected(error: unknown): Promise<never> {
  const rejection = Promise.reject(error);
  return error instanceof TypeError ? rejection : neverUnhandled(rejection);
}

/** What is known of a topic. */
interface Head {
  /** What every publish to it begins with. */
  readonly bytes: Uint8Array;
  /** Ids for its messages, where the broker stores them. */
  readonly ids: IdSeries | undefined;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
