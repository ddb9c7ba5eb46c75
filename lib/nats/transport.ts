/**
 * The NATS client's sockets, of which none ends the process.
 *
 * Where the client is done with a socket, or hands it from one step of connecting to the next, it takes all
 * listeners off it. An error that is on its way at that moment (a reset right behind the server's last words)
 * then comes to nobody, and what comes to nobody ends the process: a broker, for a connection that is made
 * anew anyway.
 *
 * @module
 */
import {
  type ConnectionOptions,
  type NatsConnection,
  setTransportFactory,
  type Status,
} from "@nats-io/transport-node";
import { NatsConnectionImpl } from "@nats-io/transport-node";
import { nodeResolveHost, NodeTransport } from "@nats-io/transport-node/lib/node_transport.js";

/** What of a socket is needed for that. */
export interface Listened {
  on(event: "error", listener: () => void): unknown;
  removeAllListeners(event?: string | symbol): unknown;
}

/**
 * As the client's own `connect`. `first`: milliseconds that each server may take until there is a connection;
 * to come back it takes `timeout`.
 */
export async function connect(
  options: ConnectionOptions & { readonly timeout: number },
  first = options.timeout,
): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new Transport(), dnsResolveFn: nodeResolveHost });
  const connection: NatsConnection = await NatsConnectionImpl.connect({ ...options, timeout: first });
  // read anew at each attempt
  (connection as NatsConnectionImpl).options.timeout = options.timeout;
  return connection;
}

/** Calls with each status when it comes: the client's own iterator tells it behind later answers. */
export function hearStatus(connection: NatsConnection, onStatus: (status: Status) => void): void {
  Object.assign(connection.status(), { push: onStatus });
}

class Transport extends NodeTransport {
  override async dial(...where: Parameters<NodeTransport["dial"]>): ReturnType<NodeTransport["dial"]> {
    return keepListening(await super.dial(...where));
  }

  override async tlsFirst(
    ...where: Parameters<NodeTransport["tlsFirst"]>
  ): ReturnType<NodeTransport["tlsFirst"]> {
    return keepListening(await super.tlsFirst(...where));
  }

  override async startTLS(): ReturnType<NodeTransport["startTLS"]> {
    return keepListening(await super.startTLS());
  }
}

/** Somebody always hears its errors, whatever listeners are taken off. */
export function keepListening<Of extends Listened>(socket: Of): Of {
  const hear = (): void => void socket.on("error", () => {});
  const removeAll = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (...event) => {
    const same = removeAll(...event);
    hear();
    return same;
  };
  hear();
  return socket;
}
