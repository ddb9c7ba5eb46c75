import { assert, assertEquals } from "@std/assert";
import type { ReplayRange, ReplayStart } from "../../../lib/engine/types.ts";
import type { SeekPlace } from "../../../lib/store/types.ts";
import type { HeldStore } from "../../support/held_store.ts";
import { Recorder } from "../case_parts.ts";
import { Bench, settled } from "./commit_bench.ts";

const EARLIEST: ReplayRange = { from: { kind: "earliest" }, to: undefined };

/** A replay, and what was said of its beginning. */
class Replaying extends Recorder {
  readonly starts: ReplayStart[] = [];

  begin(bench: Bench, pattern: string, range = EARLIEST): this {
    bench.engine.replay(pattern, this, {
      range,
      started: (how) => void this.starts.push(how),
      ended: () => {},
      besides: [],
    });
    return this;
  }
}

async function begun(bench: Bench, pattern: string, connection: object = {}): Promise<Replaying> {
  const replaying = new Replaying(connection).begin(bench, pattern);
  await settled();
  return replaying;
}

/** An engine in which each of these is stored, in a commit of its own. */
async function stored(...messages: (readonly [topic: string, payload: string])[]): Promise<Bench> {
  const bench = new Bench();
  bench.store.free = true;
  for (const [topic, payload] of messages) await publish(bench, topic, payload);
  return bench;
}

async function publish(bench: Bench, topic: string, payload: string): Promise<void> {
  bench.publish(topic, payload);
  bench.flushes.flush();
  await settled();
  await bench.takeTurns();
}

/** From now on the store cannot read these together. */
function breaks(store: HeldStore, cannot: (patterns: readonly string[]) => boolean): void {
  const read = store.read.bind(store);
  store.read = (cursors, extent, done) => {
    if (cannot(cursors.map(({ pattern }) => pattern))) done({ kind: "failed", reason: "damaged" });
    else read(cursors, extent, done);
  };
}

Deno.test("a replay whose beginning cannot be found is over, with the reason, and another may begin (D3)", async () => {
  const bench = await stored(["#t", "1"]);
  const { seek } = bench.store;
  bench.store.seek = (_, __, done) => done({ kind: "failed", reason: "no disk" });
  const connection = {};
  const held = bench.memory.held;
  const failing = await begun(bench, "#t", connection);
  assertEquals(failing.starts, [{ kind: "failed", reason: "no disk" }]);
  assertEquals([failing.got, failing.said, bench.engine.replays(failing)], [[], [], false]);
  assertEquals([bench.engine.snapshot().replays, bench.memory.held], [0, held], "nothing is kept of it");
  bench.store.seek = seek;
  const next = await begun(bench, "#t", connection);
  assertEquals([next.got, next.said, bench.engine.replays(next)], [["1"], ["live after 1"], true]);
  await bench.close();
});

Deno.test("a search that is not through goes on at its place (D3)", async () => {
  const bench = await stored(["#t", "1"]);
  const place: SeekPlace = { topic: 1, after: 0, found: false, newest: 0, deleted: 0 };
  const places: (SeekPlace | undefined)[] = [];
  const seek = bench.store.seek.bind(bench.store);
  bench.store.seek = (pattern, range, done) => {
    places.push(range.place);
    if (places.length < 3) done({ kind: "searching", place: { ...place, topic: places.length } });
    else seek(pattern, { ...range, place: undefined }, done);
  };
  const replaying = await begun(bench, "#t");
  assertEquals(places, [undefined, { ...place, topic: 1 }, { ...place, topic: 2 }]);
  assertEquals([replaying.starts.length, replaying.got], [1, ["1"]]);
  await bench.close();
});

Deno.test("what was found of what might be received before is found anew (P8)", async () => {
  const bench = await stored(["#t", "1"]);
  const answers: Array<() => void> = [];
  const places: (SeekPlace | undefined)[] = [];
  const seek = bench.store.seek.bind(bench.store);
  bench.store.seek = (pattern, range, done) => {
    places.push(range.place);
    seek(pattern, { ...range, place: undefined }, (outcome) => void answers.push(() => done(outcome)));
  };
  const grant = { mayReceive: () => true, mayShare: () => true, reception: { allow: ["#>"], deny: [] } };
  const replaying = Object.assign(new Replaying(), { grant });
  replaying.begin(bench, "#t");
  await settled();
  replaying.grant = { ...grant };
  answers.shift()!();
  await settled();
  assertEquals([replaying.starts, answers.length], [[], 1], "it is looked for once more");
  answers.shift()!();
  await settled();
  assertEquals([replaying.starts.length, replaying.got, places], [1, ["1"], [undefined, undefined]]);
  await bench.close();
});

Deno.test("a replay that cannot be read is told why, once, and is none any more", async () => {
  const bench = await stored(["#t", "1"], ["#u", "2"]);
  breaks(bench.store, ([pattern]) => pattern === "#t");
  const { held } = bench.memory;
  const failing = await begun(bench, "#t");
  assertEquals([failing.got, failing.said], [[], ["failed: damaged"]]);
  assert(!bench.engine.replays(failing));
  await publish(bench, "#t", "3");
  assertEquals([failing.got, failing.said], [[], ["failed: damaged"]]);
  assert(!bench.engine.unsubscribe("#t", failing));
  assertEquals([bench.engine.snapshot().replays, bench.memory.held], [0, held], "nothing is kept of it");
  const other = await begun(bench, "#u");
  assertEquals(other.got, ["2"]);
  await bench.close();
});

