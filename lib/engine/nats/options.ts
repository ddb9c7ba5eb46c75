/**
 * What an engine on NATS is made of.
 *
 * @module
 */
import type { ChunkPool } from "../../buffers.ts";
import type { HeldMemory } from "../../held_memory.ts";
import type { EngineOptions } from "../memory.ts";
import type { NatsLink } from "./port.ts";
import type { StoredSource } from "./stored_side.ts";
import type { Subjects } from "./subjects.ts";

/** What it is made of. */
export interface NatsEngineOptions extends EngineOptions {
  readonly memory: HeldMemory;
  readonly pool: ChunkPool;
  readonly subjects: Subjects;
  /** What it publishes and subscribes on: what it sends does not come back. */
  readonly link: NatsLink;
  /** What groups of topics in memory come by: there it does. */
  readonly groupLink: NatsLink;
  /** Patterns of topics in memory that NATS programs read: each message of theirs goes by itself. */
  readonly plain: readonly string[];
  /** Any text that no other broker has. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where durable topics are kept; undefined: there are none. */
  readonly stored?: StoredSource | undefined;
  /** Messages of others that cannot be read were left out. */
  readonly onUnreadable?: ((reason: string) => void) | undefined;
}
