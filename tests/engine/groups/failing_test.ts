import { assert, assertEquals } from "@std/assert";
import type { GroupChange, GroupsListing } from "../../../lib/engine/types.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import type {
  Cursor,
  GroupCountOutcome,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  ReadExtent,
  ReadOutcome,
  SeekOutcome,
  SeekPlace,
  Store,
} from "../../../lib/store/types.ts";
import { StoredBench, Worker } from "./stored_bench.ts";

/** A store that cannot do what a test says. */
class Failing extends MemoryStore {
  readsNothing = false;
  /** What is read by its numbers, to be given out again. */
  readsNoneAgain = false;
  known: GroupOutcome | undefined;
  counted: GroupCountOutcome | undefined;
  listed: ((place: GroupsPlace | undefined) => GroupsOutcome) | undefined;
  sought: ((place: SeekPlace | undefined) => SeekOutcome) | undefined;

  constructor() {
    super({ now: () => 0 });
  }

  override read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    const again = cursors[0]?.to?.kind === "sequence";
    if (this.readsNothing || (again && this.readsNoneAgain)) done({ kind: "failed", reason: "damaged" });
    else super.read(cursors, extent, done);
  }

  override group(group: GroupName, done: (outcome: GroupOutcome) => void): void {
    if (this.known !== undefined) done(this.known);
    else super.group(group, done);
  }

  override groupCount(done: (outcome: GroupCountOutcome) => void): void {
    if (this.counted !== undefined) done(this.counted);
    else super.groupCount(done);
  }

  override groups(place: GroupsPlace | undefined, done: (outcome: GroupsOutcome) => void): void {
    if (this.listed !== undefined) done(this.listed(place));
    else super.groups(place, done);
  }

  override seek(...[pattern, range, done]: Parameters<Store["seek"]>): void {
    if (this.sought !== undefined) done(this.sought(range.place));
    else super.seek(pattern, range, done);
  }
}

function failing(): { readonly store: Failing; readonly bench: StoredBench } {
  const store = new Failing();
  return { store, bench: new StoredBench({ store }) };
}

async function changed(
  bench: StoredBench,
  change: (done: (change: GroupChange) => void) => void,
): Promise<GroupChange> {
  const { promise, resolve } = Promise.withResolvers<GroupChange>();
  change(resolve);
  await bench.settle();
  return await promise;
}

const G = { name: "g", pattern: "#d.>" };
const EARLIEST = { kind: "earliest" } as const;

Deno.test("when what a group has before it cannot be read its members are told, and who comes is refused with that", async () => {
  const { store, bench } = failing();
  await bench.published("#d.a", ["1"]);
  store.readsNothing = true;
  const one = await bench.joined({ from: EARLIEST });
  assertEquals([one.outcome, one.failure, one.given], [{ kind: "joined" }, "damaged", []]);
  const two = await bench.joined();
  assertEquals(two.outcome, { kind: "refused", code: "STORE", reason: "damaged" });
  await bench.published("#d.a", ["2"]);
  assertEquals([one.given, two.given], [[], []], "nothing comes any more");
  for (const each of [two, one]) each.dies();
  await bench.settle();
  assertEquals(bench.engine.snapshot().groups, []);
  store.readsNothing = false;
  assertEquals((await bench.joined()).shown, ["#d.a 1", "#d.a 2"], "nothing was lost by it");
});

Deno.test("what is held when the group fails may still be settled, given back and kept", async () => {
  const { store, bench } = failing();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2", "3", "4"]);
  store.readsNoneAgain = true;
  assert(worker.nack("#d.a", 1));
  await bench.settle();
  assertEquals(worker.failure, "damaged");
  const { membership } = worker;
  assert(membership!.holdsAll("#d.a", { from: 2, end: 5 }));
  assert(worker.ack("#d.a", 2) && worker.extend("#d.a", 3));
  assert(worker.nack("#d.a", 4));
  await bench.settle();
  assertEquals(worker.answers, ["ack #d.a 2"]);
  worker.dies();
  await bench.settle();
  store.readsNoneAgain = false;
  assertEquals((await bench.joined()).shown, ["#d.a 1 (2)", "#d.a 3 (2)", "#d.a 4 (2)"]);
});

