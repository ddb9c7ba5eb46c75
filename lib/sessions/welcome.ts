/**
 * What a client is told that says hello.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import type { Limits } from "../limits.ts";
import type { Listener } from "./listener.ts";
import type { Settings } from "./settings.ts";

/** What has to be known of a broker, and of what one is here (A5). JSON has nothing undefined. */
export function welcomeOf(
  { version, engine }: Pick<Settings, "version" | "engine">,
  { listener, grant, limits }: {
    readonly listener: Listener;
    readonly grant: Grant | undefined;
    readonly limits: Limits;
  },
): Readonly<Record<string, unknown>> {
  const { line, payload, topic, patterns } = limits;
  return {
    version,
    port: listener.name,
    account: grant?.account,
    durable: engine.durable,
    ackTimeout: engine.ackTimeout,
    maxAttempts: engine.maxAttempts,
    max: { line, payload, topic, patterns },
  };
}
