import { assert, assertEquals } from "@std/assert";
import type { GroupChange } from "../../../lib/engine/types.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import { HeldStore } from "../../support/held_store.ts";
import { keyedRun } from "./keyed_runs.ts";
import { StoredBench, Worker } from "./stored_bench.ts";

const G = { name: "g", pattern: "#d.>" };
const WIDE = { name: "g", pattern: "#>" };
const EARLIEST = { kind: "earliest" } as const;
const BUSY: GroupChange = { kind: "failed", reason: "members of it are just coming or going: try again" };

/** A bench whose commits wait once that is asked for. */
function holding(): { readonly bench: StoredBench; readonly store: HeldStore; go(): Promise<void> } {
  const store = new HeldStore(new MemoryStore({ now: () => 0 }));
  const bench = new StoredBench({ store });
  return {
    bench,
    store,
    /** What was held is stored, and what comes then. */
    go: async () => {
      store.free = true;
      for (const { end } of store.commits.splice(0)) end();
      await bench.settle();
    },
  };
}

/** What became of changes, in the order in which that was known. */
class Changes {
  readonly told: GroupChange[] = [];
  readonly note = (change: GroupChange): void => void this.told.push(change);
}

function members(bench: StoredBench): number[] {
  return bench.engine.snapshot().groups.map(({ members }) => members);
}

Deno.test("who was refused is given nothing, whatever it does with its place, and lets go of what it brings", async () => {
  const bench = new StoredBench();
  await bench.joined({ window: 1 });
  const refused = await bench.joined({ settling: "auto" });
  assertEquals(refused.outcome?.kind, "refused");
  const { membership } = refused;
  membership!.resize(5);
  await bench.published("#d.a", ["1", "2"]);
  assertEquals([refused.given, members(bench)], [[], [1]]);
  assert(!refused.ack("#d.a", 1) && !refused.nack("#d.a", 1) && !refused.extend("#d.a", 1));
  const run = keyedRun([{ payload: "x", key: "" }], {
    route: { topic: "#d.a", topicBytes: 4 },
    pool: bench.pool,
  });
  run.keep();
  run.records.chunk.release();
  run.records.chunk.retain();
  assert(run.records.chunk.shared);
  membership!.leave([run]);
  assert(!run.records.chunk.shared);
  assertEquals(members(bench), [1]);
});

Deno.test("who waits to be let in may resize its window, is given nothing before, and has that room then", async () => {
  const { bench, store, go } = holding();
  const first = await bench.joined({ ...WIDE, window: 1 });
  store.free = false;
  bench.engine.resetGroup(WIDE, undefined, () => {});
  await bench.settle();
  const second = await bench.joined({ ...WIDE, window: 1 });
  assertEquals(second.outcome, undefined);
  second.membership!.resize(3);
  assertEquals(members(bench), [2]);
  await bench.published("#m", ["m"]);
  assertEquals([first.shown, second.given], [["#m 0"], []], "what is in memory goes on meanwhile");
  await go();
  assertEquals(second.outcome, { kind: "joined" });
  await bench.published("#d.a", ["1", "2", "3", "4", "5", "6"]);
  assertEquals([first.given.length, second.given.length], [1 + 1, 3]);
});

Deno.test("while a group is changed, or its last member is going, it is not changed once more", async () => {
  const { bench, store, go } = holding();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  store.free = false;
  const changes = new Changes();
  bench.engine.resetGroup(G, EARLIEST, changes.note);
  await bench.settle();
  const { held, waiting } = bench.engine.snapshot().groups[0]!;
  assertEquals([held, waiting], [0, 0], "nobody holds anything of it any more");
  bench.engine.resetGroup(G, undefined, changes.note);
  await bench.settle();
  bench.engine.deleteGroup(G, changes.note);
  await bench.settle();
  assertEquals(changes.told, [BUSY, BUSY]);
  await go();
  assertEquals(changes.told.splice(0), [BUSY, BUSY, { kind: "done" }]);
  assertEquals(worker.shown.slice(2), ["#d.a 1", "#d.a 2"]);
  store.free = false;
  worker.ack("#d.a", 1);
  worker.dies();
  await bench.settle();
  bench.engine.resetGroup(G, EARLIEST, changes.note);
  await bench.settle();
  assertEquals([changes.told, members(bench)], [[BUSY], [0]], "it is there until what was settled is stored");
  await go();
  assertEquals(members(bench), []);
  assertEquals((await bench.joined()).shown, ["#d.a 2 (2)"]);
});

