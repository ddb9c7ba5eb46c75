/**
 * The broker as one object: it builds store, engine and server, and owns them.
 * `mod.ts` has an example.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import { ChunkPool } from "../buffers.ts";
import type { Timer } from "../clock.ts";
import { Counters, type Totals } from "../counters.ts";
import type { Engine } from "../engine/mod.ts";
import { RunError } from "../errors.ts";
import { FlushList } from "../flush_list.ts";
import { HeldMemory } from "../held_memory.ts";
import { Histogram } from "../histogram.ts";
import { limitsWith, STALL_TIMEOUT_MS } from "../limits.ts";
import { type Log, SILENT_LOG } from "../log.ts";
import { CLASSIC } from "../protocols/mod.ts";
import {
  type Listener,
  type Listening,
  type ListenSpec,
  Server,
  type TlsSource,
  type Transport,
} from "../sessions/mod.ts";
import type { From, GroupName } from "../store/types.ts";
import type { GroupListing } from "../engine/types.ts";
import { PatternBudget } from "../topics/pattern_budget.ts";
import { admissionOf } from "./admission.ts";
import { engineOver } from "./engine_over.ts";
import { changed } from "./group_change.ts";
import { type Machine, THIS_MACHINE } from "./machine.ts";
import { requireNothingStored } from "./nothing_stored.ts";
import type { BrokerOptions, DataOptions, EngineOption, StoreOption } from "./options.ts";
import type { BrokerSnapshot, Health } from "./snapshot.ts";
import { StoreComplaints } from "./store_complaints.ts";
import { Topics } from "./topics.ts";

/** Where a connection over memory comes from. */
export interface Origin {
  /** What it counts as having come in by. */
  readonly listener: Listener;
  /** As logs and snapshots show it (memory). */
  readonly address?: string;
  /** What it may do (with accounts what it is let in for, without them everything). */
  readonly grant?: Grant | undefined;
}

/**
 * - It serves from {@link listen} or {@link serve} on until {@link drain} or {@link close}.
 * - After {@link drain} nothing that was acknowledged is left undelivered, but for what its result says.
 * - Once {@link lost} has resolved it acknowledges nothing durable any more; topics in memory go on.
 */
export class Broker implements AsyncDisposable {
  /** Resolves, with the reason, when it is not known any more what is stored; mostly never. */
  readonly lost: Promise<string>;
  /** What was published to, and what of it is stored. */
  readonly topics: Topics;
  readonly #options: BrokerOptions & Pick<DataOptions, "retain">;
  readonly #machine: Machine;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #started: number;
  readonly #counters = new Counters();
  readonly #memory: HeldMemory;
  readonly #writes: Histogram | undefined;
  readonly #engine: Engine;
  readonly #server: Server;
  readonly #lost = Promise.withResolvers<string>();
  #lostBecause: string | undefined;
  #state: "new" | "serving" | "draining" | "closed" = "new";
  #waking: Timer | undefined;
  #closed: Promise<void> | undefined;

