/**
 * What travels through a broker without sockets, in {@link import("./against.ts")}.
 *
 * @module
 */
import type { Protocol } from "./inputs.ts";

/** One of them: a publisher, and who gets what it publishes. */
export interface Journey {
  readonly protocol: Protocol;
  /** Bytes of a message. */
  readonly size: number;
  readonly subscribers: number;
  /** Each message goes to another of so many. */
  readonly topics: number;
}

const ALONE = { size: 128, subscribers: 1, topics: 1 };

/** By the names they are asked for by. */
export const JOURNEYS: Readonly<Record<string, Journey>> = {
  "v2": { ...ALONE, protocol: "v2" },
  "classic": { ...ALONE, protocol: "classic" },
  "v2, 16 B": { ...ALONE, protocol: "v2", size: 16 },
  "classic, 16 B": { ...ALONE, protocol: "classic", size: 16 },
  "v2, 1 → 100": { ...ALONE, protocol: "v2", subscribers: 100 },
  "classic, 1 → 100": { ...ALONE, protocol: "classic", subscribers: 100 },
  "v2, 1,000 topics": { ...ALONE, protocol: "v2", topics: 1000 },
  "classic, 1,000 topics": { ...ALONE, protocol: "classic", topics: 1000 },
};
