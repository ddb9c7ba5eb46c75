import { assert, assertEquals } from "@std/assert";
import { collectHeap } from "../../../lib/collect.ts";
import type { ReplayRange } from "../../../lib/engine/types.ts";
import { HAND_ON_WORK } from "../../../lib/limits.ts";
import { Recorder } from "../case_parts.ts";
import { Bench, settled } from "./commit_bench.ts";

const EARLIEST: ReplayRange = { from: { kind: "earliest" }, to: undefined };

function begin(
  { engine }: Bench,
  recorder: Recorder,
  { pattern = "#t", range = EARLIEST, ended = (): void => {} } = {},
): Recorder {
  engine.replay(pattern, recorder, { range, started: () => {}, ended, besides: [] });
  return recorder;
}

async function publish(bench: Bench, payload: string): Promise<void> {
  bench.publish("#t", payload);
  bench.flushes.flush();
  await settled();
  await bench.takeTurns();
}

/** An engine in the midst of handing on a commit, with one that replays. */
async function inTheMidst(): Promise<
  { readonly bench: Bench; readonly live: Recorder; readonly isHandedOn: () => boolean }
> {
  const bench = new Bench();
  const live = begin(bench, new Recorder());
  await settled();
  const count = HAND_ON_WORK + 100;
  for (let at = 0; at < count; at++) bench.publish("#t", `${at}`);
  bench.flushes.flush();
  await bench.commit();
  assert(bench.answers.length < count && live.got.length === bench.answers.length);
  return { bench, live, isHandedOn: () => bench.answers.length === count && live.got.length === count };
}

Deno.test("what begins, changes or ends beside a replay does so between two commits, and elsewhere at once (C5, D3)", async () => {
  const actions: [string, (bench: Bench, live: Recorder) => void, boolean][] = [
    [
      "a subscriber beside it comes",
      ({ engine }, { connection }) => void engine.subscribe("#u", new Recorder(connection, -1)),
      true,
    ],
    [
      "one beside it that is not there goes",
      ({ engine }, { connection }) => void engine.unsubscribe("#u", new Recorder(connection)),
      true,
    ],
    ["it goes", ({ engine }, live) => void engine.unsubscribe("#t", live), true],
    [
      "another takes its place",
      ({ engine }, live) => void engine.replace(live, new Recorder(live.connection)),
      true,
    ],
    ["another begins", (bench) => void begin(bench, new Recorder()), true],
    ["a subscriber comes that is alone", ({ engine }) => void engine.subscribe("#u", new Recorder()), false],
    ["one goes that is not there", ({ engine }) => void engine.unsubscribe("#u", new Recorder()), false],
    ["time passes", ({ engine }) => engine.tick(Date.now()), false],
  ];
  for (const [name, act, finishes] of actions) {
    const { bench, live, isHandedOn } = await inTheMidst();
    act(bench, live);
    assertEquals(isHandedOn(), finishes, name);
    await bench.takeTurns();
    assert(name === "it goes" || name.startsWith("another takes") || isHandedOn(), name);
    await bench.close();
  }
});

Deno.test("one that ends by a time that is past does so between two commits", async () => {
  const bench = new Bench();
  const time = Date.now() + 1_000_000;
  const ending = begin(bench, new Recorder(), {
    range: { from: { kind: "earliest" }, to: { kind: "time", time } },
  });
  await settled();
  const count = HAND_ON_WORK + 100;
  for (let at = 0; at < count; at++) bench.publish("#t", "x");
  bench.flushes.flush();
  await bench.commit();
  bench.engine.tick(time);
  assert(bench.answers.length < count, "it is not past");
  bench.engine.tick(time + 1);
  assertEquals([bench.answers.length, ending.got.length], [count, count]);
  await settled();
  await bench.close();
});

Deno.test("time that passes reads nothing for those that do not end yet", async () => {
  const bench = new Bench();
  bench.store.free = true;
  const time = Date.now() + 1_000_000;
  begin(bench, new Recorder(), { range: { from: { kind: "earliest" }, to: { kind: "time", time } } });
  await settled();
  let reads = 0;
  const read = bench.store.read.bind(bench.store);
  bench.store.read = (...of) => {
    reads++;
    read(...of);
  };
  for (let now = time - 10_000; now <= time; now += 250) bench.engine.tick(now);
  await settled();
  assertEquals(reads, 0);
  bench.engine.tick(time + 1);
  await settled();
  assert(reads > 0);
  await bench.close();
});

Deno.test("each replay counts for what it takes, until it is over or taken back, however it ends", async () => {
  const bench = new Bench();
  bench.store.free = true;
  await publish(bench, "1");
  const before = bench.memory.held;
  const each = 1536;
  const held = (): number => (bench.memory.held - before) / each;
  const connection = {};
  const [first, second] = [begin(bench, new Recorder(connection)), begin(bench, new Recorder(connection))];
  await settled();
  assertEquals([held(), bench.engine.snapshot().replays], [2, 2]);
  const [end, over] = [new Recorder(), Promise.withResolvers<void>()];
  begin(bench, end, {
    range: { from: { kind: "earliest" }, to: { kind: "sequence", sequence: 1 } },
    ended: () => over.resolve(),
  });
  await over.promise;
  assertEquals([held(), end.said], [2, ["end after 1"]]);
  const third = new Recorder(connection);
  assert(bench.engine.replace(first, third));
  assertEquals(held(), 2);
  assert(!bench.engine.unsubscribe("#t", first));
  assert(bench.engine.unsubscribe("#t", third));
  assertEquals([held(), bench.engine.snapshot().replays], [1, 1]);
  // the other one of its connection is still there, and can be taken back
  await publish(bench, "2");
  assertEquals([second.got.at(-1), third.got], ["2", []]);
  assert(bench.engine.unsubscribe("#t", second));
  await publish(bench, "3");
  assertEquals([held(), second.got.at(-1)], [0, "2"]);
  await bench.close();
});

Deno.test("whether somebody replays is known until it has ended, failed or been taken back", async () => {
  const bench = new Bench();
  bench.store.free = true;
  const one = new Recorder();
  assert(!bench.engine.replays(one));
  begin(bench, one);
  assert(bench.engine.replays(one), "from the moment it was asked for");
  await settled();
  assert(bench.engine.replays(one) && bench.engine.unsubscribe("#t", one) && !bench.engine.replays(one));
  await bench.close();
});

Deno.test("what is over is kept by nobody", async () => {
  const bench = new Bench();
  bench.store.free = true;
  await publish(bench, "1");
  const ended = Promise.withResolvers<void>();
  const passing = async (): Promise<WeakRef<Recorder>[]> => {
    const time = Date.now() + 1_000_000;
    const to = [undefined, { kind: "time", time }, { kind: "sequence", sequence: 1 }] as const;
    const all = to.map((to) =>
      begin(bench, new Recorder(), { range: { from: { kind: "earliest" }, to }, ended: ended.resolve })
    );
    await settled();
    for (const one of all.slice(0, 2)) assert(bench.engine.unsubscribe("#t", one));
    await ended.promise;
    return all.map((one) => new WeakRef(one));
  };
  const refs = await passing();
  await publish(bench, "2");
  const left = await new Promise<number>((resolve) =>
    setTimeout(() => {
      collectHeap();
      resolve(refs.filter((ref) => ref.deref() !== undefined).length);
    })
  );
  assertEquals(left, 0);
  await bench.close();
});
