/**
 * A connection to the broker without a socket: its end, and the client library's.
 *
 * @module
 */
import type { Transport } from "../../broker/mod.ts";
import type { Socket } from "../../client/sockets/socket.ts";

/** Bytes that fit between both ends each way before who writes waits. */
const CAPACITY = 64 * 1024;

/**
 * Guarantees: bytes come in their order; who writes waits while the other side has not taken what is there
 * (as with a socket); what was written before an end is still read.
 */
export function pipe(): { readonly broker: Transport; readonly client: Socket } {
  const up = new Channel();
  const down = new Channel();
  return {
    broker: {
      read: async (into) => {
        const bytes = await up.read(into.length);
        if (bytes !== null) into.set(bytes);
        return bytes?.length ?? null;
      },
      // the broker uses its memory again
      write: async (from) => {
        await down.write(from.slice());
        return from.length;
      },
      closeWrite: () => Promise.resolve(down.end()),
      close: () => {
        down.end();
        up.abort();
      },
    },
    client: {
      localPort: 0,
      read: () => down.read(CAPACITY),
      write: (bytes) => up.write(bytes),
      closeWrite: () => Promise.resolve(up.end()),
      close: () => {
        up.end();
        down.abort();
      },
    },
  };
}

/** One direction. One reader and one writer at a time, as sockets are used here. */
class Channel {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #aborted = false;
  #changed: Array<() => void> = [];

  /** At most so many bytes. */
  async read(most: number): Promise<Uint8Array | null> {
    while (this.#chunks.length === 0 && !this.#ended && !this.#aborted) await this.#change();
    if (this.#aborted) throw new Deno.errors.BadResource("closed");
    const first = this.#chunks[0];
    if (first === undefined) return null;
    if (first.length <= most) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(most);
    const bytes = first.subarray(0, most);
    this.#bytes -= bytes.length;
    this.#wake();
    return bytes;
  }

  /** Resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#aborted || this.#ended) throw new Deno.errors.BrokenPipe("closed");
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    this.#wake();
    while (this.#bytes > CAPACITY && !this.#aborted && !this.#ended) await this.#change();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  abort(): void {
    this.#aborted = true;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}
