/**
 * What it takes here to have something on disk: the price of a commit.
 *
 * @module
 */
import { DATABASE_PAGE_BYTES } from "../sqlite/schema.ts";

/** Bytes a small commit writes to the log: three pages, each with a header. */
const WRITE_BYTES = 3 * (DATABASE_PAGE_BYTES + 24);
/**
 * The measuring ends after so many writes or milliseconds, whichever is first; the first few are not counted.
 */
const WRITES_MOST = 60;
const MEASURE_MS = 250;
const WARM_UP = 3;
/** Writes until the file is written over from its start, as the log is. */
const WRITES_IN_FILE = 16;

/** What an fsync took, milliseconds. */
export interface FsyncPrice {
  readonly median: number;
  readonly worst: number;
  readonly writes: number;
}

/**
 * Writes to a file of its own in a directory, each time with an fsync, for about a quarter of a second;
 * undefined: the signal came first. The event loop goes on meanwhile. Nothing of the file is left, however
 * the process ends, and it is open when the call returns. Rejects with what the system says.
 */
export async function measureFsync(dir: string, signal: AbortSignal): Promise<FsyncPrice | undefined> {
  const path = `${dir}/hashbus.price`;
  const file = Deno.openSync(path, { create: true, truncate: true, read: true, write: true, mode: 0o600 });
  // a file without a name goes with the process; where an open file keeps its name it is removed at the end
  let named = true;
  try {
    if (Deno.build.os !== "windows") {
      Deno.removeSync(path);
      named = false;
    }
    return await measure(file, signal);
  } finally {
    file.close();
    if (named) await Deno.remove(path);
  }
}

async function measure(file: Deno.FsFile, signal: AbortSignal): Promise<FsyncPrice | undefined> {
  const bytes = crypto.getRandomValues(new Uint8Array(WRITE_BYTES));
  const times: number[] = [];
  const start = performance.now();
  for (let write = 0; write < WRITES_MOST && performance.now() - start < MEASURE_MS; write++) {
    if (signal.aborted) return undefined;
    if (write % WRITES_IN_FILE === 0) await file.seek(0, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    const before = performance.now();
    await file.sync();
    times.push(performance.now() - before);
  }
  return priceOf(times);
}

/**
 * What a commit costs by what so many writes took, in their order; undefined: there was none. Without the
 * first few, as long as one is left.
 */
export function priceOf(times: readonly number[]): FsyncPrice | undefined {
  const counted = times.slice(Math.min(WARM_UP, times.length - 1)).sort((a, b) => a - b);
  const median = counted[Math.floor(counted.length / 2)];
  return median === undefined
    ? undefined
    : { median, worst: counted.at(-1) ?? median, writes: counted.length };
}
