/**
 * What becomes of a subscription that cannot keep up (V7).
 *
 * @module
 */

/**
 * `block`: its publishers wait. `drop-old`, `drop-new`: the oldest or the newest messages that do not fit are
 * left out. `latest`: of each topic only the newest message waits. `disconnect`: the connection ends.
 */
export type SlowPolicy = "block" | "drop-old" | "drop-new" | "latest" | "disconnect";

/** All policies, the one that keeps most first. */
export const SLOW_POLICIES: readonly SlowPolicy[] = ["block", "disconnect", "drop-new", "drop-old", "latest"];

/** Whether it is the older messages that are left out: the newest always comes (V7). */
export function keepsNewest(policy: SlowPolicy): boolean {
  return policy === "drop-old" || policy === "latest";
}
