/**
 * What a publisher is told of a message.
 *
 * @module
 */

/** How far this very message got, as far as the broker says: a classic one says nothing. */
export interface Receipt {
  /** The sequence number a durable topic gave it. */
  readonly seq?: number;
  /**
   * What holds from now on. `memory`: it is in the outbox of every subscriber there was, in the broker's
   * memory. `synced`: it is on the broker's disk. `engine`: the broker's engine has it, in a way of its own.
   */
  readonly level?: "memory" | "synced" | "engine";
  /** Subscribers that get it. */
  readonly subs?: number;
}
