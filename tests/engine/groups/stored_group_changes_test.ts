import { assert, assertEquals } from "@std/assert";
import type { GroupChange, GroupsListing } from "../../../lib/engine/types.ts";
import { StoredBench } from "./stored_bench.ts";

const G = { name: "g", pattern: "#d.>" };

/** What became of asking for a change. */
async function changed(
  bench: StoredBench,
  ask: (done: (change: GroupChange) => void) => void,
): Promise<GroupChange> {
  let change: GroupChange | undefined;
  ask((outcome) => change = outcome);
  await bench.settle();
  return change!;
}

Deno.test("groups are listed with what they have before them, with members and without", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ window: 2 });
  await bench.joined({ name: "m", pattern: "#mem" });
  await bench.published("#d.a", ["1", "2", "3"]);
  worker.ack("#d.a", 1);
  await bench.settle();
  const listed = async (): Promise<unknown[]> => {
    let listing: GroupsListing | undefined;
    bench.engine.groups((outcome) => listing = outcome);
    await bench.settle();
    assert(listing?.kind === "groups");
    return listing.groups.map(({ oldest: _, ...rest }) => rest);
  };
  const memory = { name: "m", pattern: "#mem", lag: 0, members: 1, outstanding: 0, settling: undefined };
  assertEquals(await listed(), [{ ...G, lag: 2, members: 1, outstanding: 2, settling: "explicit" }, memory]);
  worker.dies();
  await bench.settle();
  assertEquals(await listed(), [{ ...G, lag: 2, members: 0, outstanding: 0, settling: undefined }, memory]);
});

Deno.test("a group that is reset begins anew, whoever is in it, and what was held is not any more", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2", "3"]);
  worker.ack("#d.a", 1, 2);
  worker.nack("#d.a", 3, { delay: 500 });
  const earliest = { kind: "earliest" } as const;
  assertEquals(await changed(bench, (done) => bench.engine.resetGroup(G, earliest, done)), { kind: "done" });
  assertEquals(worker.answers, ["ack #d.a 1"], "what was settled before was stored");
  assertEquals([worker.shown.slice(3), worker.missing], [["#d.a 1", "#d.a 2", "#d.a 3"], 0]);
  assert(worker.ack("#d.a", 1, 3));
  await bench.passes(1000);
  assertEquals(worker.given.length, 6, "what was given back before is forgotten");
  worker.dies();
  await bench.settle();
  assertEquals(
    await changed(bench, (done) => bench.engine.resetGroup(G, { kind: "sequence", sequence: 2 }, done)),
    { kind: "done" },
  );
  assertEquals((await bench.joined()).shown, ["#d.a 2", "#d.a 3"]);
  const other = { name: "x", pattern: "#d.>" };
  assertEquals(await changed(bench, (done) => bench.engine.resetGroup(other, earliest, done)), {
    kind: "none",
  });
});

Deno.test("no group begins at a number beyond the next one, and one that is reset there stays as it is (G6)", async () => {
  const bench = new StoredBench();
  const at = (sequence: number) => ({ kind: "sequence", sequence }) as const;
  const beyond = await bench.joined({ from: at(2) });
  assertEquals(beyond.outcome, {
    kind: "refused",
    code: "BAD_FIELD",
    reason: 'there is no message 2 of "#d.>": none is stored there',
  });
  const worker = await bench.joined({ from: at(1) });
  await bench.published("#d.a", ["1", "2", "3"]);
  assert(worker.ack("#d.a", 1, 2));
  const reset = (sequence: number) =>
    changed(bench, (done) => bench.engine.resetGroup(G, at(sequence), done));
  assertEquals(await reset(5), {
    kind: "failed",
    reason: 'there is no message 5 of "#d.>": the last one there is 3',
  });
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 3", "#d.a 3"], "what it held it is given again");
  worker.dies();
  assertEquals((await bench.joined()).shown, ["#d.a 3 (2)"], "what it had settled is settled");
  assertEquals(await reset(4), { kind: "done" });
  await bench.published("#d.a", ["4"]);
  assertEquals((await bench.joined({ name: "new", from: at(4) })).shown, ["#d.a 4"]);
});

Deno.test("who was full when its group was reset has room again", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ window: 2 });
  await bench.published("#d.a", ["1", "2", "3"]);
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2"]);
  await changed(bench, (done) => bench.engine.resetGroup(G, { kind: "earliest" }, done));
  assertEquals(worker.shown.slice(2), ["#d.a 1", "#d.a 2"]);
  assert(worker.ack("#d.a", 1, 2));
  await bench.settle();
  assertEquals(worker.shown.slice(4), ["#d.a 3"]);
});

Deno.test("a group that is deleted is new for the next, and its members get nothing more", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  assertEquals(await changed(bench, (done) => bench.engine.deleteGroup(G, done)), { kind: "done" });
  assertEquals(worker.failure, "the group g was deleted");
  assert(!worker.ack("#d.a", 1));
  await bench.published("#d.a", ["3"]);
  assertEquals(worker.given.length, 2);
  assertEquals((await bench.joined()).outcome?.kind, "refused", "until they have left");
  worker.dies();
  await bench.settle();
  assertEquals((await bench.joined()).shown, []);
  assertEquals(await changed(bench, (done) => bench.engine.deleteGroup({ ...G, name: "x" }, done)), {
    kind: "none",
  });
});

/** A bench whose store deletes what is older than a second, settled or not. */