Deno.test("a group whose last member leaves while it is reset is over with that, and stands where it was set", async () => {
  const { bench, store, go } = holding();
  const { held } = bench.memory;
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2", "3"]);
  store.free = false;
  const changes = new Changes();
  bench.engine.resetGroup(G, { kind: "sequence", sequence: 2 }, changes.note);
  await bench.settle();
  assert(!worker.ack("#d.a", 1), "nothing of it is settled meanwhile");
  assert(!worker.nack("#d.a", 1) && !worker.extend("#d.a", 1));
  worker.dies();
  await bench.settle();
  assertEquals([members(bench), changes.told], [[0], []]);
  await go();
  assertEquals([members(bench), changes.told, bench.memory.held], [[], [{ kind: "done" }], held]);
  assertEquals((await bench.joined()).shown, ["#d.a 2", "#d.a 3"]);
});

Deno.test("who joins a group that is being deleted begins it anew, if nobody was in it (G6)", async () => {
  const { bench, store, go } = holding();
  (await bench.joined()).dies();
  await bench.published("#d.a", ["1", "2"]);
  store.free = false;
  const changes = new Changes();
  bench.engine.deleteGroup(G, changes.note);
  await bench.settle();
  assertEquals(members(bench), [0]);
  const worker = await bench.joined({ from: { kind: "sequence", sequence: 2 } });
  assertEquals([worker.outcome, members(bench)], [undefined, [1]]);
  await go();
  assertEquals([changes.told, worker.outcome], [[{ kind: "done" }], { kind: "joined" }]);
  assertEquals(worker.shown, ["#d.a 2"]);
});

Deno.test("a group without members that is deleted is known no more, and none is counted for it (G6)", async () => {
  const { bench, store, go } = holding();
  const { held } = bench.memory;
  (await bench.joined()).dies();
  await bench.settle();
  store.free = false;
  bench.engine.deleteGroup(G, () => {});
  await bench.settle();
  assertEquals(bench.memory.held, held + 4096);
  await go();
  assertEquals([members(bench), bench.memory.held], [[], held]);
});

Deno.test("who waits to be let in is refused when its group is deleted from under its members", async () => {
  const { bench, store, go } = holding();
  const first = await bench.joined();
  store.free = false;
  const changes = new Changes();
  bench.engine.deleteGroup(G, changes.note);
  await bench.settle();
  const second = await bench.joined();
  await go();
  const reason = "the group g was deleted";
  assertEquals([first.failure, second.failure], [reason, undefined]);
  assertEquals(second.outcome, { kind: "refused", code: "STORE", reason });
  assertEquals(members(bench), [1]);
  assertEquals((await bench.joined()).outcome, { kind: "refused", code: "STORE", reason });
  first.dies();
  await bench.settle();
  assertEquals(members(bench), []);
  assertEquals((await bench.joined()).outcome, { kind: "joined" });
});

Deno.test("a deletion that cannot be stored leaves the group as it was, and it goes on", async () => {
  const { bench, store } = holding();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  worker.ack("#d.a", 1);
  await bench.settle();
  store.free = false;
  const changes = new Changes();
  bench.engine.deleteGroup(G, changes.note);
  await bench.settle();
  store.free = true;
  store.commits.shift()!.end({ kind: "refused", reason: "full" });
  await bench.settle();
  assertEquals(changes.told, [{ kind: "failed", reason: "full" }]);
  assertEquals([worker.shown.slice(2), worker.failure], [["#d.a 2"], undefined]);
  await bench.published("#d.a", ["3"]);
  assertEquals(worker.shown.slice(3), ["#d.a 3"]);
});

Deno.test("who leaves before it was let in leaves nothing behind, and is not let in", async () => {
  const bench = new StoredBench();
  const { held } = bench.memory;
  const worker = bench.join();
  const [{ members: count, held: has, waiting } = { members: -1, held: -1, waiting: -1 }] =
    bench.engine.snapshot().groups;
  assertEquals([count, has, waiting], [1, 0, 0]);
  worker.dies();
  assertEquals(members(bench), [0]);
  await bench.settle();
  assertEquals([worker.outcome, members(bench), bench.memory.held], [undefined, [], held]);
  const [one, other] = [bench.join(), bench.join()];
  one.dies();
  await bench.settle();
  assertEquals([one.outcome, other.outcome, members(bench)], [undefined, { kind: "joined" }, [1]]);
});

