/**
 * What a connection begins with.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import type { Stay } from "./admission/lobby.ts";
import type { Listener } from "./listener.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import type { Transport } from "./transport.ts";

/** What a connection is made of. */
export interface ConnectionOptions {
  readonly number: number;
  readonly listener: Listener;
  readonly address: string;
  readonly transport: Transport;
  /** What it may do, where that is known before it says anything. */
  readonly grant?: Grant | undefined;
  /** Where it was waited for its first byte: what is being read, and how long it may stay without a login. */
  readonly beginning?: {
    readonly input: ReadBuffer;
    readonly read: ReturnType<Transport["read"]>;
    readonly stay: Stay;
  };
}
