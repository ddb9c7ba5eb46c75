/**
 * How an engine that others share is reached.
 *
 * @module
 */

/** As plain data; what is counted is since the engine was made. */
export interface LinkSnapshot {
  /** What is there: NATS. */
  readonly kind: string;
  /** The server it is connected to, or was last: host and port. */
  readonly server: string;
  /** Whether it is connected now. */
  readonly up: boolean;
  /** How often it was connected again. */
  readonly reconnects: number;
  /** Messages and bytes that came, as the engine counts them: a run of many may be one. */
  readonly inMessages: number;
  /** As they came. */
  readonly inBytes: number;
  /** Those that were sent. */
  readonly outMessages: number;
  /** As they were sent. */
  readonly outBytes: number;
  /** Bytes that were sent, and that it is not known of yet whether the engine took them. */
  readonly pending: number;
  /** Messages that publishers were refused since the engine was not there. */
  readonly refused: number;
  /** Messages that came and were nothing that could be delivered. */
  readonly unreadable: number;
}
