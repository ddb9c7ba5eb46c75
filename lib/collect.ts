/**
 * The collection of a heap that nothing else would collect.
 *
 * @module
 */
import v8 from "node:v8";
import vm from "node:vm";

let collectAll: (() => void) | undefined;

/**
 * Collects the heap of this thread; whoever runs in it waits meanwhile. It needs no permission. Where the
 * runtime does not let itself be asked, nothing happens: it collects when it likes.
 */
export function collectHeap(): void {
  collectAll ??= collector();
  collectAll();
}

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
