import { assert, assertEquals } from "@std/assert";
import type { Publisher, ReplaySubscriber, Run } from "../../../lib/engine/types.ts";
import {
  COMMIT_BYTES_MOST,
  HAND_ON_WORK,
  LOG_HIGH_WATER,
  LOG_PIECES_LEAST,
  PIECE_BYTES,
} from "../../../lib/limits.ts";
import { Bench, named, settled } from "./commit_bench.ts";

/** Keeps the sequence numbers it gets, by topic. */
class Numbers implements ReplaySubscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  readonly got: string[] = [];
  full = false;

  deliver(run: Run): void {
    for (let at = 0; at < run.count; at++) this.got.push(`${run.route.topic} ${run.stored!.first + at}`);
  }
  deliverPage(bytes: Uint8Array<ArrayBuffer>): void {
    const headers = new TextDecoder().decode(bytes).matchAll(/batch (\S+) (\d+) \d+ seq=(\d+)/g);
    for (const [, topic, count, first] of headers) {
      for (let at = 0; at < Number(count); at++) this.got.push(`${topic} ${Number(first) + at}`);
    }
  }
  missed(): void {}
  caughtUp(): void {}
  fellBehind(): void {}
  failed(): void {}
  whenNotFull(callback: () => void): void {
    callback();
  }
}

Deno.test("a publisher is told which topics have begun with what it published, and what has been answered", async () => {
  const bench = new Bench();
  const told: string[] = [];
  const publisher: Publisher = {
    ...named("p", []),
    newTopics: {
      take: (topic) => void told.push(`take ${topic}`) === undefined,
      began: (topic) => void told.push(`began ${topic}`),
      giveBack: (topic) => void told.push(`give back ${topic}`),
    },
  };
  for (const payload of ["1", "2"]) bench.publish("#t", payload, publisher);
  bench.flushes.flush();
  assertEquals(told.splice(0), ["take #t", "take #t"]);
  await bench.commit();
  await bench.takeTurns();
  assertEquals(told.splice(0), ["began #t", "give back #t", "give back #t"]);
  bench.publish("#t", "3", publisher);
  bench.flushes.flush();
  await bench.commit();
  assertEquals(told, [], "it is known to have begun");
  await bench.close();
});

Deno.test("the log is full when what waits takes as much as may wait, with what is known of it, and not before", async () => {
  for (const less of [1, 0]) {
    const bench = new Bench();
    const route = bench.engine.routeOf("#t");
    const length = LOG_HIGH_WATER - PIECE_BYTES - "pub #t 16776554\n\n".length - less;
    bench.publish("#t", "x".repeat(length));
    assertEquals(bench.engine.gateOf(route) === undefined, less === 1, `${less} less`);
    bench.flushes.flush();
    await bench.close();
  }
});

Deno.test("what is to be stored is given to the store before what it has stored is handed on", async () => {
  const bench = new Bench();
  const begun: number[] = [];
  const { store } = bench;
  bench.engine.subscribe(
    "#>",
    Object.assign(new Numbers(), { deliver: () => begun.push(store.commits.length) }),
  );
  bench.publish("#t", "x");
  bench.flushes.flush();
  const commit = await store.next();
  bench.publish("#t", "y");
  commit.end();
  await settled();
  assertEquals(begun, [1]);
  await bench.close();
});

/** A store that has something to do now and then. */
Deno.test("no commit has more bytes than one takes, but a run that is larger by itself", async () => {
  const bench = new Bench();
  const third = "x".repeat(COMMIT_BYTES_MOST / 3);
  for (const payload of [third, third, third, "y".repeat(COMMIT_BYTES_MOST + 1), "z"]) {
    bench.publish("#t", payload);
  }
  bench.flushes.flush();
  assertEquals([await bench.commit(), await bench.commit(), await bench.commit()], [2, 1, 1]);
  assertEquals(await bench.commit(), 1);
  assertEquals(bench.answers.length, 5);
  await bench.close();
});

Deno.test("what a run costs beside its bytes counts: for the log's limit and for the memory of all", async () => {
  const bench = new Bench();
  let runs = 0;
  for (; bench.engine.gateOf(bench.engine.routeOf("#t")) === undefined; runs++) bench.publish("#t", "x");
  assertEquals(runs, LOG_PIECES_LEAST);
  let free = false;
  bench.engine.gateOf(bench.engine.routeOf("#t"))!.whenNotFull(() => free = true);
  assertEquals(free, false);
  bench.flushes.flush();
  assert(bench.memory.held >= 640 * runs, `${bench.memory.held} bytes are counted`);
  while (bench.answers.length < runs) {
    if (bench.turns.length === 0) await bench.commit();
    bench.turns.shift()?.();
  }
  await settled();
  assertEquals([bench.memory.held, free], [0, true]);
  await bench.close();
});

Deno.test("the log takes no more than what is free of the memory of all", async () => {
  const bench = new Bench({ most: 1024 ** 2 });
  let runs = 0;
  for (; bench.engine.gateOf(bench.engine.routeOf("#t")) === undefined; runs++) {
    bench.publish("#t", "x");
    if (runs % 100 === 0) bench.flushes.flush();
  }
  assert(bench.memory.held <= 600_000, `${bench.memory.held} of a MiB`);
  await bench.close();
});

