import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { DurableEngine, MemoryEngine } from "../../lib/engine/mod.ts";
import { Routing } from "../../lib/engine/routing.ts";
import { TopicCounts } from "../../lib/engine/topic_counts.ts";
import type { Engine } from "../../lib/engine/types.ts";
import { ROUTES_AGE_MS, ROUTES_BYTES_KEPT } from "../../lib/limits.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { MemoryStore } from "../../lib/store/mod.ts";
import { Recorder, runOf, Sender } from "./case_parts.ts";

function memoryEngine(countsTopics: boolean): Engine {
  return new MemoryEngine({ seed: 7, counters: new Counters(), flushes: new FlushList(), countsTopics });
}

function durableEngine(countsTopics: boolean): Engine {
  const pool = new ChunkPool();
  return new DurableEngine({
    seed: 7,
    counters: new Counters(),
    store: new MemoryStore({ now: () => 0 }),
    flushes: new FlushList(),
    memory: new HeldMemory({ most: 1024 ** 3, pool }),
    pool,
    groups: { ackTimeout: 1000, maxAttempts: 3, topicMost: 255 },
    later: queueMicrotask,
    patterns: ["#d.>"],
    level: "synced",
    dedup: { window: 1000, most: 1000, bytes: 1024 },
    onRefused: () => {},
    onLost: () => {},
    countsTopics,
  });
}

Deno.test("counts add up, and what is told from is the mark before the last", () => {
  const counts = new TopicCounts();
  const shown = (): unknown => [counts.messages, counts.bytes, { ...counts.then }];
  assertEquals(shown(), [0, 0, { messages: 0, bytes: 0 }]);
  counts.add(2, 30);
  counts.add(1, 5);
  assertEquals(shown(), [3, 35, { messages: 0, bytes: 0 }]);
  counts.mark();
  assertEquals(shown(), [3, 35, { messages: 0, bytes: 0 }]);
  counts.add(1, 1);
  counts.mark();
  assertEquals(shown(), [4, 36, { messages: 3, bytes: 35 }]);
  counts.mark();
  assertEquals(shown(), [4, 36, { messages: 4, bytes: 36 }]);
});

for (const [name, make] of [["memory", memoryEngine], ["durable", durableEngine]] as const) {
  Deno.test(`${name}: what is published is counted by topic, with who gets it, where topics are counted`, async () => {
    const engine = make(true);
    assert(engine.countsTopics);
    const sender = new Sender({ engine, counters: new Counters(), durable: false, flush: () => {} });
    await sender.publish("#m.a", "one", "two");
    await sender.publish("#m.a", "three");
    await sender.publish("#m.b", "x");
    const bytes = ["pub #m.a 3\none\n", "pub #m.a 3\ntwo\n", "pub #m.a 5\nthree\n"].join("").length;
    const a = {
      topic: "#m.a",
      durable: false,
      messages: 3,
      bytes,
      then: { messages: 0, bytes: 0 },
      subscribers: 0,
    };
    assertEquals(engine.topic("#m.a"), a);
    const listed = engine.topics().map(({ topic, messages }) => `${topic} ${messages}`).sort();
    assertEquals(listed, ["#m.a 3", "#m.b 1"], "each once");
    engine.countJoined(engine.routeOf("#m.b"), 4, 40);
    assertEquals(engine.topic("#m.b")?.messages, 5);
    engine.markTopics();
    engine.markTopics();
    assertEquals(engine.topic("#m.a")?.then, { messages: 3, bytes });
    const recorder = new Recorder();
    engine.subscribe("#*.a", recorder);
    assertEquals(engine.topic("#m.a")?.subscribers, 1, "those who get it now");
    engine.unsubscribe("#*.a", recorder);
    assertEquals(engine.topic("#m.a")?.subscribers, 0);
    assertEquals(engine.topic("#m.c"), undefined, "nothing is known of it");
    assertEquals(
      engine.routeOf("#d.a") && engine.topic("#d.a")?.durable,
      engine.stores(engine.routeOf("#d.a")),
    );
    assertEquals(engine.stores(engine.routeOf("#m.a")), false);
    assertEquals(engine.stores(engine.routeOf("#d.a")), name === "durable");
  });

  Deno.test(`${name}: where topics are not counted none is listed`, async () => {
    const engine = make(false);
    const sender = new Sender({ engine, counters: new Counters(), durable: false, flush: () => {} });
    for (let time = 0; time < 3; time++) await sender.publish("#m.a", "one");
    engine.countJoined(engine.routeOf("#m.a"), 4, 40);
    engine.markTopics();
    assertEquals([engine.countsTopics, engine.topics()], [false, []]);
    const { messages, bytes, then } = engine.topic("#m.a")!;
    assertEquals([messages, bytes, then], [0, 0, { messages: 0, bytes: 0 }]);
  });

  Deno.test(`${name}: a run to several topics is counted by who joined it, not by its first topic`, async () => {
    const engine = make(true);
    const route = engine.routeOf("#m.a");
    const run = runOf(route, ["1"]);
    Object.defineProperty(run, "severalTopics", { value: true });
    await engine.publish(run, { hold: () => ({ acknowledge: () => {}, refuse: () => {} }) });
    assertEquals(engine.topic("#m.a")?.messages, 0);
  });
}

Deno.test("topics are remembered from their first message on while they are few, then from their second", () => {
  const routing = new Routing({ seed: 7, isDurable: () => false, countsTopics: true });
  for (let at = 0; at < 4096; at++) routing.routeOf(`#t.${at}`);
  assertEquals([routing.topics, routing.counted().length], [4096, 4096]);
  routing.routeOf("#one.more");
  assertEquals([routing.topics, routing.countedTopic("#one.more")], [4096, undefined]);
  routing.routeOf("#one.more");
  assertEquals([routing.topics, routing.countedTopic("#one.more")?.messages], [4097, 0]);
});

Deno.test("a topic that is in both generations of what is remembered is listed once", () => {
  const routing = new Routing({ seed: 7, isDurable: () => false, countsTopics: true });
  const long = "x".repeat(1000);
  const name = (at: number): string => `#${at}.${long}`;
  const many = Math.ceil(ROUTES_BYTES_KEPT / 3000);
  for (let at = 0; at < many; at++) routing.routeOf(name(at));
  routing.tick(ROUTES_AGE_MS);
  for (const at of [0, many - 1]) routing.routeOf(name(at));
  routing.routeOf("#young");
  const topics = routing.counted().map(({ topic }) => topic);
  assertEquals([topics.length, new Set(topics).size, routing.topics], [many + 1, many + 1, many + 1]);
  // the next time, too
  assertEquals(routing.counted().length, many + 1);
});
