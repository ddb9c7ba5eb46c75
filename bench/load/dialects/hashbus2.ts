/**
 * Hashbus v2: counted payloads, one `ok <n>` for many publishes.
 *
 * @module
 */
import { bytes, type Dialect, join } from "./types.ts";

/** The broker's `info` is as long as it likes, so what is asked behind `hello` says when it has been read past. */
export const hashbus2: Dialect = {
  publisherHello: () => ({ send: bytes("p1 hello 2\nping\n"), until: bytes("\npong\n") }),
  subscriberHello: (topics) => {
    const send = `s1 hello 2\n${topics.map((topic) => `sub #${topic}\n`).join("")}`;
    // several are answered by as many `ok` as the broker makes reads of them
    return topics.length === 1
      ? { send: bytes(send), until: bytes("\nok 1\n") }
      : { send: bytes(`${send}ping\n`), until: bytes("\npong\n") };
  },
  belowHello: (level) => hashbus2.subscriberHello([`${level}.*`]),
  publish: (topic, payload) => join(`pub #${topic} ${payload.length}\n`, payload, "\n"),
  delivery: (topic, payload) => join(`pub #${topic} ${payload.length}\n`, payload, "\n"),
  replies: (subscribers) => ({
    kind: "form",
    parts: [bytes("ok "), "count", bytes(` level=memory subs=${subscribers}\n`)],
  }),
  barrier: null,
  interjection: null,
};
