/**
 * A connected socket, however it came to be.
 *
 * @module
 */

/** No more than a link needs of a socket. */
export interface Socket {
  readonly localPort: number;
  /** The next bytes, which nobody writes to afterwards; null at the end. One read at a time. */
  read(): Promise<Uint8Array | null>;
  /** Writes all of it. One write at a time. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends what is said; the other side may still speak. */
  closeWrite(): Promise<void>;
  /** Ends it both ways and a read that waits; may be called again. */
  close(): void;
}

/** Where a socket goes to, and the port it leaves from; undefined: any free one. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
  readonly localPort: number | undefined;
}
