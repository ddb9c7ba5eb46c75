/**
 * The protocols with a store behind them: the same publishes, answered when they are kept.
 *
 * @module
 */
import { hashbus2 } from "./hashbus2.ts";
import { nats } from "./nats.ts";
import { bytes, type Dialect, join } from "./types.ts";

/** Hashbus v2 with `--data`: answered after the fsync. */
export const synced2: Dialect = ofLevel("synced");

/** Hashbus v2 with `--data --sync interval`: answered after the write, the fsync comes within 100 ms. */
export const interval2: Dialect = ofLevel("memory");

/** Redis streams. The answer is the id the message got: milliseconds, and a number within them. */
export const redisStream: Dialect = {
  publisherHello: () => null,
  subscriberHello: () => null,
  belowHello: () => null,
  publish: (topic, payload) =>
    join(
      `*5\r\n$4\r\nXADD\r\n$${topic.length}\r\n${topic}\r\n$1\r\n*\r\n$1\r\nm\r\n$${payload.length}\r\n`,
      payload,
      "\r\n",
    ),
  delivery: () => new Uint8Array(0),
  replies: () => ({
    kind: "form",
    parts: [bytes("$"), "number", bytes("\r\n"), "number", bytes("-"), "number", bytes("\r\n")],
  }),
  barrier: null,
  interjection: null,
};

/** The stream that {@link jetstream} publishes into. */
export const STREAM = "bench";

/**
 * NATS JetStream: every publish names an inbox, and the acknowledgement comes there. Each connection has an inbox of its own,
 * since who shares one gets the others' too.
 */
export const jetstream: Dialect = {
  publisherHello: (publisher = 0) => {
    const { send, until } = nats.publisherHello() ?? { send: bytes(""), until: bytes("") };
    const [connect = ""] = new TextDecoder().decode(send).split("\r\n");
    return { send: bytes(`${connect}\r\nSUB ${inboxOf(publisher)} 1\r\nPING\r\n`), until };
  },
  subscriberHello: nats.subscriberHello,
  belowHello: nats.belowHello,
  publish: (topic, payload, publisher = 0) =>
    join(`PUB ${topic} ${inboxOf(publisher)} ${payload.length}\r\n`, payload, "\r\n"),
  delivery: nats.delivery,
  replies: (_subscribers, publisher = 0) => ({
    kind: "form",
    parts: [
      bytes(`MSG ${inboxOf(publisher)} 1 `),
      "number",
      bytes(`\r\n{"stream":"${STREAM}", "seq":`),
      "sequence",
      bytes("}\r\n"),
    ],
  }),
  barrier: null,
  interjection: nats.interjection,
};

function inboxOf(publisher: number): string {
  return `_INBOX.${publisher}`;
}

function ofLevel(level: "synced" | "memory"): Dialect {
  return {
    ...hashbus2,
    replies: (subscribers) => ({
      kind: "form",
      parts: [
        bytes("ok "),
        "count",
        bytes(" seq="),
        "sequence",
        bytes(` level=${level} subs=${subscribers}\n`),
      ],
    }),
  };
}
