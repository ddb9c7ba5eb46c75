/**
 * The clients: connect, publish, subscribe, and stay connected.
 *
 * @module
 */
export { Gap } from "./delivery.ts";
export { connectPublisher } from "./publisher.ts";
export { connectSubscriber } from "./subscriber.ts";
export type {
  ClientEvent,
  ConnectOptions,
  Message,
  Position,
  Protocol,
  Publisher,
  PublishOptions,
  Receipt,
  SubscribeOptions,
  Subscriber,
} from "./types.ts";
export type { SlowPolicy } from "../slow_policy.ts";
