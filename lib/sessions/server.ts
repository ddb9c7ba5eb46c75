/**
 * The two listeners and all connections: what `broker.ts` starts and stops.
 *
 * @module
 */
import { ChunkPool } from "../buffers.ts";
import { errorReply } from "../protocols/classic/words.ts";
import { Connection } from "./connection.ts";
import type { Port } from "./context.ts";
import { acceptAll, listen } from "./listener.ts";
import type { Settings } from "./settings.ts";
import type { Transport } from "./transport.ts";

/** How a server is set up. */
export type ServerOptions = Omit<Settings, "pool" | "now">;

/** Where a server listens. */
export interface Addresses {
  readonly subscribers: Deno.NetAddr;
  readonly publishers: Deno.NetAddr;
}

/** How often stalls are looked for, milliseconds. */
const TICK_MS = 250;
/** Every so many of them memory that nobody needs is given back. */
const TRIM_TICKS = 8;

/**
 * Guarantees: connections do not feel each other; after {@link drain} nothing that was acknowledged is left undelivered, unless
 * its subscriber was cut off or the time ran out, which its result says.
 */
export class Server {
  readonly #settings: Settings;
  readonly #connections = new Map<Connection, Promise<unknown>>();
  #listeners: Deno.TcpListener[] = [];
  #ticker: ReturnType<typeof setInterval> | undefined;
  #ticks = 0;
  #lastNumber = 0;

  constructor(options: ServerOptions) {
    this.#settings = { ...options, pool: new ChunkPool(), now: () => Date.now() };
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Listens on both ports; throws RunError where it cannot. */
  listen(options: { hostname: string; subPort: number; pubPort: number }): Addresses {
    const { hostname, subPort, pubPort } = options;
    const subscribers = listen({ hostname, port: subPort, kind: "subscribers", flag: "-s" });
    this.#listeners.push(subscribers);
    let publishers: Deno.TcpListener;
    try {
      publishers = listen({ hostname, port: pubPort, kind: "publishers", flag: "-p" });
    } catch (error) {
      this.#closeListeners();
      throw error;
    }
    this.#listeners.push(publishers);
    this.#startTicking();
    void this.#accept(subscribers, "subscribers");
    void this.#accept(publishers, "publishers");
    return { subscribers: subscribers.addr, publishers: publishers.addr };
  }

  /** Serves one connection; resolves when it is over. */
  serve(transport: Transport, from: { readonly port: Port; readonly address: string }): Promise<void> {
    const { limits, log } = this.#settings;
    const { port, address } = from;
    if (this.#connections.size >= limits.connections) {
      log.warn("connection refused: too many", { port, address, limit: limits.connections });
      return turnAway(transport);
    }
    const number = ++this.#lastNumber;
    const connection = new Connection(this.#settings, { number, port, address, transport });
    this.#startTicking();
    log.debug("connection opened", { connection: number, port, address });
    const over = connection.run().then(() => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0 && this.#listeners.length === 0) this.#stopTicking();
    });
    this.#connections.set(connection, over);
    return over;
  }

  /**
   * Stops accepting, finishes what was read, lets everything queued leave, closes. After `timeout` milliseconds what is left is
   * cut off. Resolves to how many connections had something queued then.
   */
  async drain(timeout: number): Promise<number> {
    this.#closeListeners();
    let cut = 0;
    const timer = setTimeout(() => {
      for (const connection of this.#connections.keys()) {
        if (connection.outbox.queued > 0) cut++;
        connection.cut("drain timeout");
      }
    }, timeout);
    // publishers first: what they have been promised must be in the outboxes before those are emptied for the last time
    await this.#drainAll("publishers");
    await this.#drainAll("subscribers");
    clearTimeout(timer);
    this.#stopTicking();
    return cut;
  }

  async #drainAll(port: Port): Promise<void> {
    const those = [...this.#connections].filter(([connection]) => connection.session.port === port);
    await Promise.all(those.map(async ([connection, over]) => {
      await connection.drain();
      await over;
    }));
  }

  async #accept(listener: Deno.TcpListener, port: Port): Promise<void> {
    await acceptAll(listener, {
      log: this.#settings.log,
      kind: port,
      onConnection: (connection) => {
        connection.setNoDelay(true);
        void this.serve(connection, { port, address: addressOf(connection.remoteAddr) });
      },
    });
  }

  /** A process that was stopped for a while is not to find all its connections stalled: a tick counts as one tick at most. */
  #startTicking(): void {
    this.#ticker ??= setInterval(() => {
      for (const connection of this.#connections.keys()) connection.outbox.tick(TICK_MS);
      if (++this.#ticks % TRIM_TICKS === 0) this.#settings.pool.trim();
    }, TICK_MS);
  }

  #stopTicking(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #closeListeners(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
  }
}

/** Says why before it closes; a peer that is gone already does not matter. */
async function turnAway(transport: Transport): Promise<void> {
  try {
    await transport.write(errorReply("TOO_MANY_CONNECTIONS"));
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
