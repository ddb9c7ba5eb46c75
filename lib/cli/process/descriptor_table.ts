/**
 * Room in the system's table of what this process has open.
 *
 * @module
 */

/** More is not asked for: the system takes 8 bytes for each. */
const ROOM_MOST = 65_536;
/** `fcntl`: the lowest descriptor from a number on, which no child gets. Linux. */
const F_DUPFD_CLOEXEC = 1030;

/**
 * Linux makes the table twice as large whenever a descriptor does not fit, at 256, 512 … 8,192, and whoever
 * opened that one waits for 7 to 80 ms until all processors know of it, where a process has several threads
 * (measured: `accept4`). In a broker that is everybody, at those connections. So room is made once, by a
 * descriptor with a high number that is closed again, in a thread that nobody waits for.
 *
 * Whether there is room: false where it is not Linux with glibc, or the program may not call that.
 */
export async function makeRoomForDescriptors(count: number): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return false;
  }
  const library = libc();
  if (library === undefined) return false;
  const { fcntl, close } = library.symbols;
  try {
    const descriptor = await fcntl(STDERR, F_DUPFD_CLOEXEC, Math.min(count, ROOM_MOST) - 1);
    return descriptor >= 0 && close(descriptor) === 0;
  } finally {
    library.close();
  }
}

/** Undefined: it is another C library. */
function libc(): Deno.DynamicLibrary<typeof SYMBOLS> | undefined {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return undefined;
  }
}

const SYMBOLS = {
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32", nonblocking: true },
  close: { parameters: ["i32"], result: "i32" },
} as const;

/** Any that is open. */
const STDERR = 2;
