/**
 * What is stored as runs, for who gives it out in parts.
 *
 * @module
 */
import { type Chunk, type ChunkPool, Slice } from "../../buffers.ts";
import { readBatchHeader } from "../../wire/batch.ts";
import { RECORDS } from "../../wire/encoding.ts";
import { type Route, Run, type Stored } from "../../wire/run.ts";

/** What runs are made with. */
export interface RunParts {
  readonly pool: ChunkPool;
  readonly routeOf: (topic: string) => Route;
}

/** The runs of a page, which lies in a chunk; who keeps one of them keeps that. */
export function* runsOf(
  { chunk, length }: { chunk: Chunk; length: number },
  parts: RunParts,
): Generator<Run> {
  for (let at = 0; at < length;) {
    const header = readBatchHeader(chunk.bytes, at);
    at = header.records + header.length;
    const { topic, count, records, first, time } = header;
    yield storedRun(
      new Slice(chunk, records, at),
      { topic, count, stored: { first, batch: 0, time } },
      parts,
    );
  }
}

/** Records of one topic as a run. */
export function storedRun(
  slice: Slice,
  { topic, count, stored }: {
    readonly topic: string;
    readonly count: number;
    /** Where they are; undefined: they are to be stored. */
    readonly stored: Stored | undefined;
  },
  { pool, routeOf }: RunParts,
): Run {
  const run = new Run(slice, {
    route: routeOf(topic),
    encoding: RECORDS,
    count,
    pool,
    // what ids they have has been looked at when they came
    hasFields: false,
    ttl: undefined,
    expires: undefined,
  });
  run.stored = stored;
  return run;
}

/** Messages of a run in memory of their own, which is no larger than they are. */
export function copyOf(
  run: Run,
  { at, count }: { readonly at: number; readonly count: number },
  { pool, routeOf }: RunParts,
): Run {
  const part = run.part(at, count);
  const { view } = part.records;
  const chunk = pool.take(view.length);
  chunk.bytes.set(view);
  const { topic } = run.route;
  const copy = storedRun(new Slice(chunk, 0, view.length), { topic, count, stored: part.stored }, {
    pool,
    routeOf,
  });
  copy.keep();
  chunk.release();
  if (part !== run) part.release();
  return copy;
}
