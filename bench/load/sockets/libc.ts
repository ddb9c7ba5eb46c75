/**
 * The calls of the C library that the crowds of the generator are made of, on Linux.
 *
 * Why not `Deno.connect`: the runtime serves at most 128 operations a round and wakes those it left out behind the others, so of
 * hundreds of busy connections some are starved, and a client that starves its own measures itself. `epoll` is fair, and a call
 * adds a tenth of a microsecond.
 *
 * Lengths are said as 32 bits, which both ways of calling C here widen with zeros: a size_t would make a bigint a call.
 *
 * @module
 */

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  strerror: { parameters: ["i32"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

type Calls = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

let opened: Calls | null = null;

/** The calls. Throws where there are none. */
export function calls(): Calls {
  return opened ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/** Why the last call failed. To be asked for before anything else is called. */
export function errno(): number {
  const at = calls().__errno_location();
  return at === null ? 0 : new Deno.UnsafePointerView(at).getInt32();
}

/** What the number of an error means. */
export function describe(error: number): string {
  const at = calls().strerror(error);
  return at === null ? `error ${error}` : new Deno.UnsafePointerView(at).getCString();
}
