/**
 * hashbus as a library: publish and subscribe from a program of your own.
 *
 * ```ts
 * import { connectPublisher, connectSubscriber } from "@hashbus/hashbus";
 *
 * await using subscriber = await connectSubscriber({ id: "s1" });
 * await subscriber.subscribe("#orders.>");
 *
 * await using publisher = await connectPublisher({ id: "p1" });
 * await publisher.publish("#orders.eu", "42 apples", { headers: { currency: "EUR" } });
 *
 * for await (const message of subscriber) {
 *   console.log(message.topic, message.text); // #orders.eu 42 apples
 *   break;
 * }
 * ```
 *
 * A broker listens on two ports: publishers connect to one (9000), subscribers to the other (9090). Both
 * clients keep trying for `connectTimeout` at the start; a connection that is lost later comes back by
 * itself, with every pattern subscribed again and every message that was not acknowledged sent again (a
 * message whose acknowledgement was lost with the connection then arrives twice; in a durable topic it is
 * there once). They speak protocol 2 where the broker does, and the classic protocol where it does not;
 * `protocol` decides otherwise.
 *
 * A subscription can be iterated on its own, beside the others:
 *
 * ```ts
 * const returns = await subscriber.subscribe("#returns.>");
 * await publisher.publish("#returns.eu", "2 apples");
 * for await (const { text } of returns) {
 *   console.log(text); // 2 apples
 *   break;
 * }
 * ```
 *
 * A broker that was started with `--data` keeps what is published. `from` brings it back, from any point, and
 * then what is live:
 *
 * ```ts
 * await using again = await connectSubscriber({ id: "s2" });
 * for await (const { topic, seq, text } of await again.subscribe("#orders.>", { from: "-1h" })) {
 *   console.log(topic, seq, text); // #orders.eu 1 42 apples
 *   break;
 * }
 * ```
 *
 * For many messages there is `send`, millions a second, with {@link Publisher.full} as its backpressure.
 * docs/library.md has the rest, with an example for each part.
 *
 * @module
 */
export { connectPublisher, connectResponder, connectSubscriber, Gap, isLeased } from "./client/mod.ts";
export type {
  Ago,
  AgoUnit,
  Answer,
  Asker,
  ClientCredentials,
  ClientEvent,
  ConnectOptions,
  ConnectPublisherOptions,
  Last,
  LeasedMessage,
  Message,
  MessageJson,
  NackOptions,
  Position,
  Protocol,
  Publisher,
  PublishOptions,
  Receipt,
  RequestOptions,
  Responder,
  ResponderOptions,
  ResponseOptions,
  SlowPolicy,
  SubscribeOptions,
  Subscriber,
  Subscription,
  TlsOptions,
  UnsubscribeOptions,
} from "./client/mod.ts";
export {
  type ErrorCode,
  type LibraryCode,
  RefusedError,
  RunError,
  type RunErrorCode,
  type WireCode,
} from "./errors.ts";
