/**
 * The clients: connect, publish, subscribe, and stay connected.
 *
 * @module
 */
export { connectPublisher } from "./publisher.ts";
export { connectSubscriber } from "./subscriber.ts";
export type { ClientEvent, ConnectOptions, Message, Publisher, Subscriber } from "./types.ts";
