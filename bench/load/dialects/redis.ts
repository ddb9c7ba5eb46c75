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
    const texts = topics.map(string);
    return {
      send: bytes(`*${topics.length + 1}\r\n$9\r\nSUBSCRIBE\r\n${texts.join("")}`),
      until: bytes(`*3\r\n$9\r\nsubscribe\r\n${texts.at(-1)}:${topics.length}\r\n`),
    };
  },
  belowHello: (level) => {
    const pattern = string(`${level}.*`);
    return {
      send: bytes(`*2\r\n$10\r\nPSUBSCRIBE\r\n${pattern}`),
      until: bytes(`*3\r\n$10\r\npsubscribe\r\n${pattern}:1\r\n`),
    };
  },
  publish: (topic, payload) =>
    join(`*3\r\n$7\r\nPUBLISH\r\n${string(topic)}$${payload.length}\r\n`, payload, "\r\n"),
  delivery: (topic, payload) =>
    join(`*3\r\n$7\r\nmessage\r\n${string(topic)}$${payload.length}\r\n`, payload, "\r\n"),
  deliveryBelow: (level, topic, payload) =>
    join(
      `*4\r\n$8\r\npmessage\r\n${string(`${level}.*`)}${string(topic)}$${payload.length}\r\n`,
      payload,
      "\r\n",
    ),
  replies: (subscribers) => ({ kind: "each", bytes: bytes(`:${subscribers}\r\n`) }),
  barrier: null,
  interjection: null,
};

/** A bulk string; of ASCII. */
function string(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}
