/**
 * Sessions without sockets, over an engine that does as it is told, of which all is known that they do.
 *
 * @module
 */
import type { Grant } from "../../lib/auth/grant.ts";
import { type Chunk, ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { FRAMES, type Protocol } from "../../lib/protocols/mod.ts";
import { AccountUses } from "../../lib/sessions/admission/account_uses.ts";
import { Lobby } from "../../lib/sessions/admission/lobby.ts";
import type { Role } from "../../lib/sessions/context.ts";
import { Outbox } from "../../lib/sessions/outbox/outbox.ts";
import { Session } from "../../lib/sessions/session.ts";
import type { Settings } from "../../lib/sessions/settings.ts";
import { type HeldBack, Turns } from "../../lib/sessions/turns/turns.ts";
import { PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { StillClock } from "../support/still_clock.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BOTH: ReadonlySet<Role> = new Set(["publisher", "subscriber"]);

/** Turns that end when the test says so, and know what they were told. */
export class ToldTurns extends Turns {
  /** What was done since it was asked last, each time it was. */
  told: number[] = [];
  /** A turn is over when it has done so much. */
  most = Infinity;
  /** Whether replies may wait for one another. */
  crowd = false;
  readonly heldBack: HeldBack[] = [];
  /** Whether whoever has something to do has to wait for its turn; then those who do. */
  busy = false;
  readonly queued: { readonly turn: () => void; readonly little: boolean }[] = [];
  /** Whether who was served has to wait before it reads more; then those who do. */
  full = false;
  readonly readers: (() => void)[] = [];
  /** Bytes of each read. */
  readonly cameIn: number[] = [];
  /** Turns that have begun, whether with little to do, and how many have ended. */
  readonly begun: boolean[] = [];
  ended = 0;

  constructor(flush: () => void) {
    super({ later: (turn) => void setTimeout(turn), settled: (done) => done(), now: () => 0 }, flush);
  }

  override get holds(): boolean {
    return this.crowd;
  }

  override get free(): boolean {
    return !this.busy && super.free;
  }

  override get holdsReads(): boolean {
    return this.full;
  }

  override came(bytes: number): void {
    this.cameIn.push(bytes);
    super.came(bytes);
  }

  override begin(how: { readonly little?: boolean } = {}): void {
    this.begun.push(how.little === true);
    super.begin(how);
  }

  override end(): void {
    this.ended++;
    super.end();
  }

  override queue(turn: () => void, { little }: { readonly little: boolean }): void {
    this.queued.push({ turn, little });
  }

  override whenReadable(callback: () => void): void {
    this.readers.push(callback);
  }

  override over(work: number): boolean {
    this.told.push(work);
    return this.told.reduce((sum, each) => sum + each, 0) >= this.most;
  }

  override holdBack(who: HeldBack): void {
    this.heldBack.push(who);
  }
}

/** What sessions have in common. */
export class Bench {
  readonly counters = new Counters();
  readonly pool = new ChunkPool();
  readonly memory: HeldMemory;
  readonly flushes = new FlushList();
  readonly turns = new ToldTurns(() => this.flushes.flush());
  readonly engine: ScriptedEngine;
  readonly settings: Settings;
  now = 0;

  constructor(changed: Partial<Settings> = {}, Engine: typeof ScriptedEngine = ScriptedEngine) {
    const { counters, pool, flushes, turns } = this;
    const limits = changed.limits ?? DEFAULT_LIMITS;
    const memory = new HeldMemory({ most: limits.memory, pool });
    this.memory = memory;
    this.engine = new Engine({ seed: 1, counters, flushes });
    this.settings = {
      engine: this.engine,
      counters,
      version: "0",
      limits,
      slowConsumer: "block",
      stallTimeout: 1000,
      now: () => this.now,
      clock: new StillClock(),
      log: SILENT_LOG,
      pool,
      memory,
      patterns: new PatternBudget(memory),
      flushes,
      turns,
      lobby: new Lobby(10_000),
      accounts: new AccountUses(),
      ...changed,
    };
  }

  connect(options: PeerOptions = {}): Peer {
    return new Peer(this, options);
  }
}

/** Who connects. */
interface PeerOptions {
  readonly protocol?: Protocol;
  readonly roles?: ReadonlySet<Role>;
  readonly grant?: Grant;
}

/** A session, what it sends and what it is sent. */
export class Peer {
  readonly outbox: Outbox;
  readonly session: Session;
  readonly #bench: Bench;

  constructor(bench: Bench, { protocol = FRAMES, roles = BOTH, grant }: PeerOptions) {
    this.#bench = bench;
    const owner = { onReady: () => {}, onEvicted: () => {}, onDropping: () => {} };
    this.outbox = new Outbox(bench.settings, owner);
    this.session = new Session(bench.settings, {
      listener: { name: "test", roles, protocol },
      outbox: this.outbox,
      address: "memory",
      grant,
    });
  }

  /** One read of whole requests. Gives the chunk it lies in, which the session still reads from. */
  reads(text: string): Chunk {
    const bytes = encoder.encode(text);
    const chunk = this.#bench.pool.take(bytes.length + 1);
    chunk.bytes.set(bytes);
    this.#bench.turns.told = [];
    this.session.receive(chunk, 0, bytes.length);
    return chunk;
  }

  /** One read that is handled at once. */
  send(text: string): void {
    this.reads(text).release();
  }

  /** As {@link send}; gives what it is answered. */
  ask(text: string): string {
    this.send(text);
    return this.taken();
  }

  /** What the other side is given now. */
  taken(): string {
    this.#bench.flushes.flush();
    let text = "";
    for (let bytes = this.outbox.take(); bytes !== undefined; bytes = this.outbox.take()) {
      text += decoder.decode(bytes);
      this.outbox.wrote(bytes.length);
    }
    return text;
  }

  /** The connection is gone. */
  close(): void {
    this.session.close({ gone: true });
    this.outbox.close();
    this.#bench.flushes.flush();
  }
}
