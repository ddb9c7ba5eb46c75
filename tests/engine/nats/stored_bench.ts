/**
 * Engines with durable topics on a NATS server of a test's own.
 *
 * @module
 */
import { ChunkPool } from "../../../lib/buffers.ts";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { Counters } from "../../../lib/counters.ts";
import type { EngineParts } from "../../../lib/engine/source.ts";
import type { Engine, Joining } from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { DEFAULT_LIMITS, type Limits } from "../../../lib/limits.ts";
import { SILENT_LOG } from "../../../lib/log.ts";
import { type NatsOptions, openNats } from "../../../lib/nats/mod.ts";
import { closed, type Made } from "../case_parts.ts";
import { Worker } from "../groups/stored_bench.ts";

/** How often it is told the time, milliseconds. */
const TICK_MS = 50;

/** One broker's engine. */
export class StoredOnNats implements Made, AsyncDisposable {
  readonly engine: Engine;
  readonly counters = new Counters();
  readonly durable = true;
  readonly shared = true;
  readonly tellsReached = false;
  readonly joinsNone = true;
  readonly #flushes = new FlushList();
  #closed: Promise<void> | undefined;
  readonly #ticking: ReturnType<typeof setInterval>;

  private constructor(open: (parts: EngineParts) => Engine, limits: Partial<Limits>) {
    this.engine = open({ ...this.#parts, limits: { ...DEFAULT_LIMITS, ...limits } });
    this.#ticking = setInterval(() => {
      this.engine.tick(Date.now());
      this.flush();
    }, TICK_MS);
  }

  /** Connected, for `#d` and all below it unless other options say so. */
  static async open(
    server: string,
    { limits = {}, ...options }: Partial<NatsOptions> & { readonly limits?: Partial<Limits> } = {},
  ): Promise<StoredOnNats> {
    const source = await openNats({
      servers: [server],
      prefix: "test",
      plain: [],
      replicas: 1,
      connectTimeout: 5_000,
      name: "test",
      credentials: {},
      durable: ["#d", "#d.>"],
      log: SILENT_LOG,
      ...options,
    });
    return new StoredOnNats((parts) => source.open(parts), limits);
  }

  get #parts(): Omit<EngineParts, "limits"> {
    const pool = new ChunkPool();
    return {
      seed: 7,
      counters: this.counters,
      flushes: this.#flushes,
      memory: new HeldMemory({ most: 1024 ** 3, pool }),
      pool,
      countsTopics: false,
      clock: SYSTEM_CLOCK,
      now: () => Date.now(),
      later: (callback) => void setTimeout(callback, 0),
    };
  }

  readonly end = (): Promise<void> => this[Symbol.asyncDispose]();
  readonly flush = (): void => this.#flushes.flush();

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#ticking);
    await closed(this.engine);
  }
}

/** A member of the group g, which has joined. */
export async function member(made: StoredOnNats, terms: Partial<Joining> = {}): Promise<Worker> {
  const worker = new Worker();
  await new Promise<void>((resolve) => {
    worker.membership = made.engine.join({
      name: "g",
      pattern: "#d.>",
      window: 16,
      blocks: true,
      settling: "explicit",
      from: undefined,
      ...terms,
      joined: (outcome) => {
        worker.outcome = outcome;
        resolve();
      },
    }, worker);
    made.flush();
  });
  return worker;
}
