/**
 * A connection inside TLS, by `node:tls` over any other transport.
 *
 * @module
 */
import type { TLSSocket } from "node:tls";
import type { Transport } from "../transport.ts";
import type { Carrier } from "./carrier.ts";

/**
 * Bytes that are encrypted at a time: what is encrypted and not taken is in no account, and what is more
 * than three records leaves in two writes.
 */
const WRITE_MOST = 3 * 16 * 1024;

/**
 * Guarantees: what the other side ends, with or without a farewell of TLS, is the end of input; whatever
 * else goes wrong rejects as a connection that broke.
 */
export class TlsTransport implements Transport {
  readonly localAddr?: Deno.Addr;
  readonly remoteAddr?: Deno.Addr;
  readonly #socket: TLSSocket;
  readonly #carrier: Carrier;
  #failure: Error | undefined;
  #ended = false;
  /** What was decrypted and not read: what one read below brought. */
  #pieces: Uint8Array[] = [];
  #wake: (() => void) | undefined;

  /** With a socket whose handshake is done, and what it is spoken over, which goes over `transport`. */
  constructor(socket: TLSSocket, { carrier, transport }: {
    readonly carrier: Carrier;
    readonly transport: Transport;
  }) {
    this.#socket = socket;
    this.#carrier = carrier;
    if (transport.localAddr !== undefined) this.localAddr = transport.localAddr;
    if (transport.remoteAddr !== undefined) this.remoteAddr = transport.remoteAddr;
    carrier.rest();
    socket.on("data", (bytes: Uint8Array) => {
      this.#pieces.push(bytes);
      this.#awake();
    });
    socket.on("end", () => this.#over());
    socket.on("close", () => this.#over());
    socket.on("error", (error) => {
      this.#failure ??= connectionError(carrier.failure ?? error);
      this.#awake();
    });
  }

  async read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    while (this.#pieces.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#carrier.want();
      });
    }
    return this.#take(into);
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    const bytes = from.length > WRITE_MOST ? from.subarray(0, WRITE_MOST) : from;
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null): void => {
        // node:tls says that it was written also where what is below has failed just now
        const failure = this.#failed(error);
        if (failure === undefined) resolve(bytes.length);
        else reject(failure);
      };
      if (this.#failed() === undefined) this.#socket.write(bytes, done);
      else done();
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => {
        const failure = this.#failed(error);
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
  }

  /** The farewell of TLS leaves if there is room for it at this moment. */
  close(): void {
    if (this.#failed() === undefined) this.#socket.end();
    this.#failure ??= new Deno.errors.BadResource("closed");
    this.#pieces = [];
    // node:tls writes the farewell behind what is being done now
    queueMicrotask(() => this.#carrier.destroy());
    this.#awake();
  }

  /** Why nothing more can be said, if that is so. */
  #failed(error?: Error | null): Error | undefined {
    if (this.#failure !== undefined) return this.#failure;
    const why = this.#carrier.failure ?? error;
    if (why !== undefined && why !== null) return connectionError(why);
    return this.#carrier.destroyed ? new Deno.errors.BrokenPipe("the connection is over") : undefined;
  }

  #take(into: Uint8Array): number {
    let filled = 0;
    let done = 0;
    for (const piece of this.#pieces) {
      const room = into.length - filled;
      if (piece.length > room) {
        into.set(piece.subarray(0, room), filled);
        this.#pieces[done] = piece.subarray(room);
        filled += room;
        break;
      }
      into.set(piece, filled);
      filled += piece.length;
      done++;
    }
    this.#pieces.splice(0, done);
    return filled;
  }

  #over(): void {
    this.#ended = true;
    this.#awake();
  }

  #awake(): void {
    this.#carrier.rest();
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** What node:tls says, or what was below it, as an error that sessions know for a connection's. */
function connectionError(error: Error): Error {
  return "code" in error ? new Deno.errors.ConnectionAborted(`TLS: ${error.message}`) : error;
}