Deno.test("of those that read together the one that cannot be read is found, and the others go on", async () => {
  const bench = await stored(["#t.a", "1"], ["#t.b", "2"]);
  breaks(bench.store, (patterns) => patterns.includes("#t.b"));
  const connection = {};
  const all = ["#t.*", "#t.b", "#t.>"].map((pattern) => new Replaying(connection).begin(bench, pattern));
  await settled();
  await settled();
  assertEquals(all.map(({ said }) => said.map((each) => each.split(" ")[0])), [["live"], ["failed:"], [
    "live",
  ]]);
  const [first, bad, last] = all as [Replaying, Replaying, Replaying];
  assertEquals([...first.got, ...last.got].sort(), ["1", "2"], "a message comes once (C5)");
  assertEquals(bad.said, ["failed: damaged"]);
  await publish(bench, "#t.a", "3");
  assertEquals([...first.got, ...last.got].sort(), ["1", "2", "3"]);
  await bench.close();
});

Deno.test("where each can be read and all of them cannot, all are told", async () => {
  const bench = await stored(["#t.a", "1"]);
  breaks(bench.store, (patterns) => patterns.length > 1);
  const connection = {};
  const all = ["#t.*", "#t.a"].map((pattern) => new Replaying(connection).begin(bench, pattern));
  await settled();
  await settled();
  const why = "failed: the store cannot read it together with others";
  assertEquals(all.map(({ said }) => said), [[why], [why]]);
  assertEquals(all.map((each) => bench.engine.replays(each)), [false, false]);
  await bench.close();
});

Deno.test("another subscriber takes a replay's place: what follows is its own, be it live or still read", async () => {
  const bench = await stored(["#t", "1"]);
  const connection = {};
  const before = await begun(bench, "#t", connection);
  const after = new Replaying(connection);
  assert(bench.engine.replace(before, after));
  assertEquals([bench.engine.replays(before), bench.engine.replays(after)], [false, true]);
  await publish(bench, "#t", "2");
  assertEquals([before.got, after.got, bench.engine.snapshot().replays], [["1"], ["2"], 1]);
  // while it is read
  const reads: Array<() => void> = [];
  const read = bench.store.read.bind(bench.store);
  bench.store.read = (...of) => void reads.push(() => read(...of));
  const reading = await begun(bench, "#t");
  const instead = new Replaying(reading.connection);
  assert(bench.engine.replace(reading, instead));
  bench.store.read = read;
  for (const each of reads) each();
  await settled();
  assertEquals([reading.got, instead.got, instead.said], [[], ["1", "2"], ["live after 2"]]);
  assert(bench.engine.unsubscribe("#t", instead));
  assert(!bench.engine.replace(reading, instead), "it is over");
  assert(!bench.engine.replace(new Replaying(), instead), "there never was one");
  await bench.close();
});

Deno.test("a replay that has reached its end is replaced by nobody", async () => {
  const bench = await stored(["#t", "1"]);
  const ended = new Replaying().begin(bench, "#t", {
    from: { kind: "earliest" },
    to: { kind: "sequence", sequence: 1 },
  });
  await settled();
  assertEquals([ended.got, ended.said], [["1"], ["end after 1"]]);
  assert(!bench.engine.replays(ended) && !bench.engine.replace(ended, new Replaying()));
  await bench.close();
});

Deno.test("where memory is short beginnings are found all the same, and what is read waits until there is some", async () => {
  const bench = await stored(["#t", "1"]);
  const most = bench.memory.share;
  bench.memory.hold(2 * most);
  const replaying = await begun(bench, "#t");
  assertEquals([replaying.starts.length, replaying.got], [1, []]);
  bench.memory.letGo(2 * most);
  bench.engine.tick(0);
  await settled();
  assertEquals([replaying.got, replaying.said], [["1"], ["live after 1"]]);
  await bench.close();
});

Deno.test("who begins while something is read for one that was stopped is read for when there is room, as others are", async () => {
  const bench = await stored(["#t", "1"]);
  const connection = {};
  // one that stays, and wants nothing of it
  await begun(bench, "#u", connection);
  const asked: string[] = [];
  const answers: Array<() => void> = [];
  const { store } = bench;
  const [seek, read] = [store.seek.bind(store), store.read.bind(store)];
  store.seek = (pattern, range, done) => {
    asked.push("seek");
    answers.push(() => seek(pattern, range, done));
  };
  store.read = (cursors, extent, done) => {
    asked.push("read");
    answers.push(() => read(cursors, extent, done));
  };
  const stopped = new Replaying(connection).begin(bench, "#t");
  assertEquals(asked.splice(0), ["seek"]);
  assert(bench.engine.unsubscribe("#t", stopped));
  const room: Array<() => void> = [];
  const whenNotFull = (callback: () => void): void => void room.push(callback);
  const next = ["#t", "#v"].map((pattern) =>
    Object.assign(new Replaying(connection), { whenNotFull }).begin(bench, pattern)
  );
  answers.shift()!();
  await settled();
  for (const what of ["seek", "seek", "read", "read"]) {
    assertEquals(asked, [], "there is no room");
    for (const go of room.splice(0)) go();
    assertEquals(asked.splice(0), [what]);
    answers.shift()!();
    await settled();
  }
  assertEquals(next.map(({ got, said }) => [got, said]), [[["1"], ["live after 1"]], [[], ["live after 0"]]]);
  await bench.close();
});
