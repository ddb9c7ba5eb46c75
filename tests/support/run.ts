import { ChunkPool, type Slice } from "../../lib/buffers.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { type Encoding, RECORDS } from "../../lib/wire/encoding.ts";
import { type Route, Run } from "../../lib/wire/run.ts";

const pool = new ChunkPool();

/** A run of messages without fields. */
function runIn(
  encoding: Encoding,
  { route, slice, count, expires }: {
    route: Route;
    slice: Slice;
    count: number;
    expires?: number | undefined;
  },
): Run {
  const options = { route, encoding, count, pool, hasFields: false, ttl: undefined, expires };
  return new Run(slice, options);
}

/** A run of classic lines. */
export function linesOf(route: Route, slice: Slice, count: number): Run {
  return runIn(CLASSIC_LINES, { route, slice, count });
}

/** A run of records, which are not needed any more at that time. */
export function recordsOf(route: Route, slice: Slice, count: number, expires?: number): Run {
  return runIn(RECORDS, { route, slice, count, expires });
}
