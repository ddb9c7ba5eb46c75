/**
 * Redis Pub/Sub in RESP: PUBLISH is answered with the number of receivers.
 *
 * @module
 */
import { bytes, type Dialect, join } from "./types.ts";

/** Publishes are sent ahead and every one is answered. */
export const redis: Dialect = {
  publisherHello: () => null,
  subscriberHello: (topics) => {
    const texts = topics.map((topic) => `$${topic.length}\r\n${topic}\r\n`);
    return {
      send: bytes(`*${topics.length + 1}\r\n$9\r\nSUBSCRIBE\r\n${texts.join("")}`),
      until: bytes(`*3\r\n$9\r\nsubscribe\r\n${texts.at(-1)}:${topics.length}\r\n`),
    };
  },
  publish: (topic, payload) =>
    join(`*3\r\n$7\r\nPUBLISH\r\n$${topic.length}\r\n${topic}\r\n$${payload.length}\r\n`, payload, "\r\n"),
  delivery: (topic, payload) =>
    join(`*3\r\n$7\r\nmessage\r\n$${topic.length}\r\n${topic}\r\n$${payload.length}\r\n`, payload, "\r\n"),
  replies: (subscribers) => ({ kind: "each", bytes: bytes(`:${subscribers}\r\n`) }),
  barrier: null,
  interjection: null,
};
