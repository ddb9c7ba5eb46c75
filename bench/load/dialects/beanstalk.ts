/**
 * Beanstalkd: a work queue alone, so of what others do it has the publishing.
 *
 * @module
 */
import { bytes, type Dialect, join } from "./types.ts";

/** Jobs go to the tube that {@link import("../queue/beanstalk.ts")} uses. */
export const beanstalk: Dialect = {
  publisherHello: () => null,
  subscriberHello: () => null,
  belowHello: () => null,
  publish: (_topic, payload) => join(`put 1024 0 60 ${payload.length}\r\n`, payload, "\r\n"),
  delivery: () => new Uint8Array(0),
  replies: () => ({ kind: "form", parts: [bytes("INSERTED "), "number", bytes("\r\n")] }),
  barrier: null,
  interjection: null,
};
