/**
 * All listeners and all connections of a broker.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import type { Timer } from "../clock.ts";
import { AccountUses } from "./admission/account_uses.ts";
import { Capacity, type TakenPlace } from "./admission/capacity.ts";
import { LateOnes } from "./admission/late_ones.ts";
import { Lobby } from "./admission/lobby.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { logSilentClosed } from "./connection_log.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import type { ConnectionSnapshot } from "./connection_snapshot.ts";
import { type Arrival, Entrance, type Listening, turnAway } from "./entrance.ts";
import { lastWords } from "./farewell.ts";
import type { ListenSpec } from "./listener.ts";
import { type Heap, HeapKeeper } from "./heap_keeper.ts";
import { CONNECTION_BYTES, LAST_WORDS_MS, SELDOM_MS, TOLD_A_TURN } from "../limits.ts";
import { renewGrants } from "./renewal.ts";
import { Seldom } from "../seldom.ts";
import { LINUX_SEND_QUEUES, socketKey } from "./send_queues.ts";
import type { Settings } from "./settings.ts";
import { type Begun, SilentGuest, type SilentGuestOwner } from "./silent_guest.ts";
import type { Transport } from "./transport.ts";
import { type OwnedLoop, Turns } from "./turns/turns.ts";

/** What a server is told. */
export interface ServerSettings extends Omit<Settings, "turns" | "lobby" | "accounts"> {
  /** Milliseconds until who has not been let in is ended. */
  readonly loginTimeout: number;
  /** Connections at once from one IPv4 address, or 64 bits of IPv6. */
  readonly connectionsPerAddress: number;
}

