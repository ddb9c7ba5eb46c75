/**
 * What scripts print.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Writes a line, whole. `false` when nobody reads any more. */
export function printLine(line: string, to: typeof Deno.stdout | typeof Deno.stderr = Deno.stdout): boolean {
  const bytes = encoder.encode(`${line}\n`);
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** The signals that ask a script to end. */
export const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];
