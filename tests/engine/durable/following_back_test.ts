import { assert, assertEquals } from "@std/assert";
import { HAND_ON_WORK } from "../../../lib/limits.ts";
import { Recorder } from "../case_parts.ts";
import { Bench, settled } from "./commit_bench.ts";
import { AskedStore, make, publish, Reader } from "./following_bench.ts";

Deno.test("who cannot keep up gets nothing live until it has read what it was not given, and is live again then (D5)", async () => {
  const { bench, store } = make();
  const reader = new Reader().begin(bench, "#t");
  await settled();
  reader.full = true;
  reader.hasRoom = false;
  await publish(bench, "#t", "1", "2", "3");
  assertEquals([reader.got, reader.rooms.length], [["1"], 1], "it takes what was on its way");
  store.requests.length = 0;
  reader.full = false;
  await reader.makeRoom();
  assertEquals([reader.got, reader.said], [["1", "2", "3"], [
    "live after 0",
    "behind after 1",
    "live after 3",
  ]]);
  assert(
    store.requests.every(({ cursors }) => cursors.every(({ after }) => after >= 1)),
    "and nothing again",
  );
  store.requests.length = 0;
  await publish(bench, "#t", "4");
  assertEquals([reader.got, store.asked()], [["1", "2", "3", "4"], []], "it fell back once");
  await bench.close();
});

Deno.test("what came before a replay began is brought also where another of its connection had it (D3)", async () => {
  const { bench } = make();
  const connection = {};
  const plain = new Recorder(connection, -1);
  bench.engine.subscribe("#t", plain);
  await publish(bench, "#t", "1", "2");
  const reader = new Reader(connection).begin(bench, "#t", { besides: [["#t", plain]] });
  await settled();
  assertEquals([plain.got, reader.got], [["1", "2"], ["1", "2"]]);
  await bench.close();
});

Deno.test("what an answer sets going is set going with it", async () => {
  const { bench } = make();
  await publish(bench, "#t", "1");
  let written = 0;
  const reader = new Reader();
  const deliverPage = reader.deliverPage.bind(reader);
  // as an outbox does
  reader.deliverPage = (bytes) => {
    bench.flushes.add({ ready: () => void written++ });
    deliverPage(bytes);
  };
  reader.begin(bench, "#t");
  await settled();
  assertEquals([reader.got, written], [["1"], 1]);
  await bench.close();
});

Deno.test("room is waited for once, however many begin meanwhile", async () => {
  const { bench } = make();
  await publish(bench, "#t", "1");
  const connection = {};
  const [first, second] = [new Reader(connection), new Reader(connection)];
  for (const each of [first, second]) {
    each.hasRoom = false;
    each.begin(bench, "#t");
  }
  assertEquals([first.rooms.length, second.rooms.length], [1, 0]);
  for (const each of [first, second]) await each.makeRoom();
  await second.makeRoom();
  assertEquals([...first.got, ...second.got], ["1"]);
  await bench.close();
});

Deno.test("one whose beginning cannot be found is no company for who begins beside it", async () => {
  const { bench, store } = make();
  await publish(bench, "#t", "1");
  store.held = true;
  const connection = {};
  const [failing, other] = [
    new Reader(connection).begin(bench, "#t"),
    new Reader(connection).begin(bench, "#t"),
  ];
  await store.requests.shift()!.answer({ kind: "failed", reason: "no disk" });
  assertEquals([failing.starts, failing.said], [[{ kind: "failed", reason: "no disk" }], []]);
  await store.requests.shift()!.answer();
  const read = store.requests.shift()!;
  assertEquals([read.what, read.patterns], ["read", ["#t"]]);
  await read.answer();
  assertEquals(other.got, ["1"]);
  await bench.close();
});

Deno.test("an answer that comes in the midst of a commit has the rest of that handed on first (D3)", async () => {
  for (const what of ["seek", "read", "try"]) {
    const store = new AskedStore();
    const bench = new Bench({ store });
    const connection = {};
    const commit = async (topic: string, count: number): Promise<void> => {
      for (let at = 0; at < count; at++) bench.publish(topic, "x");
      bench.flushes.flush();
      await bench.commit();
    };
    await commit("#t", 1);
    store.held = true;
    const all = ["#t", "#>"].map((pattern) => new Reader(connection).begin(bench, pattern));
    const failed = { kind: "failed", reason: "damaged" } as const;
    if (what !== "seek") { for (let seeks = 0; seeks < 2; seeks++) await store.requests.shift()!.answer(); }
    if (what === "try") await store.requests.shift()!.answer(failed);
    const before = bench.answers.length;
    await commit("#u", HAND_ON_WORK + 100);
    assertEquals(bench.answers.length, before + HAND_ON_WORK);
    const request = store.requests.shift()!;
    assertEquals(request.what, what === "seek" ? "seek" : "read");
    await request.answer(what === "seek" ? undefined : failed);
    assertEquals(bench.answers.length, before + HAND_ON_WORK + 100, what);
    store.held = false;
    for (const { answer } of store.requests.splice(0)) await answer();
    const said = all.map(({ said }) => said.length);
    assert(said.some((count) => count > 0), `${said}`);
    await bench.close();
  }
});
