/**
 * A TCP connection to a broker: `Deno.connect`, or `node:net` where it has to leave from a given local port, which
 * `Deno.connect` cannot do. Both behind {@link Socket}.
 *
 * @module
 */
import { connect as connectFromPort, type Socket as NodeSocket } from "node:net";
import { quote } from "../text.ts";
import type { Settings } from "./settings.ts";

/** A connected socket, no more than a link needs of one. */
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

/** Why there is no connection. */
export class DialError extends Error {
  override readonly name = "DialError";
  /** Whether another try in the next seconds could only give the same: a host that does not exist, a local port taken. */
  readonly hopeless: boolean;
  /** Whether somebody accepted a connection and did not serve it; what was said instead, if anything. */
  readonly met: boolean;
  readonly turnedAway: string | undefined;

  constructor(
    reason: string,
    { hopeless = false, met = false, turnedAway }: {
      readonly hopeless?: boolean;
      readonly met?: boolean;
      readonly turnedAway?: string;
    } = {},
  ) {
    super(reason);
    this.hopeless = hopeless;
    this.met = met || turnedAway !== undefined;
    this.turnedAway = turnedAway;
  }
}

/** Bytes per read, quiet and busy, and how few may be left of a piece of memory before reads go into a new one. */
const READ_BYTES = 64 * 1024;
const READ_BYTES_BUSY = 256 * 1024;
const READ_BYTES_LEAST = 8 * 1024;

/**
 * Connects once. Rejects with DialError, or with the signal's reason.
 * `within` is in milliseconds.
 */
export async function dial(
  to: Pick<Settings, "host" | "port" | "localPort">,
  { within, signal }: { readonly within: number; readonly signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const timer = setTimeout(() => {
    attempt.abort(new DialError(`no answer within ${Math.round(within)} ms`));
  }, within);
  try {
    return to.localPort === undefined
      ? await dialFromAnywhere(to, attempt.signal)
      : await dialFromPort(to, to.localPort, attempt.signal);
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    throw explain(error, to);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

async function dialFromAnywhere(
  { host, port }: Pick<Settings, "host" | "port">,
  signal: AbortSignal,
): Promise<Socket> {
  const conn = await Deno.connect({ hostname: host, port, signal });
  if (isItself(conn.localAddr, conn.remoteAddr)) {
    conn.close();
    throw new Deno.errors.ConnectionRefused();
  }
  conn.setNoDelay(true);
  conn.setKeepAlive(true);
  return new DenoSocket(conn);
}

/**
 * The kernel connects a socket to itself when the port it leaves from is the port it goes to and nobody listens there.
 * That happens on loopback to clients that keep trying a port out of the ephemeral range, and it is no broker.
 */
function isItself(local: Deno.NetAddr, remote: Deno.NetAddr): boolean {
  return local.port === remote.port && local.hostname === remote.hostname;
}

class DenoSocket implements Socket {
  readonly localPort: number;
  readonly #conn: Deno.TcpConn;
  #open = true;
  #memory = new Uint8Array(0);
  #busy = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.localPort = conn.localAddr.port;
  }

  /** Small reads fill one piece of memory one after the other; none is read into twice. */
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
    for (let at = 0; at < bytes.length;) at += await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
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

function dialFromPort(
  { host, port }: Pick<Settings, "host" | "port">,
  localPort: number,
  signal: AbortSignal,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connectFromPort({ host, port, localPort, noDelay: true, keepAlive: true });
  const abort = (): void => {
    socket.destroy();
    reject(signal.reason);
  };
  signal.addEventListener("abort", abort);
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    if (socket.localPort !== localPort) {
      const got = socket.localPort;
      socket.destroy();
      reject(
        new DialError(
          `local port ${localPort} was asked for and the system gave ${got}: leave the local port out`,
          { hopeless: true },
        ),
      );
    } else if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
      socket.destroy();
      reject(new Deno.errors.ConnectionRefused());
    } else {
      resolve(new PortSocket(socket, localPort));
    }
  });
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

class PortSocket implements Socket {
  readonly localPort: number;
  readonly #socket: NodeSocket;
  #failure: Error | undefined;
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: NodeSocket, localPort: number) {
    this.localPort = localPort;
    this.#socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("error", (error) => {
      this.#failure = error;
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes: Uint8Array | null = this.#socket.read();
      if (bytes !== null) return bytes;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.write(bytes, (error) => error ? reject(error) : resolve());
    return promise;
  }

  closeWrite(): Promise<void> {
    this.#socket.end();
    return Promise.resolve();
  }

  close(): void {
    this.#socket.destroy();
  }
}

function explain(error: unknown, to: Pick<Settings, "host" | "localPort">): DialError {
  if (error instanceof DialError) return error;
  const { code, message } = facts(error);
  if (to.localPort !== undefined && (code === "EADDRINUSE" || code === "EADDRNOTAVAIL")) {
    return new DialError(
      `local port ${to.localPort} is in use, or was a minute ago: choose another or leave it out`,
      { hopeless: true },
    );
  }
  if (to.localPort !== undefined && (code === "EACCES" || code === "EPERM")) {
    return new DialError(
      `local port ${to.localPort} may not be used by this user: choose one above 1023, or leave it out`,
      { hopeless: true },
    );
  }
  if (code === "EAI_AGAIN" || message.includes("Temporary failure in name resolution")) {
    return new DialError(`the name ${quote(to.host)} cannot be looked up now`);
  }
  if (code === "ENOTFOUND" || message.includes("lookup address")) {
    return new DialError(`no host is called ${quote(to.host)}: check its name`, { hopeless: true });
  }
  return new DialError(reasonOf(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ECONNABORTED: "connection aborted",
  EPIPE: "connection reset",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EADDRNOTAVAIL: "no local port is free",
};

/** What went wrong with a socket, as a clause for a person. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) return "connection refused";
  if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe) {
    return "connection reset";
  }
  const { code, message } = facts(error);
  return REASONS[code] ?? message.replace(/ \(os error \d+\)$/, "");
}

function facts(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  return { code: "code" in error ? String(error.code) : "", message: error.message };
}
