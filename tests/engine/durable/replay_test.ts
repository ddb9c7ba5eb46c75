import { assert, assertEquals } from "@std/assert";
import type { ReplayRange, ReplaySubscriber, Run } from "../../../lib/engine/types.ts";
import { Replay } from "../../../lib/engine/durable/replay.ts";
import { Bench, settled } from "./commit_bench.ts";

/** Notes how many messages it is given at a time. */
class Sizes implements ReplaySubscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  readonly full = false;
  readonly got: number[] = [];
  readonly told: string[] = [];

  deliver({ count }: Run): void {
    this.got.push(count);
  }
  deliverPage(_bytes: Uint8Array<ArrayBuffer>, messages: number): void {
    this.got.push(messages);
  }
  missed(): void {}
  caughtUp(how: string): void {
    this.told.push(how);
  }
  fellBehind(): void {
    this.told.push("behind");
  }
  failed(reason: string): void {
    this.told.push(reason);
  }
  whenNotFull(callback: () => void): void {
    callback();
  }
}

/** A replay of `#t`. */
async function begin(bench: Bench, range: ReplayRange): Promise<Sizes> {
  const subscriber = new Sizes();
  bench.engine.replay("#t", subscriber, { range, started: () => {}, ended: () => {}, besides: [] });
  await settled();
  return subscriber;
}

async function publish(bench: Bench, ids: readonly string[]): Promise<void> {
  bench.publishRun("#t", ids, bench.publisher);
  bench.flushes.flush();
  await bench.commit();
  await bench.takeTurns();
}

Deno.test("who replays is never given no messages: not where nothing is stored, not of a run before its beginning (D3)", async () => {
  const bench = new Bench();
  const earliest = await begin(bench, { from: { kind: "earliest" }, to: undefined });
  const later = await begin(bench, { from: { kind: "sequence", sequence: 4 }, to: undefined });
  assertEquals([earliest.told, later.told], [["live"], ["live"]]);
  assertEquals([earliest.got, later.got], [[], []]);
  await publish(bench, ["1", "2"]);
  assertEquals([earliest.got, later.got], [[2], []], "its beginning is still to come");
  await publish(bench, ["3", "4", "5"]);
  assertEquals([earliest.got, later.got], [[2, 3], [2]], "its beginning lies within");
  const ended = await begin(bench, {
    from: { kind: "sequence", sequence: 9 },
    to: { kind: "sequence", sequence: 5 },
  });
  assert(ended.got.every((messages) => messages > 0), `${ended.got}`);
  await bench.close();
});

Deno.test("who takes a replay back is given nothing more of it, whatever is being read", async () => {
  const bench = new Bench();
  for (let at = 0; at < 40; at++) {
    bench.publish("#t", "x".repeat(20_000));
    bench.flushes.flush();
    await bench.commit();
    await bench.takeTurns();
  }
  const sizes = new Set<number>();
  let whole = false;
  for (let turns = 0; !whole; turns++) {
    assert(turns < 1000, "it becomes live");
    const subscriber = new Sizes();
    let answers = 0;
    bench.engine.replay("#t", subscriber, {
      range: { from: { kind: "earliest" }, to: undefined },
      started: () => void answers++,
      ended: () => {},
      besides: [],
    });
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    whole = subscriber.told.length > 0;
    const before = [...subscriber.got];
    assert(bench.engine.unsubscribe("#t", subscriber));
    await settled();
    assertEquals(subscriber.got, before, `taken back after ${turns} turns`);
    assertEquals(answers, 1, "whoever asked is answered");
    assertEquals(bench.engine.snapshot().replays, 0);
    sizes.add(before.length);
  }
  assert(sizes.has(0) && sizes.size > 2, `taken back before, between and behind pages: ${[...sizes]}`);
  bench.publish("#t", "x");
  bench.flushes.flush();
  await bench.commit();
  await bench.close();
});

Deno.test("a replay that has read what is still to be handed on passes over it, and not over what follows (D3)", async () => {
  const bench = new Bench();
  const subscriber = new Sizes();
  const replay = new Replay({
    pattern: "#t",
    range: { from: { kind: "earliest" }, to: undefined },
    subscriber,
    started: () => {},
    ended: () => {},
    owner: { behind: () => {}, had: () => [] },
  });
  const read = { pattern: "#t", after: 1, sequence: 0, time: 0, to: undefined };
  replay.reached(read, { deleted: 0, sought: true });
  replay.becomeLive();
  const other = new Sizes();
  other.deliver = (run) => replay.deliver(run);
  bench.engine.subscribe("#t", other);
  await publish(bench, ["1"]);
  assertEquals(subscriber.got, []);
  await publish(bench, ["2", "3"]);
  assertEquals(subscriber.got, [2]);
  await bench.close();
});

Deno.test("what retention takes while a request is under way is missed once, and not where it was gone before the beginning was found (D3)", () => {
  const batches = [2, 4].map((batch) => ({ batch, topic: "#t", first: batch, count: 1, time: 0 }));
  const missed = (deleted: number, sought: boolean): number[] => {
    const told: number[] = [];
    const replay = new Replay({
      pattern: "#t",
      range: { from: { kind: "earliest" }, to: undefined },
      subscriber: Object.assign(new Sizes(), { missed: (messages: number) => void told.push(messages) }),
      started: () => {},
      ended: () => {},
      owner: { behind: () => {}, had: () => [] },
    });
    replay.state = "reading";
    replay.asked = true;
    replay.trimmed({ batches, deleted: 2 });
    assertEquals(told, [], "it may be in the answer");
    replay.reached({ pattern: "#t", after: 3, sequence: 0, time: 0, to: undefined }, { deleted, sought });
    replay.tellMissed();
    return told;
  };
  assertEquals(missed(2, true), [], "it never was its own");
  assertEquals(missed(1, true), [1], "what lies before was never its own");
  assertEquals(missed(2, false), [2]);
  assertEquals(missed(1, false), [1], "what lies before it was given");
});

Deno.test("a replay that cannot keep up says so once, until it has fallen back", async () => {
  const bench = new Bench();
  let behind = 0;
  const subscriber = Object.assign(new Sizes(), { full: true });
  const replay = new Replay({
    pattern: "#t",
    range: { from: { kind: "earliest" }, to: undefined },
    subscriber,
    started: () => {},
    ended: () => {},
    owner: { behind: () => void behind++, had: () => [] },
  });
  replay.becomeLive();
  const other = Object.assign(new Sizes(), { deliver: (run: Run) => replay.deliver(run) });
  bench.engine.subscribe("#t", other);
  await publish(bench, ["1"]);
  await publish(bench, ["2"]);
  assertEquals([behind, subscriber.told], [1, ["live"]]);
  replay.fallBack(2);
  assertEquals(subscriber.told, ["live", "behind"], "its connection is told where it reads again (D4)");
  replay.becomeLive();
  await publish(bench, ["3"]);
  assertEquals(behind, 2);
  await bench.close();
});