Deno.test("the first of those that wait says how its group settles and where it begins, whoever comes behind", async () => {
  const bench = new StoredBench();
  await bench.published("#d.a", ["1", "2", "3"]);
  const first = bench.join({ settling: "auto", from: { kind: "sequence", sequence: 2 } });
  const second = bench.join({ settling: "explicit" });
  const third = bench.join({ settling: "auto", from: EARLIEST });
  assertEquals(second.outcome?.kind, "refused");
  await bench.settle();
  assertEquals([first, third].map(({ outcome }) => outcome?.kind), ["joined", "joined"]);
  assertEquals([...first.shown, ...third.shown].toSorted(), ["#d.a 2", "#d.a 3"]);
  assertEquals(bench.engine.snapshot().groups[0]!.settling, "auto");
  for (const each of [first, third]) each.dies();
  const next = bench.join({ settling: "explicit", by: "key" });
  await bench.settle();
  assertEquals(next.outcome?.kind, "joined", "once they have left, another may");
});

Deno.test("members are told once that their group has failed, however often reading fails", async () => {
  class Unreadable extends MemoryStore {
    fails = false;
    override read(...[cursors, extent, done]: Parameters<MemoryStore["read"]>): void {
      if (this.fails) queueMicrotask(() => done({ kind: "failed", reason: "damaged" }));
      else super.read(cursors, extent, done);
    }
  }
  class Told extends Worker {
    times = 0;
    override failed(reason: string): void {
      super.failed(reason);
      this.times++;
    }
  }
  const store = new Unreadable({ now: () => 0 });
  const bench = new StoredBench({ store });
  const [one, other] = [new Told(), new Told()];
  for (const each of [one, other]) await bench.joined({}, each);
  await bench.published("#d.a", ["1"]);
  await bench.published("#d.a", ["2"]);
  store.fails = true;
  assert(one.nack("#d.a", 1));
  await bench.settle();
  assert(other.nack("#d.a", 2));
  await bench.settle();
  assertEquals([one.times, other.times], [1, 1]);
});

Deno.test("what is held and what waits is counted together, of what is stored and of what is not", async () => {
  const bench = new StoredBench();
  const worker = new Worker();
  worker.writes = false;
  await bench.joined({ ...WIDE, window: 3 }, worker);
  await bench.published("#m", ["m"]);
  await bench.published("#d.a", ["1", "2", "3", "4"]);
  const shown = (): unknown[] =>
    bench.engine.snapshot().groups.map((
      { held, waiting, members, settling },
    ) => [held, waiting, members, settling]);
  assertEquals(shown(), [[3, 2, 1, "explicit"]]);
  bench.publish("#m", ["n"]);
  assertEquals(shown(), [[3, 3, 1, "explicit"]]);
  worker.write();
  await bench.settle();
  assertEquals(shown(), [[3, 1, 1, "explicit"]], "what is in memory came and went");
  worker.ack("#d.a", 1, 2);
  await bench.settle();
  assertEquals(shown(), [[2, 0, 1, "explicit"]]);
});

Deno.test("of what a member had not sent what is in memory goes to the others as well as what is stored (G4)", async () => {
  const bench = new StoredBench();
  const worker = new Worker();
  worker.writes = false;
  await bench.joined({ ...WIDE, window: 4 }, worker);
  for (const [topic, payload] of [["#m", "m"], ["#d.a", "1"], ["#m", "n"], ["#d.a", "2"]] as const) {
    await bench.published(topic, [payload]);
  }
  const other = await bench.joined({ ...WIDE, window: 4 });
  worker.unsent.shift()!.release();
  worker.dies();
  await bench.settle();
  assertEquals(other.given.map(({ payload }) => payload).toSorted(), ["1", "2", "n"]);
  const { held, waiting } = bench.engine.snapshot().groups[0]!;
  assertEquals([held, waiting], [2, 0]);
});

Deno.test("of what leaves a member that settles by itself only what is not stored is over with that", async () => {
  const bench = new StoredBench();
  const worker = new Worker();
  worker.writes = false;
  await bench.joined({ ...WIDE, window: 9 }, worker);
  for (const topic of ["#d.a", "#m", "#d.b", "#m"]) await bench.published(topic, ["x"]);
  const held: number[] = [];
  for (let left = 4; left > 0; left--) {
    worker.membership!.passed(1);
    held.push(bench.engine.snapshot().groups[0]!.held);
  }
  assertEquals(held, [4, 3, 3, 2]);
});
