/**
 * Whether there is a shell to go back to when Ctrl-Z is pressed.
 *
 * @module
 */
import { mayEverything } from "../process/environment.ts";

/**
 * Whether nobody could continue this program: no ancestor of the same session is a job of its own, as in a
 * window that was opened for this program alone. The system leaves Ctrl-Z out there, and so does who asks.
 * Where that cannot be found out, there is a shell.
 */
export function isOrphaned(): boolean {
  // /proc is open to programs that may do everything, and asking for it would be a question to a person
  if (Deno.build.os !== "linux" || !mayEverything()) return false;
  const self = jobOf(Deno.pid);
  for (let pid = self?.parent ?? 0; self !== undefined && pid > 0;) {
    const ancestor = jobOf(pid);
    if (ancestor === undefined) return false;
    if (ancestor.session !== self.session) return true;
    if (ancestor.group !== self.group) return false;
    pid = ancestor.parent;
  }
  return self !== undefined;
}

function jobOf(pid: number): { parent: number; group: number; session: number } | undefined {
  try {
    // the name of the program stands in parentheses and may hold anything
    const [, parent, group, session] = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "")
      .split(" ");
    return { parent: Number(parent), group: Number(group), session: Number(session) };
  } catch {
    // no such file system, or not for us
    return undefined;
  }
}
