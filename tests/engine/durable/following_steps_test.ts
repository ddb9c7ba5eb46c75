import { assert, assertEquals } from "@std/assert";
import { REPLAY_PAGE_BYTES, REPLAY_PAGE_LEAST } from "../../../lib/limits.ts";
import type { Cursor, ReadOutcome } from "../../../lib/store/types.ts";
import { Recorder } from "../case_parts.ts";
import { settled } from "./commit_bench.ts";
import { make, publish, Reader } from "./following_bench.ts";

Deno.test("pages are twice as large each time one was full, up to a bound, and stay where one was not", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "x");
  store.held = true;
  const reader = new Reader().begin(bench, "#t");
  await store.requests.shift()!.answer();
  const cursor: Cursor = { pattern: "#t", after: 0, sequence: 0, time: 0, to: undefined };
  const page = (length: number): ReadOutcome => ({
    kind: "page",
    page: { bytes: new Uint8Array(length), messages: 0 },
    cursors: [cursor],
    ends: ["none"],
    deleted: 0,
  });
  const sizes: number[] = [];
  for (const less of [1, 0, 0, 0, 1, 0, 0]) {
    const { most, answer } = store.requests.shift()!;
    sizes.push(most / REPLAY_PAGE_LEAST);
    await answer(page(most - less));
  }
  assertEquals(sizes, [1, 1, 2, 4, 8, 8, 16]);
  assertEquals(store.requests[0]!.most, REPLAY_PAGE_BYTES);
  await store.requests.shift()!.answer({ kind: "failed", reason: "enough" });
  assertEquals([reader.said, store.asked()], [["failed: enough"], []], "who reads alone is not tried again");
  await bench.close();
});

Deno.test("what a subscriber of the connection gets while a replay reads comes once, and what follows when it has gone (C5, D8)", async () => {
  for (const since of ["before it began", "since it began"]) {
    const { bench } = make();
    const connection = {};
    const plain = new Recorder(connection, -1);
    const reader = new Reader(connection);
    if (since === "before it began") {
      bench.engine.subscribe("#t", plain);
      reader.begin(bench, "#t", { besides: [["#t", plain]] });
      reader.hasRoom = false;
    } else {
      reader.begin(bench, "#t");
      reader.hasRoom = false;
      bench.engine.subscribe("#t", plain);
    }
    await settled();
    await publish(bench, "#t", "1", "2");
    assertEquals([plain.got, reader.got], [["1", "2"], []], since);
    assert(bench.engine.unsubscribe("#t", plain));
    await publish(bench, "#t", "3");
    await reader.makeRoom();
    assertEquals([plain.got, reader.got, reader.said], [["1", "2"], ["3"], ["live after 1"]], since);
    await bench.close();
  }
});

Deno.test("nobody reads beyond what has been handed on, for who joins meanwhile is given that (D8)", async () => {
  for (const joins of ["while it is read", "behind that", "when it is live"]) {
    const { bench, store } = make();
    await publish(bench, "#t", "1");
    // what a commit brought is in the store before the engine hears of it
    const told: Array<() => void> = [];
    const commit = store.commit.bind(store);
    store.commit = (what, done) => commit(what, (outcome) => void told.push(() => done(outcome)));
    bench.publish("#t", "2");
    bench.publish("#u", "3");
    bench.flushes.flush();
    await settled();
    store.held = true;
    const connection = {};
    const reader = new Reader(connection).begin(bench, "#>");
    await store.requests.shift()!.answer();
    const plain = new Recorder(connection, 1);
    const read = store.requests.shift()!;
    if (joins === "while it is read") bench.engine.subscribe("#t", plain);
    await read.answer();
    if (joins === "behind that") bench.engine.subscribe("#t", plain);
    store.held = false;
    for (const { answer } of store.requests.splice(0)) await answer();
    if (joins === "when it is live") bench.engine.subscribe("#t", plain);
    assertEquals([reader.got, reader.said], [["1"], ["live after 1"]], joins);
    for (const tell of told.splice(0)) tell();
    await settled();
    assertEquals([reader.got, plain.got], [["1", "3"], ["2"]], joins);
    await bench.close();
  }
});