  /**
   * With a store that is open already, with an engine, or without either; {@link open} opens a store on disk.
   * Throws RunError where something is said about what is stored and nothing is.
   */
  constructor(
    options: BrokerOptions & StoreOption & EngineOption & Pick<DataOptions, "retain"> = {},
    machine: Machine = THIS_MACHINE,
  ) {
    if (options.store === undefined || options.engine !== undefined) requireNothingStored(options);
    this.#options = options;
    this.#machine = machine;
    this.#log = options.log ?? SILENT_LOG;
    this.#now = options.now ?? ((): number => machine.clock.wall());
    this.lost = this.#lost.promise;
    this.#started = this.#now();
    const flushes = new FlushList();
    const pool = new ChunkPool();
    const limits = limitsWith(options.limits ?? {});
    const memory = new HeldMemory({ most: limits.memory, pool });
    this.#memory = memory;
    this.#writes = options.measures === true ? new Histogram() : undefined;
    const complaints = new StoreComplaints(machine.clock, this.#log);
    this.#engine = engineOver(options, {
      seed: machine.random32(),
      counters: this.#counters,
      flushes,
      memory,
      pool,
      limits,
      countsTopics: options.measures === true,
      clock: machine.clock,
      now: this.#now,
      later: (callback) => this.#server.later(callback),
      wakeAt: (time) => this.#wakeAt(time),
      onUnreadable: (reason) => this.#log.error("what is due cannot be delivered", { reason }),
      onRefused: (reason) => complaints.refused(reason),
      onUnbegun: (reason) => complaints.unbegun(reason),
      onLost: (reason) => this.#lose(reason),
    });
    this.topics = new Topics(this.#engine);
    this.#server = new Server({
      engine: this.#engine,
      counters: this.#counters,
      ...admissionOf(options),
      writes: this.#writes,
      version: this.#version,
      limits,
      slowConsumer: options.slowConsumer ?? "block",
      stallTimeout: options.stallTimeout ?? STALL_TIMEOUT_MS,
      now: this.#now,
      clock: machine.clock,
      log: this.#log,
      pool,
      memory,
      patterns: new PatternBudget(memory),
      flushes,
    }, { loop: machine.loop(), heap: machine.heap });
  }

  /**
   * Opens the store in `data`, if that is given, and a broker over it. Rejects with RunError and what to do.
   */
  static async open(options: BrokerOptions & DataOptions & EngineOption = {}): Promise<Broker> {
    const { data, retain, sync, dedupWindow, log, engine } = options;
    if (data === undefined || engine !== undefined) return new Broker(options);
    // who stores nothing starts without what it takes to
    const { openSqliteStore } = await import("../store/sqlite/open_store.ts");
    const lost = Promise.withResolvers<string>();
    const store = await openSqliteStore(data, {
      ...(sync === undefined ? {} : { sync }),
      ...(dedupWindow === undefined ? {} : { dedupWindow }),
      ...(log === undefined ? {} : { log }),
      retain,
      onLost: lost.resolve,
    });
    const broker = new Broker({ ...options, store });
    void lost.promise.then((reason) => broker.#lose(reason));
    return broker;
  }

  /** Why it is not known any more what is stored; undefined: it is. */
  get lostBecause(): string | undefined {
    return this.#lostBecause;
  }

  /** What was counted since it was made. */
  get totals(): Totals {
    return this.#counters.totals;
  }

  /** Ends a connection, with a word on why; false: there is none with this number. */
  disconnect(number: number): boolean {
    return this.#server.disconnect(number);
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#server.connections;
  }

  /**
   * Listens on all of them or, where it cannot, on none of them and throws RunError. May be called again for
   * others.
   */
  listen<const Specs extends readonly ListenSpec[]>(
    specs: Specs,
  ): { readonly [at in keyof Specs]: Listening } {
    if (this.#ends) throw new RunError(`the broker takes nobody any more: ${this.#notReady()}`);
    const listening: readonly Listening[] = this.#server.listen(specs);
    this.#state = "serving";
    // one for each, in their order
    return listening as { readonly [at in keyof Specs]: Listening };
  }

  /**
   * Serves a connection over anything that is a byte stream both ways; resolves when it is over. Behind
   * {@link drain} or {@link close} it is closed at once.
   */
  serve(transport: Transport, { listener, address = "memory", grant }: Origin): Promise<void> {
    if (this.#ends) {
      transport.close();
      return Promise.resolve();
    }
    this.#state = "serving";
    return this.#server.serve(transport, { listener, address, grant });
  }

  /** Accounts have changed: every connection may do from now on what its account may. */
  permissionsChanged(): void {
    this.#server.renewGrants();
  }

  /** What there is at this moment, as plain data. */
  snapshot(): BrokerSnapshot {
    return {
      version: this.#version,
      time: this.#now(),
      started: this.#started,
      health: this.health(),
      totals: this.#counters.totals,
      endings: this.#counters.endings,
      listeners: this.#server.listening,
      held: this.#memory.held,
      heldMost: this.#memory.most,
      topicsMost: limitsWith(this.#options.limits ?? {}).topics,
      writes: this.#writes?.state,
      connections: this.#server.snapshot(),
      durable: this.#engine.durable,
      ...this.#engine.snapshot(),
    };
  }

  /** Whether it lives, and whether it takes what it is there to take, or why not. */
  health(): Health {
    const reason = this.#notReady();
    if (reason === undefined) return { live: true, ready: true };
    return { live: this.#state !== "closed", ready: false, reason };
  }

  /** The groups that are stored, and those in memory that have members. Rejects with RunError. */
  groups(): Promise<readonly GroupListing[]> {
    return new Promise((resolve, reject) => {
      this.#engine.groups((listing) => {
        if (listing.kind === "groups") resolve(listing.groups);
        else reject(new RunError(`the groups cannot be listed: ${listing.reason}`));
      });
    });
  }

  /**
   * A stored group begins anew there; `from` undefined: with what is stored from now on. What its members
   * hold they hold no longer. False: there is no such group. Rejects with RunError where nothing has changed.
   */
  resetGroup(group: GroupName, from: From | undefined): Promise<boolean> {
    return changed((done) => this.#engine.resetGroup(group, from, done));
  }

  /** Nothing is known of a stored group any more, and its members get nothing more; otherwise as a reset. */
  deleteGroup(group: GroupName): Promise<boolean> {
    return changed((done) => this.#engine.deleteGroup(group, done));
  }

  /**
   * Stops accepting, finishes what was read, lets everything queued leave, and ends all connections; what is
   * left after so many milliseconds is cut off. Resolves to how many connections had something queued then.
   */
  drain(timeout: number): Promise<number> {
    if (this.#state !== "closed") this.#state = "draining";
    this.#machine.clock.cancel(this.#waking);
    return this.#server.drain(timeout);
  }

  /**
   * Cuts off who is still connected, and closes the store behind what was published. A second call gives the
   * same answer.
   */
  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** As {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#state = "draining";
    this.#machine.clock.cancel(this.#waking);
    await this.#server.close();
    await new Promise<void>((resolve) => this.#engine.close(resolve));
    this.#state = "closed";
  }

  get #ends(): boolean {
    return this.#state === "draining" || this.#state === "closed";
  }

  get #version(): string {
    return this.#options.version ?? "0.0.0";
  }

  /** The server ticks the engine some times a second. */
  #wakeAt(time: number): void {
    const { clock } = this.#machine;
    clock.cancel(this.#waking);
    if (this.#ends) return;
    this.#waking = clock.after(Math.max(0, time - this.#now()), () => this.#engine.tick(this.#now()));
  }

  #notReady(): string | undefined {
    switch (this.#state) {
      case "new":
        return "it does not listen yet";
      case "draining":
        return "it is stopping";
      case "closed":
        return "it is closed";
      case "serving":
        if (this.#lostBecause !== undefined) return `it is not known what is stored: ${this.#lostBecause}`;
        return this.#engine.trouble();
    }
  }

  #lose(reason: string): void {
    if (this.#lostBecause !== undefined) return;
    this.#lostBecause = reason;
    this.#log.error("it is not known what is stored, so nothing more is acknowledged", { reason });
    this.#lost.resolve(reason);
  }
}

/** The way in for who publishes; it begins in the classic protocol. */
export const PUBLISHERS: Listener = { name: "publishers", roles: new Set(["publisher"]), protocol: CLASSIC };
/** The way in for who subscribes; it begins in the classic protocol. */
export const SUBSCRIBERS: Listener = {
  name: "subscribers",
  roles: new Set(["subscriber"]),
  protocol: CLASSIC,
};

/** Listeners for {@link Broker.listen}, subscribers first; port 0 takes a free one. */
export function listenersOn(
  { hostname = "127.0.0.1", subPort, pubPort, tls }: {
    readonly hostname?: string;
    readonly subPort: number;
    readonly pubPort: number;
    /** Both speak TLS (plain text). */
    readonly tls?: TlsSource | undefined;
  },
): [ListenSpec, ListenSpec] {
  return [
    { ...SUBSCRIBERS, hostname, port: subPort, flag: "-s", tls },
    { ...PUBLISHERS, hostname, port: pubPort, flag: "-p", tls },
  ];
}
