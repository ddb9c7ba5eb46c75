/**
 * The protocols the generator speaks. A further one is a file beside these and a line here.
 *
 * @module
 */
import type { Dialect } from "./types.ts";
import { hashbus } from "./hashbus.ts";
import { mqtt } from "./mqtt.ts";
import { nats } from "./nats.ts";
import { redis } from "./redis.ts";
import { relay } from "./relay.ts";

export type { Dialect, Handshake } from "./types.ts";

/** By the name a job gives. */
export const DIALECTS = { hashbus, nats, redis, mqtt, relay } as const satisfies Record<string, Dialect>;

/** The name of a protocol. */
export type DialectName = keyof typeof DIALECTS;
