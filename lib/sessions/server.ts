/**
 * All listeners and all connections of a broker.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import type { Timer } from "../clock.ts";
import { AccountUses } from "./admission/account_uses.ts";
import { Lobby } from "./admission/lobby.ts";
import { hostOf, NetworkCounts, networkOf } from "./admission/networks.ts";
import { Connection } from "./connection.ts";
import type { ConnectionSnapshot } from "./connection_snapshot.ts";
import { acceptAll, listen, type Listener, type ListenSpec } from "./listener.ts";
import { HeapKeeper } from "./heap_keeper.ts";
import {
  CONNECTION_BYTES,
  DESCRIPTORS_KEPT,
  LAST_WORDS_MS,
  LOGIN_ENDS_A_TURN,
  SELDOM_MS,
} from "../limits.ts";
import { PROCESS_HEAP } from "./process_heap.ts";
import { refusal } from "./refusal.ts";
import { renewGrants } from "./renewal.ts";
import { Seldom } from "../seldom.ts";
import { LINUX_SEND_QUEUES, socketKey } from "./send_queues.ts";
import type { LogFields } from "../log.ts";
import type { Settings } from "./settings.ts";
import { Handshakes } from "./tls/handshakes.ts";
import type { CertificateSnapshot, TlsSource } from "./tls/types.ts";
import type { Transport } from "./transport.ts";
import { type OwnedLoop, Turns } from "./turns/turns.ts";

/** A socket that is listened on. */
export interface Listening {
  /** Its listener's. */
  readonly name: string;
  /** Where, with the port that was taken. */
  readonly address: Deno.NetAddr;
  /** What who connects there is shown now; left out: it is plain text that is spoken there. */
  readonly certificate?: CertificateSnapshot;
}

/** One of them, and what it is to be. */
interface OpenSocket {
  readonly socket: Deno.TcpListener;
  readonly spec: ListenSpec;
}

/** What a server is told. */
export interface ServerSettings extends Omit<Settings, "turns" | "lobby" | "accounts"> {
  /** Milliseconds until who has not been let in is ended. */
  readonly loginTimeout: number;
  /** Connections at once from one IPv4 address, or 64 bits of IPv6. */
  readonly connectionsPerAddress: number;
}

/** How often time is told to engine and outboxes, milliseconds. */
const TICK_MS = 250;
/** Every so many of them memory that nobody needs is given back. */
const TRIM_TICKS = 8;
/** Every so many of them the heap is looked at. */
const HEAP_TICKS = 4;

/**
 * Guarantees: connections do not feel each other; after {@link drain} nothing that was acknowledged is left
 * undelivered, unless its subscriber was cut off or the time ran out, which its result says.
 */
export class Server {
  readonly #loop: OwnedLoop;
  readonly #settings: Settings;
  readonly #connections = new Map<Connection, Promise<unknown>>();
  #sockets: OpenSocket[] = [];
  readonly #handshakes: Handshakes;
  #ticker: Timer | undefined;
  #ticks = 0;
  /** Connections that are looked at before they are said to stall. */
  #looks: Promise<void> | undefined;
  readonly #heap = new HeapKeeper(PROCESS_HEAP);
  readonly #refusals = new Seldom(SELDOM_MS);
  readonly #lobby: Lobby<Connection>;
  readonly #networks = new NetworkCounts();
  readonly #perAddress: number;
  /** Connections at once: as many as may be, or as the system has turned out to have room for. */
  #most: number;
  /** TLS on ports without. */
  readonly #tls = new Seldom(SELDOM_MS);
  #lastNumber = 0;
  /** Those are being ended who took too long to log in. */
  #ending = false;

