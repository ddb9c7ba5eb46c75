/**
 * What each way to be durable gives on this disk, in one line of the log.
 *
 * @module
 */
import type { Log } from "../../log.ts";

/** Where a disk is memory an fsync takes nothing, and other things bound. */
const FSYNC_LEAST_MS = 0.01;

/** What an fsync took, milliseconds. */
export interface FsyncPrice {
  readonly median: number;
  readonly worst: number;
}

/** Logs what a measuring says; that it failed is worth a warning, and nothing else. */
export async function logPrice(
  measuring: Promise<FsyncPrice | undefined>,
  { log, sync }: { readonly log: Log; readonly sync: "commit" | "interval" },
): Promise<void> {
  let price: FsyncPrice | undefined;
  try {
    price = await measuring;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return log.warn("what an fsync takes here could not be measured", { reason });
  }
  if (price !== undefined) log.info(priceText(price), { sync });
}

/** The sentence for a person. */
export function priceText({ median, worst }: FsyncPrice): string {
  const took = `an fsync takes ${shown(median)} ms here (at worst ${shown(worst)})`;
  const most = rounded(1000 / Math.max(median, FSYNC_LEAST_MS)).toLocaleString("en");
  const commit =
    `--sync commit: it lets a publisher that waits for every reply get at most about ${most}/s, ` +
    `those that send ahead share one`;
  const interval =
    "--sync interval: nobody waits for it, and a power cut can cost what was acknowledged in the last 100 ms";
  return `${took}; ${commit}; ${interval}`;
}

function shown(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(0);
}

/** Two digits say all that a measuring of a moment can. */
function rounded(perSecond: number): number {
  return Number(perSecond.toPrecision(2));
}
