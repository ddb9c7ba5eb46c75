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
  /** Undefined: plain text. */
  readonly tls?: ClientTls | undefined;
}

/** How TLS is spoken to a broker. */
export interface ClientTls {
  /** The name, or address, that its certificate has to have. */
  readonly serverName: string;
  /** Issuers that are trusted beside those the runtime does, in PEM. */
  readonly ca: readonly string[];
}
