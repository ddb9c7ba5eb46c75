/**
 * Files that are read again while the program runs, when it is told to (SIGHUP) and by itself when they
 * change: certificates, accounts.
 *
 * @module
 */
import { type Clock, SYSTEM_CLOCK } from "../../clock.ts";

/** How often files are looked at, milliseconds. */
const LOOK_MS = 1_000;

/** What asked for it. */
export type ReloadReason = "SIGHUP" | "changed";

/** Files that are watched until it is closed. */
export interface FileWatch {
  /** Nothing is told from now on; may be called again. */
  close(): void;
}

/**
 * Tells `onChange` when one of the files is another one than before, or there was a SIGHUP. Call it before
 * the files are read for the first time: what changes in between is told, too.
 *
 * They are looked at once a second rather than waited for: certbot and Kubernetes do not write a file but
 * turn a symbolic link in some folder above it, and network file systems tell no changes at all. What has
 * changed is told when it has stayed as it is for a second, so a pair of files is mostly told once, whole.
 * It may not be whole yet: who finds it damaged keeps what he has, and is told again when it changes again.
 *
 * `onChange` must not throw. `every`: milliseconds between two looks.
 */
export function watchFiles(
  paths: readonly string[],
  { onChange, clock = SYSTEM_CLOCK, every = LOOK_MS }: {
    readonly onChange: (why: ReloadReason) => void;
    readonly clock?: Clock;
    readonly every?: number;
  },
): FileWatch {
  let known = paths.map((path) => stateOf(() => Deno.statSync(path))).join();
  let last = known;
  let looking = false;
  let closed = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const states = await Promise.all(paths.map((path) => Deno.stat(path).then(identity, () => GONE)));
    looking = false;
    const now = states.join();
    const rests = now === last;
    last = now;
    if (closed || !rests || now === known) return;
    known = now;
    onChange("changed");
  };
  const hangUp = (): void => onChange("SIGHUP");
  const timer = clock.every(every, () => void look());
  Deno.addSignalListener("SIGHUP", hangUp);
  return {
    close(): void {
      if (closed) return;
      closed = true;
      clock.cancel(timer);
      Deno.removeSignalListener("SIGHUP", hangUp);
    },
  };
}

/** Of a file that is not there, or may not be looked at: when that ends it has changed. */
const GONE = "gone";

function stateOf(stat: () => Deno.FileInfo): string {
  try {
    return identity(stat());
  } catch (error) {
    if (error instanceof Error) return GONE;
    throw error;
  }
}

/**
 * Differs for another file at the same path, and for what was written or permitted since. (`ctime` comes in
 * whole seconds, so it does not tell what is permitted twice in one.)
 */
function identity({ dev, ino, size, mode, mtime, ctime }: Deno.FileInfo): string {
  return `${dev}:${ino}:${size}:${mode}:${mtime?.getTime()}:${ctime?.getTime()}`;
}
