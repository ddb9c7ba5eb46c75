/**
 * A TCP connection of the generator.
 *
 * @module
 */
import type { Handshake } from "./dialects/mod.ts";
import type { Job } from "./job.ts";

/** How TLS is spoken to a broker. */
export interface WireTls {
  /** The issuer, in PEM. */
  readonly ca: string;
  /** The broker says a line in plain text first. */
  readonly greets: boolean;
}

/** What a job says about that. */
export function tlsOf({ ca, dialect }: Job): WireTls | undefined {
  return ca === undefined ? undefined : { ca, greets: dialect === "nats" };
}

/** Connects, agrees, and moves prepared bytes. */
export class Wire {
  readonly #connection: Deno.Conn;

  private constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Connects and, where there is something to agree on, waits until it is agreed. */
  static async open(
    address: { readonly host: string; readonly port: number; readonly tls?: WireTls | undefined },
    hello: Handshake | null,
  ): Promise<Wire> {
    const connection = await Deno.connect({ hostname: address.host, port: address.port });
    connection.setNoDelay(true);
    const wire = new Wire(address.tls === undefined ? connection : await inTls(connection, address.tls));
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

async function inTls(connection: Deno.TcpConn, { ca, greets }: WireTls): Promise<Deno.TlsConn> {
  if (greets) {
    const byte = new Uint8Array(1);
    while (await connection.read(byte) !== null && byte[0] !== 0x0a);
  }
  const secured = await Deno.startTls(connection, { hostname: "localhost", caCerts: [ca] });
  await secured.handshake();
  return secured;
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
