import { assert, assertEquals } from "@std/assert";
import type { Publisher } from "../../../lib/engine/types.ts";
import {
  COMMIT_NEW_TOPICS_MOST,
  COMMIT_PIECES_MOST,
  COMMIT_SHORT_PART,
  LOG_HIGH_WATER,
} from "../../../lib/limits.ts";
import { HeldStore } from "../../support/held_store.ts";
import { Bench, named, settled } from "./commit_bench.ts";

/** Keeps the sequence numbers it gets, by topic. */
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
  // of a thousand new topics one or two may be taken for one that was named before
  for (const size of sizes.slice(0, -1)) {
    assert(size >= COMMIT_NEW_TOPICS_MOST && size <= COMMIT_NEW_TOPICS_MOST + 2, `${sizes}`);
  }
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
