/**
 * The queues the generator knows, by the dialect that a job names.
 *
 * @module
 */
import type { DialectName } from "../dialects/mod.ts";
import { beanstalk } from "./beanstalk.ts";
import { hashbus } from "./hashbus.ts";
import { jetstream } from "./jetstream.ts";
import { redis } from "./redis.ts";
import type { Queue } from "./types.ts";

export { type Queue, type Worker } from "./types.ts";

/** Undefined: it has none. */
export const QUEUES: Partial<Record<DialectName, Queue>> = {
  synced2: hashbus,
  redisStream: redis,
  jetstream,
  beanstalk,
};
