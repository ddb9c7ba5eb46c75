/**
 * A socket that leaves from a given local port, by `node:net`.
 *
 * @module
 */
import { connect, type Socket as NodeSocket } from "node:net";
import { ConnectError } from "./connect_error.ts";
import type { Socket, SocketAddress } from "./socket.ts";

/**
 * Connects from a given port. Rejects with ConnectError, with what node:net tells, or with the signal's
 * reason.
 */
export async function connectFromPort(
  { host, port, tls }: Pick<SocketAddress, "host" | "port" | "tls">,
  { localPort, signal }: { readonly localPort: number; readonly signal: AbortSignal },
): Promise<Socket> {
  const socket = await connectPlainly({ host, port }, { localPort, signal });
  if (tls === undefined) return new FixedPortSocket(socket, localPort);
  // who speaks no TLS starts without what it takes to
  const { startNodeTls } = await import("./node_tls.ts");
  return new FixedPortSocket(await startNodeTls(socket, { tls, signal }), localPort);
}

function connectPlainly(
  { host, port }: Pick<SocketAddress, "host" | "port">,
  { localPort, signal }: { readonly localPort: number; readonly signal: AbortSignal },
): Promise<NodeSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<NodeSocket>();
  const socket = connect({ host, port, localPort, noDelay: true, keepAlive: true });
  const abort = (): void => {
    socket.destroy();
    reject(signal.reason);
  };
  signal.addEventListener("abort", abort);
  socket.once("error", reject);
  socket.once("connect", () => {
    if (socket.localPort !== localPort) {
      const got = socket.localPort;
      socket.destroy();
      reject(
        new ConnectError(
          `local port ${localPort} was asked for and the system gave ${got}: leave the local port out`,
          { permanent: true },
        ),
      );
    } else if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
      socket.destroy();
      reject(new Deno.errors.ConnectionRefused());
    } else {
      resolve(socket);
    }
  });
  return promise.finally(() => signal.removeEventListener("abort", abort));
}

class FixedPortSocket implements Socket {
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
