/** What a group does by itself waits for nobody who flushes: nobody may read anything for hours. */
import { assert, assertEquals } from "@std/assert";
import type { GroupChange } from "../../../lib/engine/types.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import { HeldStore } from "../../support/held_store.ts";
import { settled } from "../durable/commit_bench.ts";
import { StoredBench } from "./stored_bench.ts";

const G = { name: "g", pattern: "#d.>" };
const EARLIEST = { kind: "earliest" } as const;

Deno.test("who joins a new group, or one that is known, is let in and given what is there", async () => {
  const bench = new StoredBench();
  await bench.published("#d.a", ["1", "2"]);
  for (const shown of [["#d.a 1", "#d.a 2"], ["#d.a 1 (2)", "#d.a 2 (2)"]]) {
    const worker = bench.join({ from: EARLIEST });
    await settled();
    assertEquals([worker.outcome, worker.shown], [{ kind: "joined" }, shown]);
    worker.dies();
    await settled();
    assertEquals(bench.engine.snapshot().groups, []);
  }
});

Deno.test("who joins a group that is open is let in at once, and given what waits", async () => {
  const bench = new StoredBench();
  await bench.joined({ window: 1 });
  await bench.published("#d.a", ["1", "2", "3"]);
  let flushed = 0;
  bench.flushes.add({ ready: () => flushed++ });
  const other = bench.join();
  assertEquals([other.outcome, other.given], [{ kind: "joined" }, []]);
  bench.flushes.flush();
  assertEquals([flushed, other.shown], [1, ["#d.a 2", "#d.a 3"]]);
});

Deno.test("a group is reset, and what it begins with given out; then it is deleted", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1"]);
  const told: GroupChange[] = [];
  bench.engine.resetGroup(G, EARLIEST, (change) => void told.push(change));
  await settled();
  assertEquals([told, worker.shown], [[{ kind: "done" }], ["#d.a 1", "#d.a 1"]]);
  bench.engine.deleteGroup(G, (change) => void told.push(change));
  await settled();
  assertEquals([told.length, worker.failure], [2, "the group g was deleted"]);
});

Deno.test("a reset that cannot be stored is said, the group goes on where it stood, and nobody tries it again", async () => {
  const store = new HeldStore(new MemoryStore({ now: () => 0 }));
  const bench = new StoredBench({ store });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  worker.ack("#d.a", 1);
  await bench.settle();
  store.free = false;
  const told: GroupChange[] = [];
  bench.engine.resetGroup(G, EARLIEST, (change) => void told.push(change));
  await settled();
  store.commits.shift()!.end({ kind: "refused", reason: "full" });
  await settled();
  assertEquals(told, [{ kind: "failed", reason: "full" }]);
  assertEquals(worker.shown.slice(2), ["#d.a 2"]);
  await bench.passes(500);
  assertEquals(store.commits.length, 0);
});

Deno.test("a group that cannot be stored takes nobody, none is counted for it, and the next tries again (G6)", async () => {
  const store = new HeldStore(new MemoryStore({ now: () => 0 }));
  const bench = new StoredBench({ store, groupsMost: 1 });
  store.free = false;
  const first = bench.join();
  await settled();
  store.commits.shift()!.end({ kind: "refused", reason: "full" });
  await settled();
  assertEquals(first.outcome, { kind: "refused", code: "STORE", reason: "full" });
  await bench.passes(500);
  assertEquals(store.commits.length, 0);
  store.free = true;
  assertEquals((await bench.joined()).outcome, { kind: "joined" });
  assertEquals((await bench.joined({ name: "h" })).outcome?.kind, "refused");
});

Deno.test("time that passes stores what nobody waits for, and gives out what is over", async () => {
  const bench = new StoredBench();
  const one = await bench.joined({ window: 1 });
  await bench.joined({ name: "auto", settling: "auto" });
  await bench.published("#d.a", ["1"]);
  const two = await bench.joined({ window: 1 });
  const { commits } = bench.store.state;
  for (const now of [250, 500, 750]) {
    bench.engine.tick(now);
    await settled();
  }
  assertEquals([bench.store.state.commits, two.given], [commits + 1, []], "what is written is settled");
  bench.engine.tick(1000);
  await settled();
  assertEquals([one.given.length, two.shown], [1, ["#d.a 1 (2)"]]);
});

Deno.test("what is settled, given back and taken from who is gone goes on at once", async () => {
  const bench = new StoredBench();
  const one = await bench.joined({ window: 2 });
  await bench.published("#d.a", ["1", "2", "3", "4"]);
  const flushes: number[] = [];
  const noted = (): void => bench.flushes.add({ ready: () => void flushes.push(1) });
  noted();
  assert(one.ack("#d.a", 1));
  assertEquals([one.shown.slice(2), flushes.length], [["#d.a 3"], 1], "what is given is set going");
  assert(one.nack("#d.a", 2));
  await settled();
  assertEquals(one.shown.slice(3), ["#d.a 4"]);
  const two = await bench.joined({ window: 9 });
  assertEquals(two.shown, ["#d.a 2 (2)"]);
  one.dies();
  await settled();
  assertEquals(two.shown.slice(1), ["#d.a 3 (2)", "#d.a 4 (2)"]);
});

for (const fields of ["", " key=a"]) {
  Deno.test(`by key, too, what is given behind an ack is set going at once${fields === "" ? ", without one" : ""}`, async () => {
    const bench = new StoredBench();
    const worker = await bench.joined({ by: "key", window: 1 });
    await bench.published("#d.a", ["1", "2"], fields);
    let flushes = 0;
    bench.flushes.add({ ready: () => void flushes++ });
    assert(worker.ack("#d.a", 1));
    assertEquals([worker.shown, flushes], [["#d.a 1", "#d.a 2"], 1]);
  });
}
