/**
 * Hashbus v2 at brokers that share their topics over an engine: nobody knows how many subscribers there are at
 * others, so the answer does not say (N1).
 *
 * @module
 */
import { bytes, type Dialect } from "./types.ts";
import { hashbus2 } from "./hashbus2.ts";

export const shared2: Dialect = {
  ...hashbus2,
  replies: () => ({ kind: "form", parts: [bytes("ok "), "count", bytes(" level=memory\n")] }),
};
