import { assert, assertEquals } from "@std/assert";
import type { Publisher, ReplaySubscriber, Run } from "../../../lib/engine/types.ts";
import {
  COMMIT_BYTES_MOST,
  COMMIT_NEW_TOPICS_MOST,
  COMMIT_PIECES_MOST,
  COMMIT_SHORT_PART,
  HAND_ON_WORK,
  LOG_HIGH_WATER,
  LOG_PIECES_LEAST,
  PIECE_BYTES,
} from "../../../lib/limits.ts";
import { HeldStore } from "../../support/held_store.ts";
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
  failed(): void {}
  whenNotFull(callback: () => void): void {
    callback();
  }
}

Deno.test("no commit has more runs than one takes: those behind it are in the next, in their order", async () => {
  const bench = new Bench();
  const count = 2 * COMMIT_PIECES_MOST + 10;
  for (let at = 0; at < count; at++) bench.publish(`#t${at % 2}`, "x");
  bench.flushes.flush();
  assertEquals(await bench.commit(), COMMIT_PIECES_MOST);
  await bench.takeTurns();
  assertEquals(await bench.commit(), COMMIT_PIECES_MOST);
  await bench.takeTurns();
  assertEquals(await bench.commit(), 10);
  await bench.takeTurns();
  assertEquals(
    bench.answers.map((answer) => typeof answer === "object" && `${answer.topic} ${answer.last}`),
    [
      ...Array.from({ length: count }, (_, at) => `#t${at % 2} ${1 + (at >> 1)}`),
    ],
  );
  assertEquals(bench.counters.totals.published, count);
  await bench.close();
});

Deno.test("who has one message waiting is in the next commit, whatever others have, and new topics are few in each", async () => {
  const bench = new Bench();
  for (let at = 0; at < 1000; at++) bench.publish(`#new.${at}`, "x");
  const told: unknown[] = [];
  const other: Publisher = {
    hold: () => ({
      acknowledge: (receipt) => void told.push(receipt.last),
      refuse: (code) => void told.push(code),
    }),
  };
  bench.publish("#quiet", "y", other);
  bench.flushes.flush();
  const sizes = [await bench.commit()];
  assertEquals(told, [1]);
  for (let left = 1001 - sizes[0]!; left > 0; left -= sizes.at(-1)!) sizes.push(await bench.commit());
  assertEquals(sizes.slice(0, -1), Array(sizes.length - 1).fill(COMMIT_NEW_TOPICS_MOST));
  // they are not new any more
  for (let at = 0; at < 1000; at++) bench.publish(`#new.${at}`, "x");
  bench.flushes.flush();
  assertEquals(await bench.commit(), 1000);
  await bench.close();
});

Deno.test("who has nothing waiting may publish though others have filled the log, and so much again at most", async () => {
  const bench = new Bench();
  const [flood, other] = [named("flood", []), named("other", [])];
  const route = bench.engine.routeOf("#t");
  const payload = "x".repeat(100_000);
  while (bench.engine.gateOf(route, flood) === undefined) bench.publish("#t", payload, flood);
  const quiet = named("quiet", []);
  assertEquals(bench.engine.gateOf(route, quiet), undefined);
  bench.publish("#t", "y", quiet);
  assert(bench.engine.gateOf(route, quiet) !== undefined, "now it has");
  let more = 0;
  for (let publisher = other; bench.engine.gateOf(route, publisher) === undefined; more++) {
    bench.publish("#t", payload, publisher);
    publisher = named("one more", []);
  }
  assert(more > 100 && more <= LOG_HIGH_WATER / 100_000 + 1, `${more} more`);
  bench.flushes.flush();
  await bench.close();
});

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

