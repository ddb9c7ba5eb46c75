import type { Slice } from "../../lib/buffers.ts";
import type { Route, Run } from "../../lib/engine/mod.ts";

/** A run of messages in memory that is the same in every form. */
export function runOf(route: Route, slice: Slice, count: number): Run {
  const as = (): Slice => slice;
  return { route, count, reached: 0, place: undefined, ...NONE, as, batchFrom: as, ...NOTHING };
}

const NONE = { repeats: false, ids: undefined, ttl: undefined, expires: undefined };
const NOTHING = { omit: (): void => {}, keep: (): void => {}, settle: (): void => {} };
