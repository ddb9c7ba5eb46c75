/**
 * Whether the broker lives, and whether it is of use.
 *
 * @module
 */
import type { App, Site } from "../types.ts";

/** Both are for everybody: who looks after the process has no account. */
export function addHealth(app: App, { broker }: Site): void {
  app.get("/healthz", (asked) => asked.json({ live: true }));
  app.get("/readyz", (asked) => {
    const health = broker.health();
    return health.ready
      ? asked.json({ ready: true })
      : asked.json({ ready: false, reason: health.reason }, 503);
  });
}
