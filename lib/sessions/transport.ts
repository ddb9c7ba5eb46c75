/**
 * What a connection is made of: the part of `Deno.Conn` that sessions use, so that a test can put an
 * in-memory pair there.
 *
 * @module
 */

/** A byte stream both ways. Reads and writes reject once it is closed. */
export interface Transport {
  /** Fills a part of `into` and says how much; null at the end of input. */
  read(into: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** Writes a part of `from` and says how much. */
  write(from: Uint8Array<ArrayBuffer>): Promise<number>;
  /** Ends the output; input goes on. */
  closeWrite(): Promise<void>;
  /** Ends both directions at once. */
  close(): void;
  /** Where it ends here, if the system knows it by its ends. */
  readonly localAddr?: Deno.Addr;
  /** Where it ends there. */
  readonly remoteAddr?: Deno.Addr;
}
