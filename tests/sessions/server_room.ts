/**
 * A server in whose room time passes when a test says so.
 *
 * @module
 */
import type { Gatekeeper } from "../../lib/auth/gatekeeper.ts";
import type { Grant } from "../../lib/auth/grant.ts";
import { THIS_MACHINE } from "../../lib/broker/machine.ts";
import { PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS, type Limits } from "../../lib/limits.ts";
import type { LogFields } from "../../lib/log.ts";
import { Server, type Transport } from "../../lib/sessions/mod.ts";
import { PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { settled } from "../support/handed_clock.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { RawClient } from "../support/raw_client.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { StillClock } from "../support/still_clock.ts";
import { within } from "../support/within.ts";

/** Knows when it was told the time, and may wait for it. */
class TimedEngine extends ScriptedEngine {
  readonly ticks: number[] = [];
  waits = false;

  override tick(now: number): void {
    this.ticks.push(now);
  }
}

/** Knows how often it was asked to give back what nobody needs. */
class TrimmedPool extends ChunkPool {
  trims = 0;

  override trim(): void {
    this.trims++;
    super.trim();
  }
}

/** A server, and all that it works with. */
export class Room implements AsyncDisposable {
  readonly clock = new StillClock();
  readonly pool = new TrimmedPool();
  readonly flushes = new FlushList();
  readonly logged: (readonly [level: string, event: string, fields: LogFields])[] = [];
  readonly engine: TimedEngine;
  readonly counters = new Counters();
  readonly memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool: this.pool });
  readonly server: Server;

  constructor(
    { gatekeeper, waits = false, limits = {}, stallTimeout = 60_000 }: {
      readonly gatekeeper?: Gatekeeper;
      readonly waits?: boolean;
      readonly limits?: Partial<Limits>;
      readonly stallTimeout?: number;
    } = {},
  ) {
    const { clock, pool, flushes, counters, memory } = this;
    this.engine = new TimedEngine({ seed: 1, counters, flushes, memory });
    this.engine.waits = waits;
    const log = (level: string) => (event: string, fields: LogFields = {}): void =>
      void this.logged.push([level, event, fields]);
    this.server = new Server({
      engine: this.engine,
      counters,
      gatekeeper,
      version: "0",
      limits: { ...DEFAULT_LIMITS, ...limits },
      slowConsumer: "block",
      stallTimeout,
      now: () => 5000 + clock.now(),
      clock,
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
      pool,
      memory,
      patterns: new PatternBudget(memory),
      flushes,
      loginTimeout: 10_000,
      connectionsPerAddress: Infinity,
    }, { loop: THIS_MACHINE.loop(), heap: THIS_MACHINE.heap });
  }

  connect(to: "publishers" | "subscribers" = "publishers", capacity?: number, grant?: Grant): RawClient {
    const [mine, theirs] = memoryPair(capacity);
    void this.serve(theirs, to, grant);
    return new RawClient(mine);
  }

  serve(
    transport: Transport,
    to: "publishers" | "subscribers" = "subscribers",
    grant?: Grant,
  ): Promise<void> {
    const listener = to === "publishers" ? PUBLISHERS : SUBSCRIBERS;
    return this.server.serve(transport, { listener, address: "memory", grant });
  }

  /** Nobody is here any more. */
  async empty(): Promise<void> {
    const waiting = async (): Promise<void> => {
      while (this.server.connections > 0) await settled();
    };
    await within("the end of all connections", waiting());
  }

  /** What was logged but for who came and went. */
  get told(): (readonly [level: string, event: string, fields: LogFields])[] {
    return this.logged.filter(([level]) => level !== "debug");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.server.close();
    // whoever does not go is not waited for longer
    for (let times = 0; times < 4; times++) {
      this.clock.pass(500);
      await settled();
    }
    await within("the end of the server", closed);
  }
}