  constructor({ loginTimeout, connectionsPerAddress, ...settings }: ServerSettings, loop: OwnedLoop) {
    this.#loop = loop;
    this.#lobby = new Lobby(loginTimeout);
    this.#perAddress = connectionsPerAddress;
    this.#most = settings.limits.connections;
    this.#settings = {
      ...settings,
      lobby: this.#lobby,
      accounts: new AccountUses(),
      turns: new Turns(loop, () => this.#flush()),
    };
    const { clock, log } = settings;
    this.#handshakes = new Handshakes({ clock, log, turned: () => this.#turned() });
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many handshakes of TLS are under way, which are no connections yet. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** What is listened on. */
  get listening(): Listening[] {
    return this.#sockets.map(listeningOf);
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
    this.#startTicking();
    this.#loop.open();
    for (const each of sockets) void this.#accept(each);
    return sockets.map(listeningOf);
  }

  /**
   * Serves one connection; resolves when it is over. `address`: as logs and snapshots show where it comes
   * from.
   */
  serve(
    transport: Transport,
    { listener, address, grant }: {
      readonly listener: Listener;
      readonly address: string;
      readonly grant?: Grant | undefined;
    },
  ): Promise<void> {
    const { log } = this.#settings;
    const { name } = listener;
    const host = hostOf(address);
    const network = host === undefined ? undefined : networkOf(host);
    const limit = this.#limitReached(network);
    if (limit !== undefined) {
      this.#refusals.happened(this.#settings.clock.now(), (times) => {
        log.warn("connection refused: too many", { listener: name, address, ...limit, times });
      });
      return turnAway(transport, listener);
    }
    if (network !== undefined) this.#networks.add(network);
    const number = ++this.#lastNumber;
    const connection = new Connection(this.#settings, { number, listener, address, transport, grant });
    this.#startTicking();
    log.debug("connection opened", { connection: number, listener: name, address });
    const over = connection.run().then((reason) => {
      this.#connections.delete(connection);
      if (network !== undefined) this.#networks.remove(network);
      if (reason === "TLS on a port without") this.#tellTls({ listener: name, address });
      if (this.#connections.size === 0 && this.#sockets.length === 0) this.#stopTicking();
    });
    this.#connections.set(connection, over);
    return over;
  }

  /** Accounts have changed, or time has passed: every connection may do what its account may now (P8). */
  renewGrants(): void {
    const { gatekeeper, engine } = this.#settings;
    if (gatekeeper === undefined) return;
    renewGrants(this.#connections.keys(), { gatekeeper, engine });
    this.#flush();
  }

  /** Calls back when the event loop has turned: everybody else had a chance. */
  later(callback: () => void): void {
    this.#settings.turns.whenTurned(callback);
  }

  snapshot(): ConnectionSnapshot[] {
    return [...this.#connections.keys()].map((connection) => connection.snapshot());
  }

  /** Ends a connection for who runs the broker, with a word on why; false: there is none. */
  disconnect(number: number): boolean {
    for (const connection of this.#connections.keys()) {
      if (connection.number !== number) continue;
      connection.giveUp("disconnected");
      return true;
    }
    return false;
  }

  /**
   * Stops accepting, finishes what was read, lets everything queued leave, closes. After `timeout`
   * milliseconds what is left is cut off, and a second later it is over whatever anybody does. Resolves to
   * how many connections had something queued then.
   */
  async drain(timeout: number): Promise<number> {
    for (const { socket } of this.#sockets) socket.close();
    this.#sockets = [];
    this.#handshakes.close();
    let cut = 0;
    const { promise: over, resolve: giveUp } = Promise.withResolvers<void>();
    const { clock } = this.#settings;
    let timer = clock.after(timeout, () => {
      for (const connection of this.#connections.keys()) {
        if (connection.outbox.queued > 0) cut++;
        connection.giveUp("drain timeout");
      }
      // those had a moment for their last words; whatever else is awaited is not worth more of it
      timer = clock.after(LAST_WORDS_MS, () => {
        for (const connection of this.#connections.keys()) connection.cut("drain timeout");
        timer = clock.after(LAST_WORDS_MS, giveUp);
      });
    });
    await Promise.race([this.#drainInOrder(), over]);
    clock.cancel(timer);
    this.#stopTicking();
    this.#loop.close();
    return cut;
  }

  /** Cuts all connections off and stops accepting; resolves when they are over. */
  async close(): Promise<void> {
    for (const connection of this.#connections.keys()) connection.cut("closed");
    await this.drain(0);
  }

  /**
   * Which limit leaves no room for one more from there, if any does. Where all places are taken, one that has
   * not been let in makes room: so a flood that never logs in keeps nobody out who does.
   */
  #limitReached(network: string | undefined): LogFields | undefined {
    if (network !== undefined && this.#networks.of(network) >= this.#perAddress) {
      return { limit: this.#perAddress, from: network };
    }
    const most = this.#most;
    if (this.#connections.size < most) return undefined;
    const first = this.#lobby.whoMakesRoom();
    if (first === undefined) return { limit: most };
    first.cut("made room");
    return undefined;
  }

  /** Publishers first: what they were promised must be in the outboxes before those are emptied at last. */
  async #drainInOrder(): Promise<void> {
    await this.#drainAll((connection) => !connection.session.roles.has("subscriber"));
    await this.#drainAll(() => true);
  }

  async #drainAll(which: (connection: Connection) => boolean): Promise<void> {
    const those = [...this.#connections].filter(([connection]) => which(connection));
    await Promise.all(those.map(async ([connection, over]) => {
      await connection.drain();
      await over;
    }));
  }

  async #accept({ socket, spec }: OpenSocket): Promise<void> {
    await acceptAll(socket, {
      log: this.#settings.log,
      clock: this.#settings.clock,
      name: spec.name,
      onConnection: (connection) => {
        connection.setNoDelay(true);
        connection.setKeepAlive(true);
        const address = addressOf(connection.remoteAddr);
        if (spec.tls === undefined) void this.serve(connection, { listener: spec, address });
        else void this.#serveInTls(connection, { spec, tls: spec.tls, address });
      },
      turned: () => this.#turned(),
      // who is to speak TLS could not read it
      turnAway: (connection) => spec.tls === undefined ? turnAway(connection, spec) : closed(connection),
      exhausted: () => this.#takeFewer(),
    });
  }

  async #serveInTls(connection: Deno.TcpConn, { spec, tls, address }: {
    readonly spec: ListenSpec;
    readonly tls: TlsSource;
    readonly address: string;
  }): Promise<void> {
    const accepted = { transport: connection, listener: spec, address };
    try {
      const transport = await this.#handshakes.shake(accepted, tls);
      if (transport === undefined) return;
      // the broker may have been told to stop meanwhile
      if (this.#sockets.some(({ spec: open }) => open === spec)) await this.serve(transport, accepted);
      else transport.close();
    } catch (error) {
      this.#internalError(error);
    }
  }

  #turned(): Promise<void> {
    return new Promise((resolve) => this.#settings.turns.whenTurned(resolve));
  }

  /**
   * A process that was stopped or busy for a while is not to find all its connections stalled: a tick counts
   * as one tick at most, and those that are suspected are looked at first, by when the runtime has done what
   * waited meanwhile.
   */
  #startTicking(): void {
    this.#ticker ??= this.#settings.clock.every(TICK_MS, () => {
      const { accounts, engine, gatekeeper, memory, now, pool } = this.#settings;
      engine.tick(now());
      accounts.tick(TICK_MS);
      if (gatekeeper?.tick?.() === true) this.renewGrants();
      const late: Connection[] = [];
      const suspects: Connection[] = [];
      for (const connection of this.#connections.keys()) {
        if (connection.isLate(TICK_MS)) late.push(connection);
        else if (connection.tick(TICK_MS)) suspects.push(connection);
      }
      void this.#end(late);
      if (suspects.length > 0) this.#looks ??= this.#judge(suspects);
      if (++this.#ticks % TRIM_TICKS === 0) pool.trim();
      if (this.#ticks % HEAP_TICKS !== 0) return;
      this.#heap.look(HEAP_TICKS * TICK_MS, memory.held + CONNECTION_BYTES * this.#connections.size);
    });
  }

  /**
   * There are no descriptors for more: from now on some are kept for what is no connection, which may have to
   * open something, half of them where there are few.
   */
  #takeFewer(): void {
    const { size } = this.#connections;
    const most = Math.max(1, size - DESCRIPTORS_KEPT, Math.ceil(size / 2));
    if (most >= this.#most) return;
    this.#most = most;
    this.#settings.log.warn("fewer connections than --max-connections are taken from now on", {
      connections: most,
      reason: "no file descriptor is left",
    });
  }

  /** A flood that came together is ended a few at a time: others have their turn in between. */
  async #end(late: readonly Connection[]): Promise<void> {
    if (this.#ending || late.length === 0) return;
    this.#ending = true;
    for (const [at, guest] of late.entries()) {
      // it may have been let in meanwhile
      if (guest.isLate(0)) guest.giveUp("no login");
      if (at % LOGIN_ENDS_A_TURN === 0) await new Promise<void>((resolve) => this.later(resolve));
    }
    this.#ending = false;
  }

  async #judge(suspects: readonly Connection[]): Promise<void> {
    const keys = suspects.map(({ transport }) => socketKey(transport) ?? "");
    const untaken = await LINUX_SEND_QUEUES.look(new Set(keys));
    suspects.forEach((connection, at) => connection.stalls.judge(untaken.get(keys[at]!), TICK_MS));
    this.#looks = undefined;
  }

  #tellTls(fields: LogFields): void {
    const { clock, log } = this.#settings;
    this.#tls.happened(clock.now(), (times) => {
      log.warn("TLS on a port without: connect without TLS, or start the broker with --tls-cert", {
        ...fields,
        times,
      });
    });
  }

  /** Several connections' at once: what goes wrong is nobody's in particular. */
  #flush(): void {
    try {
      this.#settings.flushes.flush();
    } catch (error) {
      this.#internalError(error);
    }
  }

  #internalError(error: unknown): void {
    const text = String(error instanceof Error ? error.stack : error);
    this.#settings.log.error("internal error", { error: text });
  }

  #stopTicking(): void {
    this.#settings.clock.cancel(this.#ticker);
    this.#ticker = undefined;
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
async function turnAway(transport: Transport, { protocol }: Listener): Promise<void> {
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
