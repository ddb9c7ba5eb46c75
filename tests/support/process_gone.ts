/**
 * Processes that nobody here has started.
 *
 * @module
 */

/** Resolves when a process has ended; it may be there as a zombie until who inherited it takes notice. */
export async function processGone(pid: number): Promise<void> {
  for (;;) {
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => ") X");
    if (/\) [ZX]/.test(state)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