Deno.test("who holds all of what it names is known, and that it is so no more", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2", "3"]);
  const holds = (from: number, end: number, topic = "#d.a"): boolean =>
    worker.membership!.holdsAll(topic, { from, end });
  assertEquals([holds(1, 4), holds(2, 3), holds(1, 5), holds(1, 2, "#d.b")], [true, true, false, false]);
  worker.ack("#d.a", 2);
  assertEquals([holds(1, 4), holds(1, 2), holds(3, 4)], [false, true, true]);
  worker.dies();
  assertEquals(holds(1, 2), false);
});

Deno.test("a member of what is in memory holds nothing that it could settle", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ pattern: "#m.>" });
  await bench.published("#m.a", ["1"]);
  assertEquals(worker.shown, ["#m.a 0"]);
  assertEquals([
    worker.ack("#m.a", 1),
    worker.nack("#m.a", 1),
    worker.extend("#m.a", 1),
    worker.membership!.holdsAll("#m.a", { from: 1, end: 2 }),
  ], [false, false, false, false]);
});

Deno.test("who joins where it cannot be found out how far the group has come is refused, and the next may try", async () => {
  const { store, bench } = failing();
  const held = bench.memory.held;
  for (
    const known of [
      { kind: "failed", reason: "no disk" },
      // a mark that names numbers which are none
      {
        kind: "group",
        mark: { sequence: 0, after: 0, topics: [{ topic: "#d.a", settled: "?", attempts: "" }] },
        missed: 0,
      },
    ] as const
  ) {
    store.known = known;
    const workers = [new Worker(), new Worker()];
    for (const worker of workers) bench.join({}, worker);
    await bench.settle();
    for (const { outcome } of workers) {
      assert(outcome?.kind === "refused" && outcome.code === "STORE", JSON.stringify(outcome));
      if (known.kind === "failed") assertEquals(outcome.reason, "no disk");
    }
    assertEquals([bench.engine.snapshot().groups, bench.memory.held], [[], held]);
    // it has no place, and may go all the same
    for (const worker of workers) worker.dies();
  }
  store.known = undefined;
  assertEquals((await bench.joined()).outcome, { kind: "joined" });
});

Deno.test("no more groups are stored than may be, and one that is deleted makes room (G6)", async () => {
  const bench = new StoredBench({ groupsMost: 1 });
  const first = await bench.joined();
  const second = await bench.joined({ name: "h" });
  assertEquals(second.outcome, {
    kind: "refused",
    code: "TOO_MANY_GROUPS",
    reason: "there are 1 groups already, as many as may be stored (--max-groups): " +
      "who runs the broker can delete what nobody needs (--groups, --delete-group)",
  });
  assertEquals((await bench.joined()).outcome, { kind: "joined" }, "the one there is takes more members");
  assertEquals((await bench.joined({ name: "m", pattern: "#m" })).outcome?.kind, "joined", "none is stored");
  assertEquals(await changed(bench, (done) => bench.engine.deleteGroup(G, done)), { kind: "done" });
  first.dies();
  assertEquals((await bench.joined({ name: "h" })).outcome, { kind: "joined" });
});

Deno.test("where groups cannot be counted, or a beginning not be found, none begins, and none is counted for it", async () => {
  const store = new Failing();
  const bench = new StoredBench({ store, groupsMost: 1 });
  store.counted = { kind: "failed", reason: "no disk" };
  assertEquals((await bench.joined()).outcome, { kind: "refused", code: "STORE", reason: "no disk" });
  store.counted = undefined;
  store.sought = () => ({ kind: "failed", reason: "damaged" });
  const refused = { kind: "refused", code: "STORE", reason: "damaged" } as const;
  assertEquals((await bench.joined({ from: EARLIEST })).outcome, refused);
  store.sought = undefined;
  assertEquals((await bench.joined({ from: EARLIEST })).outcome, { kind: "joined" });
});

