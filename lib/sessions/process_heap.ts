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

/** It needs no permission. Where the runtime does not let itself be asked, it collects when it likes. */
export const PROCESS_HEAP: Heap = {
  bytes: () => {
    const { total_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
    return heap + external;
  },
  worked: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  collect: () => {
    collectAll ??= collector();
    collectAll();
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
