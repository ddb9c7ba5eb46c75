/**
 * Brokers that stand still for a while, and what clients tell meanwhile.
 *
 * @module
 */
import type { ClientEvent } from "../../lib/mod.ts";
import type { RunningBroker } from "../support/broker.ts";
import type { RawClient } from "../support/raw_client.ts";
import { within } from "../support/within.ts";

/** Stops the broker, and lets it go on after so many milliseconds or when it is called. */
export function stopFor(broker: RunningBroker, ms: number): () => void {
  broker.kill("SIGSTOP");
  const timer = setTimeout(() => broker.kill("SIGCONT"), ms);
  return () => {
    clearTimeout(timer);
    broker.kill("SIGCONT");
  };
}

/** Keeps the types of events, and lets one be waited for. */
export function watchEvents(): {
  readonly types: readonly ClientEvent["type"][];
  readonly onEvent: (event: ClientEvent) => void;
  readonly until: (type: ClientEvent["type"]) => Promise<void>;
} {
  const types: ClientEvent["type"][] = [];
  const waiting: { readonly type: ClientEvent["type"]; readonly resolve: () => void }[] = [];
  return {
    types,
    onEvent: ({ type }) => {
      types.push(type);
      for (const each of waiting) if (each.type === type) each.resolve();
    },
    until: async (type) => {
      if (types.includes(type)) return;
      const coming = new Promise<void>((resolve) => waiting.push({ type, resolve }));
      await within(() => `the event "${type}" behind ${types.join(", ") || "none"}`, coming);
    },
  };
}

/** Answers classic publishes until the connection ends; gives what came. */
export async function serveClassic(conn: RawClient, reads: string[]): Promise<void> {
  for (let line = await conn.line(); line !== undefined; line = await conn.line()) {
    reads.push(line);
    await conn.send("OK\n");
  }
}
