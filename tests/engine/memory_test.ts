import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { MemoryEngine } from "../../lib/engine/mod.ts";
import { engineCases } from "./cases.ts";

engineCases("memory", () => {
  const counters = new Counters();
  const engine = new MemoryEngine({ seed: 7, counters, flushes: new FlushList() });
  return Promise.resolve({ engine, counters, durable: false, flush: () => {} });
});
