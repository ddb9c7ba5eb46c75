/**
 * The byte relay (bench/relay.ts): what is published arrives unread and unchanged. The frames are those of a classic
 * delivery, so that the relay moves on both sides what hashbus moves to its subscribers.
 *
 * @module
 */
import { bytes, type Dialect } from "./types.ts";
import { hashbus } from "./hashbus.ts";

/** Nobody answers, nothing is asked for. */
export const relay: Dialect = {
  publisherHello: null,
  // the relay greets a subscriber, so that whoever waited for it is in the list
  subscriberHello: () => ({ send: new Uint8Array(0), until: bytes("OK\n") }),
  publish: hashbus.delivery,
  delivery: hashbus.delivery,
  answer: (subscribers) => subscribers === 0 ? bytes("OK\n") : null,
  barrier: null,
  interjection: null,
};
