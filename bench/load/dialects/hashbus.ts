/**
 * Hashbus classic: a line a request, `OK` for each.
 *
 * @module
 */
import { bytes, type Dialect, join } from "./types.ts";

const OK = bytes("OK\n");

/** Publishes are sent ahead and every one is answered. */
export const hashbus: Dialect = {
  publisherHello: null,
  subscriberHello: (topic) => ({ send: bytes(`s1 sub #${topic}\n`), until: OK }),
  publish: (topic, payload) => join(`p1 pub #${topic} `, payload, "\n"),
  delivery: (topic, payload) => join(`#${topic} `, payload, "\n"),
  answer: () => OK,
  barrier: null,
  interjection: null,
};
