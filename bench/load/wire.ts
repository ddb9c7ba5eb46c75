/**
 * A TCP connection of the generator.
 *
 * @module
 */
import type { Handshake } from "./dialects/mod.ts";

/** Connects, agrees, and moves prepared bytes. */
export class Wire {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects and, where there is something to agree on, waits until it is agreed. */
  static async open(
    address: { readonly host: string; readonly port: number },
    hello: Handshake | null,
  ): Promise<Wire> {
    const connection = await Deno.connect({ hostname: address.host, port: address.port });
    connection.setNoDelay(true);
    const wire = new Wire(connection);
    if (hello !== null) await wire.ask(hello);
    return wire;
  }

  /** Sends and reads until the peer's answer has come. Nothing else may be reading. */
  async ask(question: Handshake): Promise<void> {
    await this.write(question.send);
    const buffer = new Uint8Array(Math.max(4096, 2 * question.until.length));
    let filled = 0;
    while (!endsWith(buffer.subarray(0, filled), question.until)) {
      if (filled === buffer.length) {
        buffer.copyWithin(0, filled - question.until.length, filled);
        filled = question.until.length;
      }
      const got = await this.#connection.read(buffer.subarray(filled));
      if (got === null) throw new Error(`the broker closed the connection: ${printable(buffer, filled)}`);
      filled += got;
    }
  }

  /** Writes all of it. */
  async write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      at += await this.#connection.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }

  /** Reads some; `null` at the end. */
  read(into: Uint8Array): Promise<number | null> {
    return this.#connection.read(into);
  }

  /** Ends it; a pending read or write fails. */
  close(): void {
    this.#connection.close();
  }
}

/** Whether `bytes` end with `end`. */
export function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const from = bytes.length - end.length;
  return from >= 0 && end.every((byte, at) => bytes[from + at] === byte);
}

/** The beginning of what was read, for an error. */
export function printable(bytes: Uint8Array, filled: number): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(0, Math.min(filled, 80))));
}
