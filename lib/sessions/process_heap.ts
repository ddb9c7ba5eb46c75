/**
 * The heap of this process, for {@link import("./heap_keeper.ts").HeapKeeper}.
 *
 * @module
 */
import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";
import type { Heap } from "./heap_keeper.ts";

let collectAll: (() => void) | undefined;
let trim: (() => void) | undefined;

/**
 * It needs no permission, but see {@link trimmer}. Where the runtime does not let itself be asked, it
 * collects when it likes.
 */
export const PROCESS_HEAP: Heap = {
  bytes: () => Deno.memoryUsage().rss,
  worked: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  collect: () => {
    collectAll ??= collector();
    collectAll();
    trim ??= trimmer();
    trim();
  },
};

/** `gc` is there in contexts that are made after the flag was set: the program's own stays without it. */
function collector(): () => void {
  try {
    v8.setFlagsFromString("--expose-gc");
    const found: unknown = vm.runInNewContext("gc");
    return typeof found === "function" ? () => void found() : (): void => {};
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return () => {};
  }
}

/**
 * The C library keeps up to 64 MiB of what was freed after large blocks were (it raises its own threshold).
 * It can be told to give that back where the program may call it: Linux, glibc, all permissions.
 */
function trimmer(): () => void {
  const nothing = (): void => {};
  if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "ffi" }).state !== "granted") {
    return nothing;
  }
  try {
    const { symbols } = Deno.dlopen("libc.so.6", { malloc_trim: { parameters: ["usize"], result: "i32" } });
    return () => void symbols.malloc_trim(0n);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return nothing;
  }
}
