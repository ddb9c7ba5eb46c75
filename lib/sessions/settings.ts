/**
 * What all sessions of a broker have in common.
 *
 * @module
 */
import type { Gatekeeper } from "../auth/gatekeeper.ts";
import type { ChunkPool } from "../buffers.ts";
import type { Clock } from "../clock.ts";
import type { Counters } from "../counters.ts";
import type { Engine } from "../engine/types.ts";
import type { FlushList } from "../flush_list.ts";
import type { Histogram } from "../histogram.ts";
import type { HeldMemory } from "../held_memory.ts";
import type { AccountUses } from "./admission/account_uses.ts";
import type { Lobby } from "./admission/lobby.ts";
import type { Limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { SlowPolicy } from "../slow_policy.ts";
import type { Turns } from "./turns/turns.ts";
import type { PatternBudget } from "../topics/pattern_budget.ts";

/** One object a broker, shared by all its sessions. */
export interface Settings {
  readonly engine: Engine;
  readonly counters: Counters;
  /** Who lets sessions in; left out: there are no accounts, and everybody may do everything. */
  readonly gatekeeper?: Gatekeeper | undefined;
  /** Where sessions are that were not let in yet. */
  readonly lobby: Lobby;
  /** What the connections of each account have in common. */
  readonly accounts: AccountUses;
  /** How long what was put into outboxes took to be written; left out: nobody looks at it. */
  readonly writes?: Histogram | undefined;
  /** What v2 clients are told. */
  readonly version: string;
  readonly limits: Limits;
  /** The policy of subscriptions that choose none. */
  readonly slowConsumer: SlowPolicy;
  /** Milliseconds without progress before a slow consumer is cut off. */
  readonly stallTimeout: number;
  /** The wall clock, milliseconds since 1970. */
  readonly now: () => number;
  /** What timers go by. */
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: ChunkPool;
  /** What all sessions keep together. */
  readonly memory: HeldMemory;
  /** What all sessions are subscribed to together. */
  readonly patterns: PatternBudget;
  readonly flushes: FlushList;
  /** Who is served next. */
  readonly turns: Turns;
}
