/**
 * NATS core, `verbose` off: publishes are not answered, PING is the barrier.
 *
 * @module
 */
import { bytes, type Dialect, type Handshake, join } from "./types.ts";

const CONNECT = 'CONNECT {"verbose":false,"pedantic":false,"echo":false,"lang":"bench","version":"1"}\r\n';
const PONG = bytes("PONG\r\n");
const BARRIER: Handshake = { send: bytes("PING\r\n"), until: PONG };

/** The server's INFO comes unasked and is read past by the first PONG. */
export const nats: Dialect = {
  publisherHello: () => ({ send: bytes(`${CONNECT}PING\r\n`), until: PONG }),
  subscriberHello: (topics) => ({
    send: bytes(`${CONNECT}${topics.map((topic, at) => `SUB ${topic} ${at + 1}\r\n`).join("")}PING\r\n`),
    until: PONG,
  }),
  belowHello: (level) => nats.subscriberHello([`${level}.*`]),
  publish: (topic, payload) => join(`PUB ${topic} ${payload.length}\r\n`, payload, "\r\n"),
  delivery: (topic, payload, place = 0) =>
    join(`MSG ${topic} ${place + 1} ${payload.length}\r\n`, payload, "\r\n"),
  replies: () => null,
  barrier: BARRIER,
  // two seconds after a client came the server asks it for its round trip
  interjection: bytes("PING\r\n"),
};
