/**
 * What connections come in by: sockets that are listened on, and the handshakes of those that speak TLS.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { SELDOM_MS } from "../limits.ts";
import type { Log, LogFields } from "../log.ts";
import { Seldom } from "../seldom.ts";
import type { TakenPlace } from "./admission/capacity.ts";
import { acceptAll, listen, type Listener, type ListenSpec } from "./listener.ts";
import { refusal } from "./refusal.ts";
import { Handshakes } from "./tls/handshakes.ts";
import type { CertificateSnapshot, TlsSource } from "./tls/types.ts";
import type { Transport } from "./transport.ts";

/** A socket that is listened on. */
export interface Listening {
  /** Its listener's. */
  readonly name: string;
  /** Where, with the port that was taken. */
  readonly address: Deno.NetAddr;
  /** What who connects there is shown now; left out: it is plain text that is spoken there. */
  readonly certificate?: CertificateSnapshot;
}

/** Where somebody comes from, and by what. */
export interface Arrival {
  readonly listener: Listener;
  /** As logs and snapshots show it. */
  readonly address: string;
}

/** Whose entrance it is. */
export interface EntranceOwner {
  readonly log: Log;
  readonly clock: Clock;
  /** Resolves when others had their turn. */
  turned(): Promise<void>;
  /**
   * Somebody begins a handshake: a place that is left when that is over, undefined where there may be no more
   * from there.
   */
  comes(arrival: Arrival): TakenPlace | undefined;
  /** Somebody is there. */
  serve(transport: Transport, arrival: Arrival): Promise<void>;
  /** No file descriptor is left. */
  exhausted(): void;
  /** A defect of ours. */
  failed(error: unknown): void;
}

/** One of those sockets, and what it is to be. */
interface OpenSocket {
  readonly socket: Deno.TcpListener;
  readonly spec: ListenSpec;
}

/** Guarantees: who does not finish a handshake is not there; behind {@link close} nobody comes in. */
export class Entrance {
  readonly #owner: EntranceOwner;
  #sockets: OpenSocket[] = [];
  readonly #handshakes: Handshakes;
  readonly #tls = new Seldom(SELDOM_MS);

  constructor(owner: EntranceOwner) {
    this.#owner = owner;
    const { clock, log } = owner;
    this.#handshakes = new Handshakes({ clock, log, turned: () => owner.turned() });
  }

  /** What is listened on. */
  get listening(): Listening[] {
    return this.#sockets.map(listeningOf);
  }

  /** How many handshakes are under way, which are no connections yet. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** Listens on all of them or, where it cannot, on none of them and throws RunError. */
  listen(specs: readonly ListenSpec[]): Listening[] {
    const sockets: OpenSocket[] = [];
    try {
      for (const spec of specs) sockets.push({ socket: listen(spec), spec });
    } catch (error) {
      for (const { socket } of sockets) socket.close();
      throw error;
    }
    this.#sockets.push(...sockets);
    for (const each of sockets) this.#accept(each);
    return sockets.map(listeningOf);
  }

  /** Listens no more, and ends handshakes. */
  close(): void {
    for (const { socket } of this.#sockets) socket.close();
    this.#sockets = [];
    this.#handshakes.close();
  }

  /** Somebody spoke TLS where it is not spoken. */
  tellTls({ listener, address }: Arrival): void {
    const { clock, log } = this.#owner;
    const fields: LogFields = { listener: listener.name, address };
    this.#tls.happened(clock.now(), (times) => {
      log.warn("TLS on a port without: connect without TLS, or start the broker with --tls-cert", {
        ...fields,
        times,
      });
    });
  }

  #accept({ socket, spec }: OpenSocket): void {
    const owner = this.#owner;
    void acceptAll(socket, {
      log: owner.log,
      clock: owner.clock,
      name: spec.name,
      onConnection: (connection) => {
        connection.setNoDelay(true);
        connection.setKeepAlive(true);
        const arrival = { listener: spec, address: addressOf(connection.remoteAddr) };
        if (spec.tls === undefined) void owner.serve(connection, arrival);
        else void this.#serveInTls(connection, { arrival, tls: spec.tls });
      },
      turned: () => owner.turned(),
      // who is to speak TLS could not read it
      turnAway: (connection) => spec.tls === undefined ? turnAway(connection, spec) : closed(connection),
      exhausted: () => owner.exhausted(),
    });
  }

  async #serveInTls(
    connection: Deno.TcpConn,
    { arrival, tls }: { readonly arrival: Arrival; readonly tls: TlsSource },
  ): Promise<void> {
    const owner = this.#owner;
    const place = owner.comes(arrival);
    if (place === undefined) return connection.close();
    try {
      const accepted = { transport: connection, ...arrival };
      const transport = await this.#handshakes.shake(accepted, tls).finally(() => place.leave());
      if (transport === undefined) return;
      // it may have been closed meanwhile
      if (this.#sockets.some(({ spec }) => spec === arrival.listener)) await owner.serve(transport, arrival);
      else transport.close();
    } catch (error) {
      owner.failed(error);
    }
  }
}

function listeningOf({ socket, spec: { name, tls } }: OpenSocket): Listening {
  const address = socket.addr;
  return tls === undefined ? { name, address } : { name, address, certificate: tls.certificate };
}

function closed(connection: Deno.TcpConn): Promise<void> {
  connection.close();
  return Promise.resolve();
}

/** Says why before it closes; a peer that is gone already does not matter. */
export async function turnAway(transport: Transport, { protocol }: Listener): Promise<void> {
  try {
    await transport.write(protocol.turnAway(refusal("TOO_MANY_CONNECTIONS")));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  } finally {
    transport.close();
  }
}

/** `127.0.0.1:40412`; an IPv4 address that came in by an IPv6 socket in its IPv4 form. */
function addressOf(address: Deno.Addr): string {
  if (address.transport !== "tcp") return address.transport;
  const hostname = address.hostname.replace(/^::ffff:(?=\d+\.)/, "");
  return hostname.includes(":") ? `[${hostname}]:${address.port}` : `${hostname}:${address.port}`;
}
