/**
 * Replies that are not known yet.
 *
 * @module
 */
import type { Acknowledgement, Receipt } from "../engine/types.ts";
import type { WireCode } from "../errors.ts";
import type { Refusal, Success } from "../protocols/types.ts";
import { refusal } from "./refusal.ts";

/** Who tells the answer in its place. */
export interface TicketOwner {
  answered(ticket: Ticket, told: "now" | "soon"): void;
}

/** What is known of a reply that is to come. */
export interface TicketOptions {
  readonly count: number;
  readonly bytes: number;
  readonly begins?: boolean;
}

/**
 * The reply to `count` requests that is not known yet: it is told once, and whatever was asked later waits
 * for it.
 */
export class Ticket implements Acknowledgement {
  answer: Refusal | Success | undefined;
  count: number;
  /** Bytes that the requests make the broker keep until they are answered. */
  readonly bytes: number;
  /** Whether those asked for behind it in the same way are answered behind it, too. */
  readonly begins: boolean;
  readonly #queue: TicketOwner;

  constructor(queue: TicketOwner, { count, bytes, begins = false }: TicketOptions) {
    this.count = count;
    this.bytes = bytes;
    this.begins = begins;
    this.#queue = queue;
  }

  /** The requests succeeded: said at once, before what comes of them. */
  succeed(success: Success): void {
    this.answer = success;
    this.#queue.answered(this, "now");
  }

  /** As {@link succeed}, but said with what else is acknowledged together with it. */
  acknowledge(receipt: Receipt): void {
    this.answer = receipt;
    this.#queue.answered(this, "soon");
  }

  /** The requests were refused for one reason. */
  refuse(code: WireCode, reason?: string): void {
    this.answer = refusal(code, reason);
    this.#queue.answered(this, "soon");
  }
}
