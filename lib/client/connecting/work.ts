/**
 * What a client wants of its broker, whatever becomes of its connections.
 *
 * @module
 */
import type { Link } from "../links/link.ts";

/** What a connection carries from link to link. */
export interface Work {
  /** How much is not yet answered. */
  readonly size: number;
  /** Sends over this link from now on, over none with undefined. */
  use(link: Link | undefined): void;
  /** The trial of the link is over, and it is classic: what waited for that goes on. */
  decided(): void;
  /** Sends nothing more over the link; resolves when what is on the wire is answered, or the link ended. */
  finish(): Promise<void>;
  /** Resolves when all there is now is answered or has failed; never rejects. */
  drained(): Promise<void>;
  /** Gives everything up. */
  failAll(error: Error): void;
  /** Gives up what has not been sent. */
  failUnsent(error: Error): void;
}
