/**
 * A socket that leaves from any free port, by `Deno.connect`.
 *
 * @module
 */
import { HandshakeFailed } from "./handshake_failed.ts";
import type { ClientTls, Socket, SocketAddress } from "./socket.ts";

/** Bytes per read, quiet and busy, and how few may be left of a buffer before reads go into a new one. */
const READ_BYTES = 64 * 1024;
const READ_BYTES_BUSY = 256 * 1024;
const READ_BYTES_LEAST = 8 * 1024;

/**
 * Connects from any free port. Rejects with what went wrong, as Deno tells it, or with the signal's reason.
 */
export async function connectFromAnyPort(
  { host, port, tls }: Pick<SocketAddress, "host" | "port" | "tls">,
  signal: AbortSignal,
): Promise<Socket> {
  const conn = await Deno.connect({ hostname: host, port, signal });
  if (isItself(conn.localAddr, conn.remoteAddr)) {
    conn.close();
    throw new Deno.errors.ConnectionRefused();
  }
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
  const { port: localPort } = conn.localAddr;
  return new AnyPortSocket(tls === undefined ? conn : await startTls(conn, { tls, signal }), localPort);
}

/**
 * Not `Deno.connectTls`: that leaves it to the system to hold back what is small until something else was
 * acknowledged, some 40 ms, and does not let itself be told.
 */
async function startTls(
  conn: Deno.TcpConn,
  { tls, signal }: { readonly tls: ClientTls; readonly signal: AbortSignal },
): Promise<Deno.TlsConn> {
  const secured = await Deno.startTls(conn, { hostname: tls.serverName, caCerts: [...tls.ca] });
  const close = (): void => secured.close();
  signal.addEventListener("abort", close);
  try {
    await secured.handshake();
    return secured;
  } catch (error) {
    if (!signal.aborted) secured.close();
    throw new HandshakeFailed(error);
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/**
 * The kernel connects a socket to itself when the port it leaves from is the port it goes to and nobody
 * listens there. That happens on loopback to clients that keep trying a port out of the ephemeral range, and
 * it is no broker.
 */
function isItself(local: Deno.NetAddr, remote: Deno.NetAddr): boolean {
  return local.port === remote.port && local.hostname === remote.hostname;
}

class AnyPortSocket implements Socket {
  readonly localPort: number;
  readonly #conn: Deno.Conn;
  #open = true;
  #memory = new Uint8Array(0);
  #busy = false;

  constructor(conn: Deno.Conn, localPort: number) {
    this.#conn = conn;
    this.localPort = localPort;
  }

  /** Small reads fill one buffer one after the other; no part of it is read into twice. */
  async read(): Promise<Uint8Array | null> {
    if (this.#memory.length < READ_BYTES_LEAST) {
      this.#memory = new Uint8Array(this.#busy ? READ_BYTES_BUSY : READ_BYTES);
    }
    const memory = this.#memory;
    const count = await this.#conn.read(memory);
    if (count === null) return null;
    this.#busy = count === memory.length;
    this.#memory = memory.subarray(count);
    return memory.subarray(0, count);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#conn.close();
  }
}