Deno.test("who is stopped is not read for, though its turn or its room comes, and the others of its connection are", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "1");
  const lonely = {};
  // one that is live, and wants nothing of this
  new Reader(lonely).begin(bench, "#none");
  await settled();
  store.requests.length = 0;
  store.held = true;
  const busy = [new Reader().begin(bench, "#x"), new Reader().begin(bench, "#y")];
  assertEquals(store.requests.length, 2, "all turns are taken");
  const [one, other] = store.requests.splice(0);
  const connection = {};
  const [stopped, stays] = [
    new Reader(connection).begin(bench, "#t"),
    new Reader(connection).begin(bench, "#t"),
  ];
  assert(bench.engine.unsubscribe("#t", stopped));
  assertEquals(stopped.starts.length, 1, "whoever asked is answered");
  assertEquals(store.asked(), []);
  await one!.answer({ kind: "failed", reason: "enough" });
  assertEquals(
    store.requests.map(({ what, patterns }) => `${what} ${patterns}`),
    ["seek #t"],
    "for who stays",
  );
  await store.requests.shift()!.answer();
  await store.requests.shift()!.answer();
  assertEquals([stopped.got, stays.got], [[], ["1"]]);
  // alone, and without room for the next
  const third = new Reader().begin(bench, "#x");
  const late = store.requests.shift()!;
  const gone = new Reader(lonely).begin(bench, "#t");
  assert(bench.engine.unsubscribe("#t", gone));
  const next = new Reader(lonely);
  next.hasRoom = false;
  next.begin(bench, "#t");
  await late.answer({ kind: "failed", reason: "enough" });
  assertEquals(
    [store.asked(), next.rooms.length],
    [[], 1],
    "it has its turn when there is room, and asks once",
  );
  await next.makeRoom();
  assertEquals(store.requests.length, 1);
  await store.requests.shift()!.answer();
  await store.requests.shift()!.answer();
  assertEquals(next.got, ["1"]);
  await other!.answer({ kind: "failed", reason: "enough" });
  assertEquals([busy.map(({ starts }) => starts.length), third.starts.length], [[1, 1], 1]);
  await bench.close();
});

Deno.test("who is stopped while it waits for room is not read for when there is some", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "1");
  const reader = new Reader();
  reader.hasRoom = false;
  reader.begin(bench, "#t");
  assert(bench.engine.unsubscribe("#t", reader));
  await reader.makeRoom();
  assertEquals(store.asked(), []);
  const again = new Reader(reader.connection).begin(bench, "#t");
  await settled();
  assertEquals([again.got, again.said], [["1"], ["live after 1"]]);
  await bench.close();
});

Deno.test("where it was known what might be received when a search began, and that is another, it begins anew (P8)", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "1");
  store.held = true;
  const reader = new Reader();
  reader.grant = { mayReceive: () => true, mayShare: () => true, reception: { allow: ["#>"], deny: [] } };
  reader.begin(bench, "#t");
  const place = { topic: 1, after: 0, found: false, newest: 0, deleted: 0 };
  await store.requests.shift()!.answer({ kind: "searching", place });
  assertEquals(store.requests[0]!.place, place);
  reader.grant = { ...reader.grant };
  await store.requests.shift()!.answer({ kind: "searching", place });
  assertEquals([store.requests[0]!.what, store.requests[0]!.place], ["seek", undefined]);
  await store.requests.shift()!.answer();
  // what was read of what might be received before is read anew as well
  const read = store.requests.shift()!;
  reader.grant = { ...reader.grant };
  await read.answer();
  assertEquals([reader.got, store.requests[0]!.cursors[0]!.after], [[], 0]);
  await store.requests.shift()!.answer();
  assertEquals([reader.got, reader.said], [["1"], ["live after 1"]]);
  await bench.close();
});

Deno.test("what several read together is read anew without one that leaves meanwhile", async () => {
  const { bench, store } = make();
  await publish(bench, "#t.a", "1");
  await publish(bench, "#t.b", "2");
  store.held = true;
  const connection = {};
  const all = ["#t.a", "#t.*"].map((pattern) => new Reader(connection).begin(bench, pattern));
  for (let seeks = 0; seeks < 2; seeks++) await store.requests.shift()!.answer();
  const together = store.requests.shift()!;
  assertEquals(together.patterns, ["#t.a", "#t.*"]);
  assert(bench.engine.unsubscribe("#t.*", all[1]!));
  await together.answer();
  assertEquals(all.map(({ got }) => got), [[], []], "what only the other wanted is in it");
  assertEquals(store.requests[0]!.patterns, ["#t.a"]);
  await store.requests.shift()!.answer();
  assertEquals(all.map(({ got }) => got), [["1"], []]);
  await bench.close();
});

