/**
 * Subscriptions with an iteration of their own, as tests have them.
 *
 * @module
 */
import { Broker, listenersOn, MemoryStore } from "../../../lib/broker/mod.ts";
import {
  type ConnectOptions,
  connectPublisher,
  connectSubscriber,
  type Message,
  type Publisher,
  type Subscriber,
} from "../../../lib/mod.ts";
import { within } from "../../support/within.ts";

/** What a test has; `await using` ends it. */
export interface Place extends AsyncDisposable {
  readonly subscriber: Subscriber;
  readonly publisher: Publisher;
}

/** A broker in this process and a client at each of its ports. */
export async function start(
  { durable = false, ...options }: Partial<ConnectOptions> & { readonly durable?: boolean } = {},
): Promise<Place> {
  const broker = new Broker(durable ? { store: new MemoryStore({ now: Date.now }) } : {});
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const subscriber = await connectSubscriber({ id: "s1", port: subscribers!.address.port, ...options });
  const publisher = await connectPublisher({ id: "p1", port: publishers!.address.port });
  return {
    subscriber,
    publisher,
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      await subscriber.close();
      await broker.close();
    },
  };
}

/** The next so many texts; the loop is left then. */
export async function take(messages: AsyncIterable<Message>, count: number): Promise<string[]> {
  const taken: string[] = [];
  const taking = (async () => {
    for await (const { text } of messages) {
      taken.push(text);
      if (taken.length >= count) break;
    }
    return taken;
  })();
  const wanted = count === Infinity ? "the end" : `${count} messages`;
  return await within(() => `${wanted} (${taken.length} are there)`, taking);
}

/** All texts, to the end. */
export async function all(messages: AsyncIterable<Message>): Promise<string[]> {
  return await take(messages, Infinity);
}

/** What is stored of a pattern, and its end, has come. */
export async function ended(subscriber: Subscriber, pattern: string): Promise<void> {
  const ending = (async () => {
    while (subscriber.patterns.has(pattern)) {
      await subscriber.subscribe("#elsewhere");
      await subscriber.unsubscribe("#elsewhere");
    }
  })();
  await within(`the end of ${pattern}`, ending);
}

/** Starts to iterate and keeps at it. */
export function open(messages: AsyncIterable<Message>): () => Promise<string | undefined> {
  const iterator = messages[Symbol.asyncIterator]();
  return async () => (await within("the next message", iterator.next())).value?.text;
}
