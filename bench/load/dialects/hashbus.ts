/**
 * Hashbus classic: a line a request, `OK` for each.
 *
 * @module
 */
import { bytes, type Dialect, join } from "./types.ts";

const OK = bytes("OK\n");

/** Publishes are sent ahead and every one is answered. */
export const hashbus: Dialect = {
  publisherHello: () => null,
  subscriberHello: (topics) => ({
    send: bytes(topics.map((topic) => `s1 sub #${topic}\n`).join("")),
    until: bytes("OK\n".repeat(topics.length)),
  }),
  belowHello: (level) => hashbus.subscriberHello([`${level}.*`]),
  publish: (topic, payload) => join(`p1 pub #${topic} `, payload, "\n"),
  delivery: (topic, payload) => join(`#${topic} `, payload, "\n"),
  replies: () => ({ kind: "each", bytes: OK }),
  barrier: null,
  interjection: null,
};
