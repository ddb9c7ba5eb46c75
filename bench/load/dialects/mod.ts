/**
 * The protocols the generator speaks. A further one is a file beside these and a line here.
 *
 * @module
 */
import type { Dialect } from "./types.ts";
import { beanstalk } from "./beanstalk.ts";
import { toClassic, toFrames } from "./crossed.ts";
import { interval2, jetstream, redisStream, synced2 } from "./durable.ts";
import { hashbus } from "./hashbus.ts";
import { hashbus2 } from "./hashbus2.ts";
import { mqtt } from "./mqtt.ts";
import { nats } from "./nats.ts";
import { redis } from "./redis.ts";
import { relay } from "./relay.ts";
import { shared2 } from "./shared2.ts";

export type { Dialect, FormPart, Handshake, Replies } from "./types.ts";

/** By the name a job gives. */
export const DIALECTS = {
  hashbus2,
  hashbus,
  shared2,
  toClassic,
  toFrames,
  nats,
  redis,
  mqtt,
  relay,
  synced2,
  interval2,
  redisStream,
  jetstream,
  beanstalk,
} as const satisfies Record<string, Dialect>;

/** The name of a protocol. */
export type DialectName = keyof typeof DIALECTS;
