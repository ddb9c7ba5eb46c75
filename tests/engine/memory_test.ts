import { assert, assertEquals } from "@std/assert";
import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { MemoryEngine } from "../../lib/engine/mod.ts";
import { ROUTES_AGE_MS, ROUTES_BYTES_KEPT } from "../../lib/limits.ts";
import { engineCases } from "./cases.ts";

engineCases("memory", () => {
  const counters = new Counters();
  const engine = new MemoryEngine({ seed: 7, counters, flushes: new FlushList() });
  return Promise.resolve({ engine, counters, durable: false, flush: () => {} });
});

function memoryEngine(): MemoryEngine {
  return new MemoryEngine({ seed: 7, counters: new Counters(), flushes: new FlushList() });
}

Deno.test("what only a store could answer a memory engine answers with nothing, at once", () => {
  const engine = memoryEngine();
  const told: unknown[] = [];
  const tell = (what: unknown): void => void told.push(what);
  engine.storedTopics({ most: 10 }, tell);
  engine.resetGroup({ name: "g", pattern: "#a" }, undefined, tell);
  engine.deleteGroup({ name: "g", pattern: "#a" }, tell);
  engine.groups(tell);
  assertEquals(told, [
    { kind: "topics", topics: [], next: undefined },
    { kind: "none" },
    { kind: "none" },
    { kind: "groups", groups: [] },
  ]);
  let [idle, closed] = [0, 0];
  engine.whenIdle(() => idle++);
  engine.close(() => closed++);
  assertEquals([idle, closed, engine.trouble(), engine.subscribed()], [1, 1, undefined, true]);
});

Deno.test("a memory engine forgets topics that nobody names any more as time passes", () => {
  const engine = memoryEngine();
  const name = "x".repeat(1000);
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < ROUTES_BYTES_KEPT / 1000; at++) engine.routeOf(`#${at}.${name}`);
  }
  assert(engine.snapshot().topics > 1000);
  for (const times of [1, 2]) engine.tick(times * ROUTES_AGE_MS);
  assertEquals(engine.snapshot().topics, 0);
});
