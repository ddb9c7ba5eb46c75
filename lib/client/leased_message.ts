/**
 * Messages that are to be settled.
 *
 * @module
 */
import type { Message } from "./message.ts";

/**
 * A message of a group with `ack: "explicit"`: it is this client's until it says what became of it, the
 * broker's `--ack-timeout` has passed, or the connection it came over has ended; then it is given out again,
 * to any member, with `attempt` one higher.
 *
 * What is called need not be awaited one by one: calls queue and leave together. Each resolves when the
 * broker has stored it, and rejects with RefusedError (code `NOT_HELD`) where the message was not this
 * client's any more (`STORE` where it could not be stored: then it still is), with RunError (code
 * `LEASE_LOST`) where the connection has ended or the group was left before there was an answer. A rejection
 * that nobody looks at does not end the process.
 */
export interface LeasedMessage extends Message {
  /** The group that it was given out by. */
  readonly group: string;
  /** How often it has been given out with this time, from 1 on. */
  readonly attempt: number;
  /**
   * Milliseconds for which it is this client's from when it was given out, or its time was extended;
   * undefined where the broker has not said it, and for what is in memory.
   */
  readonly ackTimeout: number | undefined;
  /** How often it is given out before it is a dead letter; undefined as {@link ackTimeout} is. */
  readonly maxAttempts: number | undefined;
  /**
   * It is done with, and never given out again. A message of a topic in memory, which a pattern may take in
   * beside durable ones, was settled when it was sent: then there is nothing to do.
   */
  ack(): Promise<void>;
  /**
   * Gives it back, to be given out again at once, or in `delay` milliseconds (a day at most). What is in
   * memory cannot be (`NOT_HELD`).
   */
  nack(options?: NackOptions): Promise<void>;
  /** Its time begins anew. */
  extend(): Promise<void>;
}

/** How a message is given back. */
export interface NackOptions {
  /** Milliseconds until it is given out again, a day at most (0). */
  readonly delay?: number;
  /** Nobody has looked at it: it does not count as given out, and `attempt` stays as it is (false). */
  readonly unused?: boolean;
}

/** Whether a message is to be settled, and so has `ack`, `nack`, `extend` and `attempt`. */
export function isLeased(message: Message): message is LeasedMessage {
  return "ack" in message;
}
