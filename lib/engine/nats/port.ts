/**
 * What the engine asks of a connection to NATS: nothing is awaited, and what comes is called back. The driver
 * behind it is `lib/nats/`.
 *
 * @module
 */

/** A header's name and value, in the order in which they are written. */
export type NatsHeaders = readonly (readonly [string, string])[];

/** A message as it came. It may have been sent by anybody who reaches NATS. */
export interface NatsMessage {
  readonly subject: string;
  /** Where an answer is to go; empty: nowhere. */
  readonly reply: string;
  /** Whether it has headers. */
  readonly hasHeaders: boolean;
  /** Undefined where it has none: read when it is asked for. */
  readonly headers: NatsHeaders | undefined;
  /** Of a message of NATS's own what it says: 404, 503; 0: it is none. */
  readonly status: number;
  /** What it says about that. */
  readonly description: string | undefined;
  /** The reader's: who needs it longer than the call that brings it copies it. */
  readonly bytes: Uint8Array;
}

/** What is subscribed to, until it is not. */
export interface NatsSubscription {
  /** What is on its way when this is called may still come, up to the next {@link NatsLink.flush}. */
  unsubscribe(): void;
  /** As that, and all that NATS has sent by then comes: where the link is up. */
  drain(): void;
}

/** What goes with a message. */
export interface NatsSending {
  readonly headers?: NatsHeaders | undefined;
  readonly reply?: string | undefined;
}

/** Figures of a link since it was made. */
export interface NatsLinkState {
  /** Its server, `host:port`; of one that is away the last. */
  readonly server: string;
  readonly version: string;
  readonly up: boolean;
  /** How often it came back. */
  readonly reconnects: number;
  readonly inMessages: number;
  readonly inBytes: number;
  readonly outMessages: number;
  readonly outBytes: number;
}

/**
 * One connection to a NATS cluster, made anew where it is lost, with everything that is subscribed to. What
 * is published and subscribed to reaches NATS in the order of the calls; while it is down nothing is kept of
 * it.
 */
export interface NatsLink {
  /** Whether NATS is there, as far as is known. */
  readonly up: boolean;
  /** Bytes a message may have, with its headers, as the server says. */
  readonly maxPayload: number;
  readonly state: NatsLinkState;
  /**
   * The bytes are read up to the next {@link flush}, and not behind it. Only while it is {@link up}; what
   * would be too large for the server throws.
   */
  publish(subject: string, bytes: Uint8Array, sending?: NatsSending): void;
  /** `queue`: of those that have it in common one gets each message. Also while it is down. */
  subscribe(
    subject: string,
    onMessage: (message: NatsMessage) => void,
    options?: { readonly queue?: string | undefined },
  ): NatsSubscription;
  /**
   * Writes what was published and subscribed to before, and calls back once: true when NATS has taken all of
   * it, false when the link went down first. Never calls back before it returns.
   */
  flush(done: (taken: boolean) => void): void;
  /** Tells, behind each read that brought messages, that it is over, and when it goes down or up. */
  watch(watcher: NatsWatcher): void;
  /** Ends it; calls back when it is over. */
  close(closed: () => void): void;
}

/** What {@link NatsLink.publish} threw, as a clause. */
export function notTaken(error: unknown): string {
  return `NATS does not take it: ${error instanceof Error ? error.message : String(error)}`;
}

/** What NATS does not let this link do. */
export interface NatsDenied {
  readonly operation: "publish" | "subscription";
  /** Where; empty where NATS does not say. */
  readonly subject: string;
  /** A clause. */
  readonly reason: string;
}

/** Who is told of a link. */
export interface NatsWatcher {
  /** All messages of a read have been handed on. */
  readonly read?: () => void;
  /** It is lost; every flush that has no answer has been answered before. */
  readonly down?: (reason: string) => void;
  /** It is back, and everything that was subscribed to has been asked for again. */
  readonly up?: () => void;
  /** Before a flush is answered that was asked for behind what is denied. */
  readonly denied?: (denied: NatsDenied) => void;
}