Deno.test("each of those that cannot be read together is tried by itself, with as little as there is", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "1");
  store.held = true;
  const connection = {};
  const all = ["#t", "#*", "#>"].map((pattern) => new Reader(connection).begin(bench, pattern));
  for (let seeks = 0; seeks < 3; seeks++) await store.requests.shift()!.answer();
  const failed: ReadOutcome = { kind: "failed", reason: "damaged" };
  const tried: [string, number][] = [];
  const answer = async (outcome?: ReadOutcome): Promise<void> => {
    const { patterns, most, answer } = store.requests.shift()!;
    tried.push([patterns.join(" "), most]);
    await answer(outcome);
  };
  await answer(failed);
  await answer();
  await answer(failed);
  assertEquals(all.map(({ said }) => said), [[], ["failed: damaged"], []]);
  await answer(failed);
  // one that leaves is not tried
  assert(bench.engine.unsubscribe("#t", all[0]!));
  await answer(failed);
  assertEquals(tried, [
    ["#t #* #>", REPLAY_PAGE_LEAST],
    ["#t", 1],
    ["#*", 1],
    ["#t #>", REPLAY_PAGE_LEAST],
    ["#t", 1],
  ]);
  await answer(failed);
  assertEquals([all[0]!.said, all[2]!.said], [[], ["failed: damaged"]]);
  await bench.close();
});

Deno.test("a replay that could not keep up and is taken back is not read for when the commit is through", async () => {
  const { bench, store } = make();
  const connection = {};
  const stays = new Reader(connection).begin(bench, "#none");
  const reader = new Reader(connection).begin(bench, "#t");
  await settled();
  assertEquals(reader.said, ["live after 0"]);
  store.requests.length = 0;
  reader.deliver = () => void (reader.full = true);
  // who is given the same behind it takes it back
  const leaves = Object.assign(new Recorder(), {
    deliver: (): void => void bench.engine.unsubscribe("#t", reader),
  });
  bench.engine.subscribe("#t", leaves);
  await publish(bench, "#t", "1");
  assertEquals([store.asked(), bench.engine.replays(reader), bench.engine.replays(stays)], [[], false, true]);
  await bench.close();
});

Deno.test("what retention takes while a beginning is looked for is missed where it lies behind that (D3)", async () => {
  for (const [after, missed] of [[4, ["missed 3"]], [5, []]] as const) {
    const { bench, store } = make();
    store.held = true;
    const [reader, other] = [new Reader().begin(bench, "#t"), new Reader().begin(bench, "#u")];
    const batches = [{ batch: 5, topic: "#t", first: 1, count: 3, time: 10 }];
    for (const tell of store.watching) tell({ batches, deleted: 1 });
    const cursor: Cursor = { pattern: "#t", after, sequence: 0, time: 0, to: undefined };
    const first = { bytes: new Uint8Array(0), messages: 0 };
    const [seek, otherSeek] = store.requests.splice(0);
    await seek!.answer({ kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted: 0 });
    await otherSeek!.answer();
    assertEquals(store.requests.map(({ patterns }) => patterns.join()), ["#t", "#u"]);
    for (const { answer } of store.requests.splice(0)) await answer();
    assertEquals([reader.said, other.said], [[...missed, "live after 0"], ["live after 0"]]);
    await bench.close();
  }
});

Deno.test("who takes a live replay's place has its own rank from then on, and who is stopped gets nothing (C5)", async () => {
  const { bench } = make();
  const connection = {};
  const plain = new Recorder(connection, 1);
  const low = new Reader(connection, 0).begin(bench, "#t");
  bench.engine.subscribe("#t", plain);
  await settled();
  // so often that who gets it is remembered
  await publish(bench, "#t", "a", "b", "1");
  assertEquals([plain.got.splice(0, 2), plain.got, low.got], [["a", "b"], ["1"], []]);
  const high = new Reader(connection, 2);
  assert(bench.engine.replace(low, high));
  await publish(bench, "#t", "2");
  assertEquals([plain.got, low.got, high.got], [["1"], [], ["2"]]);
  assert(bench.engine.unsubscribe("#t", high));
  await publish(bench, "#t", "3");
  assertEquals([plain.got, low.got, high.got], [["1", "3"], [], ["2"]]);
  await bench.close();
});

Deno.test("what was handed on while a page was read is read before a replay becomes live (D3)", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "1");
  const connection = {};
  new Reader(connection).begin(bench, "#none");
  await settled();
  const reader = new Reader(connection);
  reader.begin(bench, "#t");
  reader.hasRoom = false;
  await settled();
  store.requests.length = 0;
  store.held = true;
  await reader.makeRoom();
  const [read] = store.requests.splice(0);
  assertEquals(read!.upTo, 1);
  await publish(bench, "#t", "2");
  await read!.answer();
  assertEquals([reader.got, reader.said, store.requests.map(({ upTo }) => upTo)], [["1"], [], [2]]);
  await store.requests.shift()!.answer();
  assertEquals([reader.got, reader.said], [["1", "2"], ["live after 2"]]);
  await bench.close();
});
