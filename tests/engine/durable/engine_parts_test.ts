import { assert, assertEquals } from "@std/assert";
import { Counters } from "../../../lib/counters.ts";
import { DurableEngine } from "../../../lib/engine/mod.ts";
import type { CountedTopic } from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { ChunkPool, Slice } from "../../../lib/buffers.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { HAND_ON_WORK, LOG_PIECES_LEAST } from "../../../lib/limits.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import type { TopicsOutcome } from "../../../lib/store/types.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";
import { HeldStore } from "../../support/held_store.ts";
import { encoder, runOf } from "../case_parts.ts";
import { Worker } from "../groups/stored_bench.ts";
import { Bench, named, settled } from "./commit_bench.ts";

async function stored(bench: Bench): Promise<void> {
  bench.flushes.flush();
  await settled();
  await bench.takeTurns();
}

Deno.test("a full log holds back who publishes what is stored, and nobody else", async () => {
  const bench = new Bench({ patterns: ["#d"] });
  for (let at = 0; at < LOG_PIECES_LEAST; at++) bench.publish("#d", "x");
  const { engine } = bench;
  assert(engine.gateOf(engine.routeOf("#d"), bench.publisher) !== undefined);
  assertEquals(engine.gateOf(engine.routeOf("#m"), bench.publisher), undefined);
  assertEquals(engine.gateOf(engine.routeOf("#m")), undefined);
  bench.flushes.flush();
  await bench.close();
});

Deno.test("what is stored are the topics that it is asked for and dead letters, and no replies", async () => {
  const bench = new Bench();
  const { engine } = bench;
  const names = ["#a", "#dead.x", "#_reply.p.7"];
  assertEquals(names.map((topic) => engine.stores(engine.routeOf(topic))), [true, true, false]);
  const other = new Bench({ patterns: ["#d"] });
  assertEquals([...names, "#d"].map((topic) => other.engine.stores(other.engine.routeOf(topic))), [
    false,
    true,
    false,
    true,
  ]);
  for (const each of [bench, other]) await each.close();
});

Deno.test("the topics there are in a store are told where it can tell them", async () => {
  const topics = (engine: DurableEngine): Promise<TopicsOutcome> =>
    new Promise((resolve) => engine.storedTopics({ most: 10 }, resolve));
  const bench = new Bench();
  assertEquals(await topics(bench.engine), { kind: "topics", topics: [], next: undefined });
  await bench.close();
  const pool = new ChunkPool();
  const flushes = new FlushList();
  const unexpected = (reason: string): void => {
    throw new Error(reason);
  };
  const engine = new DurableEngine({
    seed: 7,
    counters: new Counters(),
    store: new MemoryStore({ now: () => 5 }),
    flushes,
    memory: new HeldMemory({ most: 1024 ** 3, pool }),
    pool,
    groups: { ackTimeout: 30_000, maxAttempts: 5, topicMost: 255 },
    later: queueMicrotask,
    patterns: ["#d"],
    level: "synced",
    dedup: { window: 60_000, most: 1000, bytes: 1024 ** 2 },
    onRefused: unexpected,
    onLost: unexpected,
    countsTopics: true,
  });
  engine.publish(runOf(engine.routeOf("#d"), ["x"]), named("p", []));
  flushes.flush();
  await new Promise<void>((resolve) => engine.whenIdle(resolve));
  const outcome = await topics(engine);
  assert(outcome.kind === "topics");
  assertEquals(outcome.topics.map(({ topic }) => topic), ["#d"]);
  assertEquals(engine.topics().map(({ topic, messages }: CountedTopic) => [topic, messages]), [["#d", 1]]);
  await new Promise<void>((resolve) => engine.close(resolve));
});

Deno.test("whether anything is to come later is known, be it one message (D9)", async () => {
  const bench = new Bench();
  bench.store.free = true;
  assertEquals(bench.engine.waits, false);
  bench.publishLater("#a", "1", { due: 100 });
  await stored(bench);
  assertEquals(bench.engine.waits, true);
  bench.engine.tick(100);
  await stored(bench);
  assertEquals(bench.engine.waits, false);
  await bench.close();
});

/** Whether a message with that id is new. */
async function isNew(bench: Bench, id: string): Promise<boolean> {
  const before = bench.engine.snapshot().commits!.messages;
  bench.publishWithId("#t", id, bench.publisher);
  await stored(bench);
  return bench.engine.snapshot().commits!.messages > before;
}

