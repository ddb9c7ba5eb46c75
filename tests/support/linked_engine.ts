/**
 * An engine in memory that says it is reached as a test wants it to be.
 *
 * @module
 */
import { MemoryEngine } from "../../lib/engine/memory.ts";
import type { EngineSource } from "../../lib/engine/source.ts";
import type { LinkSnapshot } from "../../lib/engine/types.ts";

/** Numbers that can be told apart. */
export const LINK: LinkSnapshot = {
  kind: "NATS",
  server: "10.0.0.7:4222",
  up: true,
  reconnects: 1,
  inMessages: 2,
  inBytes: 300,
  outMessages: 4,
  outBytes: 500,
  pending: 60,
  refused: 7,
  unreadable: 8,
};

/** `state.link` may be changed while it is in use. */
export function linkedEngine(state: { link: LinkSnapshot }): EngineSource {
  return {
    open: (parts) => {
      const engine = new MemoryEngine(parts);
      const snapshot = engine.snapshot.bind(engine);
      return Object.assign(engine, {
        snapshot: () => ({ ...snapshot(), link: state.link }),
        trouble: () => state.link.up ? undefined : `${state.link.kind} at ${state.link.server} is away`,
      });
    },
  };
}
