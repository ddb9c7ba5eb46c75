/**
 * The two ends of a connection in a world, as a client and a broker have them.
 *
 * @module
 */
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import type { Transport } from "../../../lib/sessions/mod.ts";
import type { Pipe } from "./pipe.ts";

/** What an end reads from and writes to. */
export interface Ends {
  readonly input: Pipe;
  readonly output: Pipe;
  readonly closed: () => void;
}

/** What both have. */
class End {
  closed = false;
  protected readonly ends: Ends;

  constructor(ends: Ends) {
    this.ends = ends;
  }

  closeWrite(): Promise<void> {
    this.ends.output.end();
    return Promise.resolve();
  }

  /** Who closes while input is unread resets the connection, as a system does. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { input, output, closed } = this.ends;
    const { unread } = input;
    input.closeReader();
    output.closeWriter();
    if (unread) {
      input.break();
      output.break();
    }
    closed();
  }

  protected requireOpen(): void {
    if (this.closed) throw new Deno.errors.BadResource("closed");
  }
}

/** A client's. */
export class ClientEnd extends End implements Socket {
  readonly localPort: number;

  constructor(ends: Ends, localPort: number) {
    super(ends);
    this.localPort = localPort;
  }

  async read(): Promise<Uint8Array | null> {
    this.requireOpen();
    const read = await this.ends.input.read();
    return read instanceof Uint8Array ? read : null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.requireOpen();
      at += await this.ends.output.write(bytes.subarray(at));
    }
  }
}

/** A broker's. */
export class BrokerEnd extends End implements Transport {
  async read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    this.requireOpen();
    const read = await this.ends.input.read(into);
    return typeof read === "number" ? read : null;
  }

  async write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    this.requireOpen();
    return await this.ends.output.write(from);
  }
}
