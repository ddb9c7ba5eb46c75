import type { Slice } from "../../lib/buffers.ts";
import type { Route, Run } from "../../lib/engine/mod.ts";

/** A run of messages in memory that is the same in every form. */
export function runOf(route: Route, slice: Slice, count: number): Run {
  return { route, count, reached: 0, place: undefined, ids: undefined, as: () => slice, ...NOTHING };
}

const NOTHING = { omit: (): void => {}, keep: (): void => {}, settle: (): void => {} };
