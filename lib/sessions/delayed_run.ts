/**
 * Publishes that are to be delivered later (D9).
 *
 * @module
 */
import { type ChunkPool, Slice } from "../buffers.ts";
import type { Engine, Route } from "../engine/types.ts";
import { DELAY_MOST_MS } from "../limits.ts";
import type { Decoder } from "../protocols/decoder.ts";
import type { Refusal } from "../protocols/types.ts";
import { AT_MOST_PROBLEM, DELAY_NOT_STORED_PROBLEM, writeWithoutDelay } from "../wire/delay.ts";
import { RECORDS } from "../wire/encoding.ts";
import { Run } from "../wire/run.ts";
import { refusal } from "./refusal.ts";

/** Where publishes lie, and what judges them. */
export interface DelayedRunOptions {
  readonly slice: Slice;
  readonly engine: Engine;
  readonly pool: ChunkPool;
  readonly now: () => number;
}

/**
 * Publishes with a `delay=` or an `at=` as a run without these fields, in memory of its own that goes with
 * it; or why they are refused. Those that are due already are as any others.
 */
export function delayedRun(
  route: Route,
  { count, delay, encoding, hasFields, ttl }: Pick<
    Decoder,
    "count" | "delay" | "encoding" | "hasFields" | "ttl"
  >,
  { slice, engine, pool, now }: DelayedRunOptions,
): Run | Refusal {
  if (delay === undefined) throw new TypeError("what is not delayed has its own way");
  if (!engine.stores(route)) return refusal("BAD_FIELD", DELAY_NOT_STORED_PROBLEM);
  const time = now();
  const due = delay.kind === "after" ? time + delay.ms : delay.ms;
  if (due > time + DELAY_MOST_MS) return refusal("BAD_FIELD", AT_MOST_PROBLEM);
  const later = due > time;
  const options = { route, count, pool, hasFields, ttl };
  const expires = ttl === undefined || later ? undefined : time + ttl;
  const came = new Run(slice, { ...options, encoding, expires });
  const { chunk, start, end } = came.records;
  const own = pool.take(end - start);
  const { topicBytes } = route;
  const length = writeWithoutDelay({ bytes: chunk.bytes, start, end, count, topicBytes }, own.bytes);
  came.release();
  const run = new Run(new Slice(own, 0, length), {
    ...options,
    encoding: RECORDS,
    expires,
    due: later ? due : undefined,
  });
  run.keep();
  own.release();
  return run;
}
