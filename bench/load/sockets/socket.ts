/**
 * A TCP connection whose calls return at once.
 *
 * @module
 */
import type { Handshake } from "../dialects/mod.ts";
import { endsWith, printable } from "../wire.ts";
import { calls, describe, errno } from "./libc.ts";

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;

/** Nothing to read, or no room to write. */
export const LATER = -1;

/** What is read from, and returns at once. */
export interface Source {
  /** Reads what there is: how many bytes, 0 at the end, {@link LATER} where there is nothing yet. */
  read(into: Uint8Array<ArrayBuffer>): number;
}

/** A connection. What it cannot do, it throws. */
export class Socket implements Source {
  /** Its descriptor. */
  readonly id: number;
  #closed = false;

  private constructor(id: number) {
    this.id = id;
  }

  /** Connects and agrees, and waits for that: nothing else of this process goes on meanwhile. */
  static open(
    address: { readonly host: string; readonly port: number },
    hello: Handshake | null,
    patienceSeconds: number,
  ): Socket {
    const { socket, connect, setsockopt } = calls();
    const made = new Socket(must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    try {
      const timeout = new Uint8Array(new BigInt64Array([BigInt(Math.ceil(patienceSeconds)), 0n]).buffer);
      for (const name of [SO_RCVTIMEO, SO_SNDTIMEO]) {
        must(setsockopt(made.id, SOL_SOCKET, name, timeout, timeout.length), "setsockopt");
      }
      const on = new Uint8Array(new Int32Array([1]).buffer);
      must(setsockopt(made.id, IPPROTO_TCP, TCP_NODELAY, on, on.length), "setsockopt");
      const where = sockaddr(address);
      must(connect(made.id, where, where.length), "connect");
      if (hello !== null) made.#ask(hello);
      return made;
    } catch (error) {
      made.close();
      throw error;
    }
  }

  read(into: Uint8Array<ArrayBuffer>): number {
    return this.#result(calls().recv(this.id, into, into.length, MSG_DONTWAIT), "read");
  }

  /** Writes what there is room for: how many bytes, or {@link LATER}. */
  write(bytes: Uint8Array<ArrayBuffer>): number {
    return this.#result(calls().send(this.id, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL), "write");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    calls().close(this.id);
  }

  #ask({ send, until }: Handshake): void {
    for (let at = 0; at < send.length;) {
      const rest = send.subarray(at);
      at += must(calls().send(this.id, rest, rest.length, MSG_NOSIGNAL), "write");
    }
    const buffer = new Uint8Array(64 * 1024);
    let filled = 0;
    while (!endsWith(buffer.subarray(0, filled), until)) {
      if (filled === buffer.length) throw new Error("the broker says more than was asked");
      const rest = buffer.subarray(filled);
      const got = must(calls().recv(this.id, rest, rest.length, 0), "read");
      if (got === 0) throw new Error(`the broker closed the connection: ${printable(buffer, filled)}`);
      filled += got;
    }
  }

  #result(result: number, what: string): number {
    if (result >= 0) return result;
    const error = errno();
    if (error === EAGAIN) return LATER;
    throw new Error(`${what}: ${describe(error)}`);
  }
}

/** The result of a call, or the error that it was. */
export function must(result: number, what: string): number {
  if (result < 0) throw new Error(`${what}: ${describe(errno())}`);
  return result;
}

function sockaddr(
  { host, port }: { readonly host: string; readonly port: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  // the family is the machine's, which is little-endian wherever Deno runs; port and address are the network's
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  bytes.set(host.split(".").map(Number), 4);
  return bytes;
}
