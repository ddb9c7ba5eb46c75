import { ChunkPool } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { DurableEngine } from "../../../lib/engine/mod.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { MemoryStore, openSqliteStore, type Store } from "../../../lib/store/mod.ts";
import { engineCases, type Made } from "../cases.ts";

function over(store: Store): Made {
  const counters = new Counters();
  const flushes = new FlushList();
  const pool = new ChunkPool();
  const unexpected = (reason: string): void => {
    throw new Error(`the store refused or was lost: ${reason}`);
  };
  const engine = new DurableEngine({
    seed: 7,
    counters,
    store,
    flushes,
    memory: new HeldMemory({ most: 1024 ** 3, pool }),
    pool,
    groups: { ackTimeout: 30_000, maxAttempts: 5, topicMost: 255 },
    later: (callback) => void setTimeout(callback, 0),
    patterns: ["#d", "#d.>"],
    level: "synced",
    dedup: { window: 60_000, most: 1000, bytes: 1024 ** 2 },
    onRefused: unexpected,
    onLost: unexpected,
  });
  return { engine, counters, durable: true, flush: () => flushes.flush() };
}

engineCases("durable over memory", () => Promise.resolve(over(new MemoryStore({ now: () => Date.now() }))));

const directory = Deno.makeTempDirSync();
let made = 0;
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

engineCases("durable over SQLite", async () => over(await openSqliteStore(`${directory}/${++made}`)));
