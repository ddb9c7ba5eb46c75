/**
 * What the client library is asked for and what it gives.
 *
 * @module
 */

/** How to reach the broker, and what to do when it is not there. */
export interface ConnectOptions {
  /** This client's id: one word, without white space, control or invisible characters. */
  readonly id: string;
  /** The broker's host name or address (127.0.0.1). */
  readonly host?: string;
  /** The broker's port (publishers 9000, subscribers 9090). */
  readonly port?: number;
  /** Leave from this local port; any free one when left out. */
  readonly localPort?: number;
  /** Milliseconds to keep trying at the start (5,000); 0 tries once. */
  readonly connectTimeout?: number;
  /** Whether a lost connection is tried again, with growing pauses, until the client is closed (true). */
  readonly reconnect?: boolean;
  /** Told how the connection fares. What it throws is reported as an uncaught error. */
  readonly onEvent?: (event: ClientEvent) => void;
  /** Aborts connecting; without effect once connected. */
  readonly signal?: AbortSignal;
}

/** How the connection fares. `reason` is a clause for a person: `connection refused`. */
export type ClientEvent =
  /** The first connection is there. */
  | { readonly type: "connected"; readonly address: string; readonly localPort: number }
  /** The connection ended and will be tried again. */
  | { readonly type: "lost"; readonly reason: string }
  /** The next try follows after `delay` milliseconds. */
  | {
    readonly type: "retrying";
    readonly attempt: number;
    readonly delay: number;
    readonly reason: string;
  }
  /** A lost connection is back, with every pattern subscribed again. */
  | { readonly type: "restored"; readonly address: string };

/** Publishes. Ends with {@link close} or `await using`. */
export interface Publisher extends AsyncDisposable {
  /**
   * Publishes, and resolves when the broker has acknowledged it. Need not be awaited one by one: calls queue and leave in
   * order, one request at a time. What is queued is held in memory, so a loop without end awaits now and then: the
   * promise is the backpressure. The payload is copied at once; the classic protocol carries any byte but LF, and a
   * broker drops a CR at its very end.
   *
   * Rejects with RefusedError when the broker (or this client, before sending) refuses this one message, and with
   * RunError when it cannot be delivered any more. A rejection that nobody looks at never ends the process; losing the
   * connection for good is told by {@link close} and {@link closed} too, a refusal only here.
   */
  publish(topic: string, payload?: string | Uint8Array): Promise<void>;
  /** How many were published and not yet acknowledged. */
  readonly pending: number;
  /** Resolves when everything published so far is acknowledged or has failed. */
  drained(): Promise<void>;
  /**
   * Waits for what is pending, however long the broker takes over it, says goodbye and closes. While the connection is lost it waits another `connectTimeout`
   * for it to come back, then rejects with RunError, as do the publishes it gave up. After the broker was lost for good it
   * rejects with that error; `await using` does not repeat it.
   */
  close(): Promise<void>;
  /** Settles when it is over: resolves after {@link close}, rejects with RunError when the broker was lost for good. */
  readonly closed: Promise<void>;
}

/** Subscribes; iterate over it for the messages. Ends with {@link close} or `await using`. */
export interface Subscriber extends AsyncDisposable, AsyncIterable<Message> {
  /**
   * Subscribes to a topic or pattern, and resolves when the broker has acknowledged it. A pattern that is already
   * subscribed resolves without asking again. Replies come in one stream with the messages: while the consumer is far
   * behind, they wait too. Rejects with RefusedError or RunError; as with `publish`, a rejection
   * nobody looks at never ends the process.
   */
  subscribe(pattern: string): Promise<void>;
  /** Takes a subscription back. Messages that were on their way may still come. */
  unsubscribe(pattern: string): Promise<void>;
  /** What is subscribed, as acknowledged, in the form with `#`. It is what a restored connection subscribes again. */
  readonly patterns: ReadonlySet<string>;
  /** Says goodbye and closes. The iteration still gives what had arrived, then ends. Never rejects for a lost broker. */
  close(): Promise<void>;
  /** Settles when it is over: resolves after {@link close}, rejects with RunError when the broker was lost for good. */
  readonly closed: Promise<void>;
  /**
   * The messages, each once. One consumer at a time: a second iterator throws while the first is in use (leaving a
   * `for await` loop frees it). While about 1 MiB waits for the consumer, nothing more is read from the broker. When
   * the broker was lost for good, the iteration throws that RunError after what had arrived.
   */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined>;
}

/** A message that arrived. */
export interface Message {
  /** With its `#`. */
  readonly topic: string;
  /** Never changes; it may be a view of a piece of up to 64 KiB, so `slice()` what is to be kept for long. */
  readonly payload: Uint8Array;
  /** The payload as text, decoded when first asked for; what is not UTF-8 is U+FFFD in it. */
  readonly text: string;
}
