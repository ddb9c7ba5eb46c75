/**
 * The clients: connect, publish, subscribe, and stay connected.
 *
 * @module
 */
export { Gap } from "./gap.ts";
export {
  type Answer,
  connectResponder,
  type Responder,
  type ResponderOptions,
} from "./requesting/responder.ts";
export { isLeased } from "./leased_message.ts";
export { connectPublisher } from "./publishing/publisher.ts";
export { connectSubscriber } from "./subscribing/subscriber.ts";
export type { Ago, AgoUnit, Last } from "../positions.ts";
export type {
  Asker,
  ClientCredentials,
  ClientEvent,
  ConnectOptions,
  ConnectPublisherOptions,
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
  ResponseOptions,
  SubscribeOptions,
  Subscriber,
  Subscription,
  TlsOptions,
  UnsubscribeOptions,
} from "./types.ts";
export type { SlowPolicy } from "../slow_policy.ts";
