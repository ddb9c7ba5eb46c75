/**
 * Who beside its owner may do what with a file that should be its owner's alone.
 *
 * @module
 */

/** What is wrong with it, a clause; undefined: nothing. `consequence`: of others' writing it. */
export function exposureOf(mode: number | null, consequence: string): string | undefined {
  if (mode === null || Deno.build.os === "windows") return undefined;
  const shown = `mode ${(mode & 0o777).toString(8).padStart(4, "0")}: chmod 600`;
  if ((mode & 0o022) !== 0) return `others than its owner may write it, ${consequence} (${shown})`;
  if ((mode & 0o004) !== 0) return `everybody on this machine may read it (${shown})`;
  return undefined;
}