Deno.test("a commit is handed on in slices, and the next is stored meanwhile", async () => {
  const bench = new Bench();
  const subscribers = Array.from({ length: 100 }, () => new Numbers());
  for (const subscriber of subscribers) bench.engine.subscribe("#>", subscriber);
  const count = 300;
  for (let at = 0; at < count; at++) bench.publish(`#t${at % 2}`, "x");
  bench.flushes.flush();
  const commit = await bench.store.next();
  bench.publish("#t0", "next");
  commit.end();
  await settled();
  let slices = 1;
  const most = Math.ceil(HAND_ON_WORK / 101);
  assert(bench.answers.length <= most, `${bench.answers.length} runs in one turn`);
  assertEquals(bench.store.commits.length, 1, "the store has the next already");
  for (; bench.turns.length > 0; slices++) {
    const before = bench.answers.length;
    bench.turns.shift()!();
    assert(bench.answers.length - before <= most);
  }
  assert(slices >= 7, `${slices} slices`);
  const wanted = Array.from({ length: count }, (_, at) => `#t${at % 2} ${1 + (at >> 1)}`);
  for (const { got } of subscribers) assertEquals(got, wanted);
  let idle = false;
  bench.engine.whenIdle(() => idle = true);
  assert(!idle, "the next is not answered yet");
  await bench.commit();
  for (const turn of bench.turns.splice(0)) turn();
  assert(idle);
  assertEquals(bench.answers.length, count + 1);
  await bench.close();
});

Deno.test("a replay that becomes live between two slices gets every message once (D3)", async () => {
  const bench = new Bench();
  for (let at = 0; at < 100; at++) bench.engine.subscribe("#>", new Numbers());
  bench.publish("#t0", "before");
  bench.flushes.flush();
  await bench.commit();
  for (let at = 0; at < 200; at++) bench.publish(`#t${at % 2}`, "x");
  bench.flushes.flush();
  const followers: Numbers[] = [];
  const follow = (from: "earliest" | "now"): void => {
    const follower = new Numbers();
    followers.push(follower);
    const range = { from: { kind: from === "now" ? "sequence" : from, sequence: 1 } as const, to: undefined };
    bench.engine.replay("#>", follower, { range, besides: [], started: () => {}, ended: () => {} });
  };
  const wanted = [
    "#t0 1",
    ...Array.from({ length: 200 }, (_, at) => `#t${at % 2} ${at % 2 === 0 ? 2 + (at >> 1) : 1 + (at >> 1)}`),
  ];
  follow("earliest"); // live before the commit ends
  await settled();
  const commit = await bench.store.next();
  commit.end();
  await settled();
  while (bench.turns.length > 0) {
    follow("earliest"); // while it is handed on
    follow("now");
    await settled();
    bench.turns.shift()!();
  }
  follow("earliest");
  bench.publish("#t0", "last");
  bench.flushes.flush();
  await bench.commit();
  for (const turn of bench.turns.splice(0)) turn();
  await settled();
  // a replay that begins between two slices has the rest handed on first
  assert(followers.length >= 4);
  for (const [at, { got }] of followers.entries()) {
    assertEquals([...got].sort(), [...wanted, "#t0 102"].sort(), `follower ${at}`);
    for (const topic of ["#t0", "#t1"]) {
      const numbers = got.filter((one) => one.startsWith(topic)).map((one) => Number(one.split(" ")[1]));
      assertEquals(numbers, [...numbers].sort((one, other) => one - other), `follower ${at}, ${topic}`);
    }
  }
  await bench.close();
});

Deno.test("a commit that is refused while the one before is handed on is refused, and that one is not (D7)", async () => {
  const bench = new Bench();
  for (let at = 0; at < 100; at++) bench.engine.subscribe("#>", new Numbers());
  for (let at = 0; at < 100; at++) bench.publish("#t", "x");
  bench.flushes.flush();
  const commit = await bench.store.next();
  bench.publish("#t", "y");
  commit.end();
  await settled();
  (await bench.store.next()).end({ kind: "refused", reason: "disk full" });
  for (; bench.turns.length > 0;) bench.turns.shift()!();
  assertEquals(bench.answers.filter((answer) => typeof answer === "object").length, 100);
  assertEquals(bench.answers.filter((answer) => answer === "STORE").length, 1);
  assertEquals(bench.memory.held, 0);
  await bench.close();
});

Deno.test("ids that nobody adds to are forgotten as time passes, but not while anything waits to be stored (D6)", async () => {
  const bench = new Bench();
  const { memory } = bench;
  bench.publish("#t", "x");
  bench.flushes.flush();
  await bench.commit();
  for (let at = 1; at < 800; at++) bench.publishWithId("#t", `${at}${"x".repeat(200)}`, bench.publisher);
  bench.flushes.flush();
  for (let now = 0; now < 120_000; now += 250) bench.engine.tick(now);
  const waiting = memory.held;
  while (bench.answers.length < 800) {
    if (bench.turns.length === 0) await bench.commit();
    bench.turns.shift()?.();
  }
  await settled();
  assert(memory.held >= 128 * 1024, `${memory.held} of ${waiting}: they are remembered`);
  // a leap is not so much time
  bench.engine.tick(10_000_000);
  assert(memory.held >= 128 * 1024, `${memory.held}`);
  for (let now = 0; now < 120_000; now += 250) bench.engine.tick(10_000_000 + now);
  assert(memory.held < 64 * 1024, `${memory.held}`);
  await bench.close();
});
