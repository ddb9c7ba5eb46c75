/**
 * Both protocols of hashbus at once: the broker writes every message anew, in the other form.
 *
 * @module
 */
import { hashbus } from "./hashbus.ts";
import { hashbus2 } from "./hashbus2.ts";
import type { Dialect } from "./types.ts";

/** A v2 publisher, classic subscribers. */
export const toClassic: Dialect = {
  ...hashbus2,
  subscriberHello: hashbus.subscriberHello,
  belowHello: hashbus.belowHello,
  delivery: hashbus.delivery,
};

/** A classic publisher, v2 subscribers. */
export const toFrames: Dialect = {
  ...hashbus,
  subscriberHello: hashbus2.subscriberHello,
  belowHello: hashbus2.belowHello,
  delivery: hashbus2.delivery,
};