/** A connection that is served. */
interface Served {
  /** Resolves when it is over. */
  readonly over: Promise<void>;
  readonly place: TakenPlace;
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
  readonly #connections = new Map<Connection, Served>();
  /** Who is none yet. */
  readonly #silent = new Map<SilentGuest, TakenPlace>();
  readonly #late: LateOnes;
  /** One for all: functions of its own would be a good part of what an idle connection takes. */
  readonly #owner: ConnectionOwner & SilentGuestOwner = {
    began: (guest, options) => {
      const place = this.#silent.get(guest)!;
      this.#silent.delete(guest);
      return this.#begin(options, place);
    },
    farewell: (reason, { protocol }) => {
      const session = { protocol, limits: this.#settings.limits };
      return lastWords(reason, { ...this.#settings, session, unsent: 0, inLobby: true })?.view;
    },
    left: (guest, reason) => {
      this.#silent.get(guest)!.leave();
      this.#silent.delete(guest);
      this.#settings.counters.ended(reason);
      logSilentClosed(this.#settings.log, guest, reason);
      if (this.#isUnused) this.#stopTicking();
    },
    ended: (connection, reason) => {
      this.#connections.get(connection)!.place.leave();
      this.#connections.delete(connection);
      const { address, session: { listener } } = connection;
      if (reason === "TLS on a port without") this.#entrance.tellTls({ listener, address });
      if (this.#isUnused) this.#stopTicking();
    },
  };
  readonly #entrance: Entrance;
  #ticker: Timer | undefined;
  #ticks = 0;
  /** Connections that are looked at before they are said to stall. */
  #looks: Promise<void> | undefined;
  readonly #heap: HeapKeeper;
  readonly #refusals = new Seldom(SELDOM_MS);
  readonly #capacity: Capacity;
  #lastNumber = 0;
  /** Connections are being told that time has passed. */
  #passing = false;

  constructor(
    { loginTimeout, connectionsPerAddress, ...settings }: ServerSettings,
    { loop, heap }: { readonly loop: OwnedLoop; readonly heap: Heap },
  ) {
    this.#loop = loop;
    this.#heap = new HeapKeeper(heap);
    const lobby = new Lobby<SilentGuest>(loginTimeout);
    const { connections } = settings.limits;
    this.#capacity = new Capacity({ connections, perAddress: connectionsPerAddress, lobby });
    this.#settings = {
      ...settings,
      lobby,
      accounts: new AccountUses(),
      turns: new Turns(loop, () => this.#flush()),
    };
    const { clock, log } = settings;
    this.#late = new LateOnes(clock);
    this.#entrance = new Entrance({
      clock,
      log,
      turned: () => new Promise((resolve) => this.later(resolve)),
      // a handshake counts for where it comes from, and is no connection yet
      comes: (arrival) => this.#placeFor(arrival, 0),
      serve: (transport, arrival) => this.serve(transport, arrival),
      exhausted: () => this.#takeFewer(),
      failed: (error) => this.#internalError(error),
    });
    if (settings.engine.waits === true) this.#startTicking();
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections.size + this.#silent.size;
  }

  /** How many handshakes of TLS are under way, which are no connections yet. */
  get handshakes(): number {
    return this.#entrance.handshakes;
  }

  /** What is listened on. */
  get listening(): Listening[] {
    return this.#entrance.listening;
  }

  /** Listens on all of them or, where it cannot, on none of them and throws RunError. */
  listen(specs: readonly ListenSpec[]): Listening[] {
    const listening = this.#entrance.listen(specs);
    this.#startTicking();
    this.#loop.open();
    return listening;
  }

  /**
   * Serves one connection; resolves when it is over. `address`: as logs and snapshots show where it comes
   * from.
   */
  serve(
    transport: Transport,
    { listener, address, grant }: Arrival & { readonly grant?: Grant | undefined },
  ): Promise<void> {
    const place = this.#placeFor({ listener, address }, this.connections);
    if (place === undefined) return turnAway(transport, listener);
    const number = ++this.#lastNumber;
    this.#startTicking();
    const { gatekeeper, log } = this.#settings;
    log.debug("connection opened", { connection: number, listener: listener.name, address });
    const options = { number, listener, address, transport, grant };
    if (gatekeeper === undefined || grant !== undefined) return this.#begin(options, place).over;
    const guest = new SilentGuest(this.#settings, options, this.#owner);
    this.#silent.set(guest, place);
    return guest.over;
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

  /** Of all, in the order in which they came. */
  snapshot(): ConnectionSnapshot[] {
    return Array.from(this.#all(), (each) => each.snapshot()).sort((one, other) => one.number - other.number);
  }

  /** Ends a connection for who runs the broker, with a word on why; false: there is none. */
  disconnect(number: number): boolean {
    for (const each of this.#all()) {
      if (each.number !== number) continue;
      each.giveUp("disconnected");
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
    this.#entrance.close();
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
    for (const each of this.#all()) each.cut("closed");
    await this.drain(0);
  }

  /** Publishers first: what they were promised must be in the outboxes before those are emptied at last. */
  async #drainInOrder(): Promise<void> {
    // they are owed nothing
    const guests = [...this.#silent.keys()];
    for (const guest of guests) guest.cut("drained");
    await Promise.all(guests.map(({ over }) => over));
    await this.#drainAll((connection) => !connection.session.roles.has("subscriber"));
    await this.#drainAll(() => true);
  }

  async #drainAll(which: (connection: Connection) => boolean): Promise<void> {
    const those = [...this.#connections].filter(([connection]) => which(connection));
    await Promise.all(those.map(async ([connection, { over }]) => {
      await connection.drain();
      await over;
    }));
  }

  #begin(options: ConnectionOptions, place: TakenPlace): Begun {
    const connection = new Connection(this.#settings, options, this.#owner);
    const over = connection.run();
    this.#connections.set(connection, { over, place });
    return { connection, over };
  }

  *#all(): Iterable<Connection | SilentGuest> {
    yield* this.#connections.keys();
    yield* this.#silent.keys();
  }

  /** A place for one more beside so many; undefined: there is none, and that was said. */
  #placeFor({ listener, address }: Arrival, beside: number): TakenPlace | undefined {
    const place = this.#capacity.take(address, beside);
    if (!("limit" in place)) return place;
    const { clock, log } = this.#settings;
    this.#refusals.happened(clock.now(), (times) => {
      log.warn("connection refused: too many", { listener: listener.name, address, ...place.limit, times });
    });
    return undefined;
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
      void this.#tickAll();
      if (++this.#ticks % TRIM_TICKS === 0) pool.trim();
      if (this.#isUnused) return this.#stopTicking();
      if (this.#ticks % HEAP_TICKS !== 0) return;
      this.#heap.look(HEAP_TICKS * TICK_MS, memory.held + CONNECTION_BYTES * this.connections);
    });
  }

  #takeFewer(): void {
    const connections = this.#capacity.takeFewer(this.connections);
    if (connections === undefined) return;
    this.#settings.log.warn("fewer connections than --max-connections are taken from now on", {
      connections,
      reason: "no file descriptor is left",
    });
  }

  /**
   * Ten thousand take two milliseconds: they are told a few at a time, and others have their turn in between.
   * Guests who have said nothing take a tenth of that, and are told all at once. A pass that is not over when
   * the next tick comes stands for both.
   */
  async #tickAll(): Promise<void> {
    if (this.#passing) return;
    this.#passing = true;
    const suspects: Connection[] = [];
    let told = 0;
    for (const guest of this.#silent.keys()) if (guest.isLate(TICK_MS)) this.#late.add(guest);
    for (const connection of this.#connections.keys()) {
      if (connection.isLate(TICK_MS)) this.#late.add(connection);
      else if (connection.tick(TICK_MS)) suspects.push(connection);
      if (++told < TOLD_A_TURN) continue;
      told = 0;
      await new Promise<void>((resolve) => this.later(resolve));
    }
    this.#passing = false;
    if (suspects.length > 0) this.#looks ??= this.#judge(suspects);
  }

  async #judge(suspects: readonly Connection[]): Promise<void> {
    const keys = suspects.map(({ transport }) => socketKey(transport) ?? "");
    const untaken = await LINUX_SEND_QUEUES.look(new Set(keys));
    suspects.forEach((connection, at) => connection.stalls.judge(untaken.get(keys[at]!), TICK_MS));
    this.#looks = undefined;
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

  /** Nobody is here or can come by itself, and nothing waits for its time. */
  get #isUnused(): boolean {
    return this.connections === 0 && this.listening.length === 0 &&
      this.#settings.engine.waits !== true;
  }

  #stopTicking(): void {
    this.#settings.clock.cancel(this.#ticker);
    this.#ticker = undefined;
    this.#late.forget();
  }
}