Deno.test("a beginning that takes more than one look is looked for from its place on", async () => {
  const { store, bench } = failing();
  await bench.published("#d.a", ["1", "2"]);
  const places: (SeekPlace | undefined)[] = [];
  const place = { topic: 3, after: 0, found: false, newest: 0, deleted: 0 };
  store.sought = (from) => {
    places.push(from);
    if (places.length < 2) return { kind: "searching", place };
    const cursor = { pattern: G.pattern, after: 0, sequence: 2, time: 0, to: undefined };
    const first = { bytes: new Uint8Array(0), messages: 0 };
    return { kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted: 0 };
  };
  const worker = await bench.joined({ from: EARLIEST });
  assertEquals([places, worker.shown], [[undefined, place], ["#d.a 2"]]);
});

Deno.test("a group begins with no last of each topic, and who is let in anywhere is told so once", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ from: { kind: "last", count: 1, asOf: undefined } });
  assertEquals(worker.outcome, {
    kind: "refused",
    code: "BAD_FIELD",
    reason: "a group does not begin with the last of each topic",
  });
  assert(!worker.ack("#d.a", 1));
  worker.dies();
  await bench.settle();
});

Deno.test("groups are listed however many pages they are, or it is told why they cannot be", async () => {
  const { store, bench } = failing();
  const state = (name: string): GroupName & { lag: number; oldest: undefined } => (
    { name, pattern: "#d.>", lag: 1, oldest: undefined }
  );
  store.listed = (place) =>
    place === undefined
      ? { kind: "groups", groups: [state("a")], next: { after: state("a"), counted: undefined } }
      : { kind: "groups", groups: [state(`behind-${place.after.name}`)], next: undefined };
  const list = async (): Promise<GroupsListing> => {
    const { promise, resolve } = Promise.withResolvers<GroupsListing>();
    bench.engine.groups(resolve);
    await bench.settle();
    return await promise;
  };
  const listing = await list();
  assert(listing.kind === "groups");
  assertEquals(listing.groups.map(({ name, lag, members }) => [name, lag, members]), [["a", 1, 0], [
    "behind-a",
    1,
    0,
  ]]);
  store.listed = () => ({ kind: "failed", reason: "no disk" });
  assertEquals(await list(), { kind: "failed", reason: "no disk" });
});

Deno.test("a group that cannot be reset goes on where it stood", async () => {
  const { store, bench } = failing();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  worker.ack("#d.a", 1);
  store.sought = () => ({ kind: "failed", reason: "damaged" });
  assertEquals(await changed(bench, (done) => bench.engine.resetGroup(G, EARLIEST, done)), {
    kind: "failed",
    reason: "damaged",
  });
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 2"]);
  assert(worker.ack("#d.a", 2));
  await bench.published("#d.a", ["3"]);
  assertEquals(worker.shown.slice(3), ["#d.a 3"]);
});

Deno.test("what a member had not sent when its group was reset or failed is let go of when it leaves", async () => {
  const bench = new StoredBench();
  const worker = new Worker();
  worker.writes = false;
  // of a page that was read, whose memory is the pool's
  await bench.published("#d.a", ["1", "2"]);
  await bench.joined({ from: { kind: "earliest" } }, worker);
  assertEquals([worker.given.length, bench.pool.bytesOut > 0], [2, true]);
  const sought: Array<() => void> = [];
  const seek = bench.store.seek.bind(bench.store);
  bench.store.seek = (...of) => void sought.push(() => seek(...of));
  bench.engine.resetGroup(G, { kind: "sequence", sequence: 9 }, () => {});
  await bench.settle();
  worker.dies();
  assertEquals([sought.length, bench.pool.bytesOut], [1, 0], "while it is looked for where it begins");
  for (const go of sought) go();
  await bench.settle();
  assertEquals(bench.engine.snapshot().groups, []);
});
