/**
 * The heap of this process, for {@link import("./heap_keeper.ts").HeapKeeper}.
 *
 * @module
 */
import process from "node:process";
import { collectHeap } from "../collect.ts";
import type { Heap } from "./heap_keeper.ts";

let trim: (() => void) | undefined;

/** It needs no permission, but see {@link trimmer}. */
export const PROCESS_HEAP: Heap = {
  bytes: () => Deno.memoryUsage().rss,
  worked: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  collect: () => {
    collectHeap();
    trim ??= trimmer();
    trim();
  },
};

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
