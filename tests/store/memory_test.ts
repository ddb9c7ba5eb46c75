import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import { storeCases } from "./cases.ts";
import type { Append } from "../../lib/store/types.ts";
import { run } from "./asking.ts";

storeCases("memory", ({ retain }) => Promise.resolve(new MemoryStore({ retain, now: Date.now })));

Deno.test("memory: of what a commit brings each topic counts for the limit of its own pattern, and for its own bytes", async () => {
  const size = run("#b.x", "x".repeat(100)).bytes.length;
  const overrides = [{ pattern: "#b.>", bytes: 4 * size }, { pattern: "#kept" }];
  const store = new MemoryStore({ retain: { bytes: 6 * size, overrides }, now: () => 0 });
  const trimmed = new Map<string, number>();
  store.watch(({ batches }) => {
    for (const { topic, count } of batches) trimmed.set(topic, (trimmed.get(topic) ?? 0) + count);
  });
  const one = (topic: string): Append => run(topic, "x".repeat(104 - topic.length));
  for (let round = 0; round < 10; round++) {
    const appends = [one("#a"), one("#b.x"), one("#kept"), one("#b.y")];
    await new Promise((done) => store.commit({ appends }, done));
  }
  assertEquals(Object.fromEntries(trimmed), { "#a": 4, "#b.x": 8, "#b.y": 8 });
  assertEquals([store.state.batches, store.state.trimmed], [6 + 4 + 10, 4 + 8 + 8]);
});