Deno.test("of a hundred who flood none makes another wait for more than a commit, and who comes has the next", async () => {
  const bench = new Bench();
  const order: string[] = [];
  for (let one = 0; one < 100; one++) {
    const flood = named(`flood ${one}`, []);
    for (let at = 0; at < 400; at++) bench.publish(`#t${one}`, "x", flood);
  }
  bench.flushes.flush();
  await bench.commit();
  for (let at = 0; at < 3; at++) {
    bench.publish("#q", "y", named("quiet", order));
    bench.flushes.flush();
    // what waits behind the commit that is running is in the next
    for (let commits = 0; commits < 2; commits++) {
      await bench.commit();
      while (bench.turns.length > 0) bench.turns.shift()!();
    }
    assertEquals(order.length, at + 1);
  }
  await bench.close();
});

Deno.test("those who come anew leave half of a commit to those who wait", async () => {
  const bench = new Bench();
  const flood = named("flood", []);
  const sent = 4 * COMMIT_PIECES_MOST;
  const publish = (): void => {
    for (let at = 0; at < COMMIT_PIECES_MOST; at++) bench.publish("#t", "x", named("new", []));
  };
  for (let at = 0; at < sent; at++) bench.publish("#f", "x", flood);
  bench.flushes.flush();
  await bench.commit();
  publish();
  const counted: number[][] = [];
  for (let commits = 0; commits < 4; commits++) {
    await bench.takeTurns();
    const commit = await bench.store.next();
    const floods = commit.appends.filter(({ topic }) => topic === "#f").length;
    counted.push([floods, commit.appends.length - floods]);
    commit.end();
    await settled();
  }
  const [short, half] = [COMMIT_SHORT_PART * COMMIT_PIECES_MOST, COMMIT_PIECES_MOST / 2];
  // the first was asked for before they came, and every second is short
  assertEquals(counted, [[COMMIT_PIECES_MOST, 0], [0, short], [half, half], [0, short]]);
  await bench.close();
});

Deno.test("who comes while others flood has a commit that is short, and not what they have waiting in it", async () => {
  const bench = new Bench();
  const order: string[] = [];
  const flood = named("flood", []);
  for (let at = 0; at < 4 * COMMIT_PIECES_MOST; at++) bench.publish("#f", "x", flood);
  bench.flushes.flush();
  const running = await bench.store.next();
  bench.publish("#q", "y", named("quiet", order));
  running.end();
  await settled();
  const next = await bench.store.next();
  assertEquals(next.appends.map(({ topic }) => topic), ["#q"]);
  next.end();
  await settled();
  await bench.takeTurns();
  assertEquals(order, ["quiet"]);
  assertEquals(await bench.commit(), COMMIT_PIECES_MOST, "then it is theirs");
  await bench.close();
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
class BusyStore extends HeldStore {
  upkeepDue = false;
  readonly asked: Array<() => void> = [];

  keepUp(done: () => void): void {
    this.asked.push(() => {
      this.upkeepDue = false;
      done();
    });
  }
}

Deno.test("who comes while the store does what is due has the commit behind it, and who came before the one before", async () => {
  const store = new BusyStore();
  const bench = new Bench({ store });
  const order: string[] = [];
  const flood = named("flood", []);
  for (let at = 0; at < 3 * COMMIT_PIECES_MOST; at++) bench.publish("#f", "x", flood);
  bench.flushes.flush();
  const running = await store.next();
  bench.publish("#q", "before", named("before", order));
  store.upkeepDue = true;
  running.end();
  await settled();
  assertEquals(await bench.commit(), 1, "it need not wait for that");
  await bench.takeTurns();
  assertEquals([order, store.commits.length, store.asked.length], [["before"], 0, 1]);
  bench.publish("#q", "meanwhile", named("meanwhile", order));
  bench.flushes.flush();
  await settled();
  assertEquals(store.commits.length, 0, "nothing is asked for that would be before it");
  store.asked.shift()!();
  await settled();
  assertEquals(await bench.commit(), 1);
  await bench.takeTurns();
  assertEquals(order, ["before", "meanwhile"]);
  assertEquals(await bench.commit(), COMMIT_PIECES_MOST);
  await bench.close();
});

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
