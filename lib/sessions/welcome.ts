/**
 * What a client has to know when it begins to speak v2.
 *
 * @module
 */
import type { Limits } from "../limits.ts";
import type { Listener } from "./listener.ts";
import type { Settings } from "./settings.ts";

/** The fields of `info`. JSON has nothing undefined: those are not there. */
export function welcomeOf(
  { version, engine }: Pick<Settings, "version" | "engine">,
  { listener, limits }: { readonly listener: Listener; readonly limits: Limits },
): Readonly<Record<string, unknown>> {
  const { line, payload, topic, patterns } = limits;
  return {
    version,
    port: listener.name,
    durable: engine.durable,
    ackTimeout: engine.ackTimeout,
    maxAttempts: engine.maxAttempts,
    max: { line, payload, topic, patterns },
  };
}
