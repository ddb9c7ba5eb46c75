/**
 * A broker in this process, who asks and who answers.
 *
 * @module
 */
import { Broker, listenersOn } from "../../../lib/broker/mod.ts";
import {
  connectPublisher,
  type ConnectPublisherOptions,
  connectSubscriber,
  type Message,
  type Publisher,
  type Subscriber,
} from "../../../lib/mod.ts";

/** What a test about requests has; `await using` ends it. */
export interface Asking extends AsyncDisposable {
  readonly broker: Broker;
  readonly pubPort: number;
  readonly subPort: number;
  publisher(options?: Partial<ConnectPublisherOptions>): Promise<Publisher>;
  /** A member of the group `g` of that topic, whose requests are handed to the function one by one. */
  member(
    topic: string,
    take: (request: Message, publisher: Publisher) => unknown,
  ): Promise<Subscriber>;
}

/** Starts a broker. */
export async function startAsking(options: ConstructorParameters<typeof Broker>[0] = {}): Promise<Asking> {
  const broker = new Broker(options);
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const subPort = subscribers!.address.port;
  const pubPort = publishers!.address.port;
  const opened: { close(): Promise<void> }[] = [];
  const taking: Promise<void>[] = [];
  const publisher: Asking["publisher"] = async (more = {}) => {
    const client = await connectPublisher({ id: "asks", port: pubPort, subPort, ...more });
    opened.push(client);
    return client;
  };
  const answers = await publisher({ id: "answers" });
  return {
    broker,
    pubPort,
    subPort,
    publisher,
    member: async (topic, take) => {
      const subscriber = await connectSubscriber({ id: "s1", port: subPort });
      opened.push(subscriber);
      const requests = await subscriber.subscribe(topic, { group: "g" });
      taking.push((async () => {
        for await (const request of requests) await take(request, answers);
      })());
      return subscriber;
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of opened) await each.close().catch(() => {});
      await Promise.all(taking);
      await broker.close();
    },
  };
}
