/**
 * Changes of stored groups as promises.
 *
 * @module
 */
import type { GroupChange } from "../engine/types.ts";
import { RunError } from "../errors.ts";

/** Whether there was such a group. */
export function changed(change: (done: (outcome: GroupChange) => void) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    change((outcome) => {
      if (outcome.kind === "failed") reject(new RunError(`the group stays as it is: ${outcome.reason}`));
      else resolve(outcome.kind === "done");
    });
  });
}
