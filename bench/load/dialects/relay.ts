/**
 * The byte relay (bench/relay.ts): what is published arrives unread and unchanged. The frames are those of v2,
 * which are the same on both sides, so that the relay moves what hashbus moves.
 *
 * @module
 */
import { bytes, type Dialect } from "./types.ts";
import { hashbus2 } from "./hashbus2.ts";

/** Nobody answers, nothing is asked for. */
export const relay: Dialect = {
  publisherHello: () => null,
  // the relay greets a subscriber, so that whoever waited for it is in the list
  subscriberHello: () => ({ send: new Uint8Array(0), until: bytes("OK\n") }),
  belowHello: () => relay.subscriberHello([]),
  publish: hashbus2.delivery,
  delivery: hashbus2.delivery,
  replies: (subscribers) => subscribers === 0 ? { kind: "each", bytes: bytes("OK\n") } : null,
  barrier: null,
  interjection: null,
};