Deno.test("a leap of the clock counts for a second to those who would send again, and standing still for nothing (D6)", async () => {
  const bench = new Bench();
  bench.store.free = true;
  assert(await isNew(bench, "x"));
  let now = 0;
  const leap = (times: number): void => {
    for (let leaps = 0; leaps < times; leaps++) bench.engine.tick(now += 100_000);
  };
  bench.engine.tick(now);
  // of a window of 60 seconds a quarter, six times: a part of it, and a window and a part behind that
  for (let part = 0; part < 6; part++) {
    leap(14);
    for (let stands = 0; stands < 100; stands++) bench.engine.tick(now);
    bench.engine.tick(now += 990);
    assert(!await isNew(bench, "x"), `part ${part}`);
    bench.engine.tick(now += 10);
  }
  assert(await isNew(bench, "x"));
  await bench.close();
});

Deno.test("ids of what is to come later are forgotten in time, also where nothing else is published (D6, D9)", async () => {
  const bench = new Bench();
  bench.store.free = true;
  const later = async (): Promise<number> => {
    const before = bench.store.state.delayed;
    bench.publishLater("#t", "x", { due: 1e15, id: "p-1" });
    await stored(bench);
    return bench.store.state.delayed - before;
  };
  bench.engine.tick(0);
  assertEquals([await later(), await later()], [1, 0]);
  for (let now = 0; now <= 100_000; now += 500) bench.engine.tick(now);
  assertEquals(await later(), 1);
  await bench.close();
});

Deno.test("what may not wait any more is let go of, and why is said (D9)", async () => {
  const store = new HeldStore();
  const bench = new Bench({ store, delayedMost: 5 });
  store.free = true;
  bench.publishLater("#a", "1", { due: 100 });
  await stored(bench);
  const refused: string[] = [];
  const publisher = {
    hold: (count: number) => ({
      acknowledge: () => {},
      refuse: (code: string) => void refused.push(`${count} ${code}`),
    }),
  };
  const route = bench.engine.routeOf("#a");
  let released = 0;
  const run = { route, count: 3, due: 100, release: () => void released++ };
  bench.engine.publish(run as unknown as Parameters<DurableEngine["publish"]>[0], publisher);
  assertEquals([refused, released], [["3 STORE"], 1]);
  await bench.close();
});

Deno.test("what is to be stored stays as it came until it has been answered, whatever its reader does with its memory", async () => {
  const bench = new Bench();
  const { pool, engine } = bench;
  const publish = (payload: string): void => {
    const bytes = encoder.encode(`pub #t 1\n${payload}\n`);
    const chunk = pool.take(bytes.length);
    chunk.bytes.set(bytes);
    const of = { encoding: RECORDS, count: 1, pool, hasFields: false, ttl: undefined, expires: undefined };
    engine.publish(
      new Run(new Slice(chunk, 0, bytes.length), { ...of, route: engine.routeOf("#t") }),
      bench.publisher,
    );
    chunk.release();
  };
  publish("1");
  publish("2");
  bench.flushes.flush();
  const commit = await bench.store.next();
  assertEquals(commit.appends.map(({ bytes }) => new TextDecoder().decode(bytes)), [
    "pub #t 1\n1\n",
    "pub #t 1\n2\n",
  ]);
  commit.end();
  await settled();
  assertEquals([bench.answers.length, pool.bytesOut], [2, 0]);
  await bench.close();
});

Deno.test("a group that begins in the midst of a commit begins behind it", async () => {
  const bench = new Bench();
  const count = HAND_ON_WORK + 100;
  for (let at = 0; at < count; at++) bench.publish("#t", "x");
  bench.flushes.flush();
  await bench.commit();
  assertEquals(bench.answers.length, HAND_ON_WORK);
  bench.store.free = true;
  const worker = new Worker();
  const group = {
    name: "g",
    pattern: "#t",
    window: 10_000,
    blocks: true,
    settling: "explicit",
    from: undefined,
  } as const;
  worker.membership = bench.engine.join({
    ...group,
    joined: (outcome) => void (worker.outcome = outcome),
  }, worker);
  await stored(bench);
  assertEquals([worker.outcome, bench.answers.length, worker.given], [{ kind: "joined" }, count, []]);
  bench.publish("#t", "y");
  await stored(bench);
  assertEquals(worker.shown, [`#t ${count + 1}`]);
  worker.dies();
  await bench.close();
});
