import { assert, assertEquals } from "@std/assert";
import { ENGINE_BEHIND_ASK, ENGINE_BEHIND_MOST } from "../../../lib/limits.ts";
import type { Worker } from "../groups/stored_bench.ts";
import { MemoryBench } from "./memory_bench.ts";

const JOINED = { kind: "joined" } as const;
const SUBSCRIBED = "p.memory.*.g.*";

/** Another broker's messages come for the group. */
function comes({ groupLink }: MemoryBench, ...payloads: string[]): void {
  for (const text of payloads) {
    groupLink.comes(SUBSCRIBED, `other.0 1\npub #g.a ${text.length}\n${text}\n`, "p.memory.run.g.a");
  }
}

/** Members of a group that NATS has. */
function joined(bench: MemoryBench, ...windows: number[]): Worker[] {
  const workers = windows.map((window) => bench.join({ window }));
  bench.flush();
  bench.groupLink.pongs();
  bench.groupLink.takeAsked();
  bench.link.takeAsked();
  return workers;
}

/** What was told other brokers since the last call: what our groups are full for. */
function told({ link }: MemoryBench): string[] {
  return link.takeAsked().filter((each) => each.startsWith("pub p.broker.full me\n"))
    .map((each) => each.split("\n").slice(1).join(" ").trim());
}

function payloads(...workers: Worker[]): string[][] {
  return workers.map(({ given }) => given.map(({ payload }) => payload));
}

Deno.test("members have joined when NATS has their group's queue, and get nothing before that (N2, N5)", () => {
  const bench = new MemoryBench();
  const [one, other] = [bench.join(), bench.join()];
  assertEquals(bench.groupLink.takeAsked(), ["sub p.memory.*.g.* g.#g.*"]);
  comes(bench, "1");
  bench.flush();
  assertEquals([bench.groupLink.takeAsked(), one.outcome, other.outcome], [["ping"], undefined, undefined]);
  bench.groupLink.pong();
  assertEquals([one.outcome, other.outcome], [JOINED, JOINED]);
  assertEquals(payloads(one, other).flat(), ["1"]);
  assertEquals([bench.join().outcome, bench.groupLink.takeAsked()], [JOINED, []], "at once");
  assertEquals(bench.engine.snapshot().groups.map(({ name, members }) => [name, members]), [["g", 3]]);
});

Deno.test("each message of a group goes to one of its members, of each group by itself (N5)", () => {
  const bench = new MemoryBench();
  const [one, other] = joined(bench, 4, 4) as [Worker, Worker];
  const alone = bench.join({ name: "h" });
  bench.flush();
  bench.groupLink.pongs();
  assertEquals(bench.groupLink.takeAsked(), ["sub p.memory.*.g.* h.#g.*", "ping"]);
  comes(bench, "1", "2", "3");
  const got = payloads(one, other, alone);
  assertEquals([got[0]!.length + got[1]!.length, got[2]], [3, ["1", "2", "3"]]);
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("a group by keys is for one broker, and that is said", () => {
  const bench = new MemoryBench();
  const worker = bench.join({ by: "key" });
  assertEquals(worker.outcome, {
    kind: "refused",
    code: "BAD_FIELD",
    reason: "by=key is for one broker: over NATS (--engine) messages of one key go to any broker's members",
  });
  assertEquals([worker.membership!.extend("#g.a", { from: 1, end: 2 }), bench.groupLink.takeAsked()], [
    false,
    [],
  ]);
});

Deno.test("what comes for a group that is full waits, and other brokers are told until it has room (N4)", () => {
  const bench = new MemoryBench();
  const [worker] = joined(bench, 1) as [Worker];
  worker.writes = false;
  comes(bench, "1", "2", "3");
  bench.groupLink.read();
  assertEquals([payloads(worker), told(bench)], [[["1"]], ["#g.*"]]);
  worker.write();
  bench.flush();
  assertEquals([payloads(worker), told(bench), bench.pool.bytesOut], [[["1", "2", "3"]], [""], 0]);
});

Deno.test("a group that lies far behind what NATS has for it is full, and one that is not subscribed yet is not", () => {
  const bench = new MemoryBench();
  joined(bench, 1_000);
  bench.join({ name: "late", pattern: "#late" });
  const large = "x".repeat(ENGINE_BEHIND_ASK);
  for (let bytes = 0; bytes <= ENGINE_BEHIND_MOST; bytes += large.length) comes(bench, large);
  comes(bench, large);
  bench.passes(0);
  assertEquals(told(bench), ["#g.*"]);
  bench.groupLink.pongs();
  bench.flush();
  assertEquals(told(bench), [""]);
});

Deno.test("what a group has no room for at all is left out and counted", () => {
  const bench = new MemoryBench();
  const [worker] = joined(bench, 1) as [Worker];
  worker.writes = false;
  const large = "x".repeat(1024 * 1024);
  for (let at = 0; at < 66; at++) comes(bench, large);
  assertEquals(worker.given.length, 1);
  assert(bench.counters.totals.dropped > 0);
});

Deno.test("a group whose last member leaves is given up, what waits for it is let go of, and who comes begins anew", () => {
  const bench = new MemoryBench();
  const [worker] = joined(bench, 1) as [Worker];
  worker.writes = false;
  comes(bench, "1", "2", "3", "4");
  bench.flush();
  assertEquals(told(bench), ["#g.*"]);
  worker.dies();
  bench.flush();
  assertEquals([told(bench), bench.groupLink.takeAsked(), bench.pool.bytesOut], [
    [""],
    ["unsub p.memory.*.g.*"],
    0,
  ]);
  assertEquals(bench.engine.snapshot().groups, []);
  const next = bench.join();
  assertEquals([next.outcome, bench.groupLink.takeAsked()], [undefined, ["sub p.memory.*.g.* g.#g.*"]]);
});

Deno.test("who leaves before NATS has its group's queue is told that it had joined", () => {
  const bench = new MemoryBench();
  const worker = bench.join();
  comes(bench, "1");
  worker.dies();
  assertEquals([worker.outcome, worker.given, bench.pool.bytesOut], [JOINED, [], 0]);
});

Deno.test("when a broker ends its groups are given up, and what waits is let go of", () => {
  const bench = new MemoryBench();
  const [worker] = joined(bench, 1) as [Worker];
  worker.writes = false;
  comes(bench, "1", "2", "3", "4");
  bench.engine.close(() => {});
  assertEquals(bench.groupLink.takeAsked().slice(-2), ["unsub p.memory.*.g.*", "close"]);
  for (const run of worker.unsent.splice(0)) run.release();
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("a message to a group is told by who sent it no more than once for each read of its link", () => {
  const bench = new MemoryBench();
  joined(bench, 4);
  let ready = 0;
  bench.flushes.add({ ready: () => ready++ });
  comes(bench, "1");
  assertEquals(ready, 0);
  bench.groupLink.read();
  assertEquals(ready, 1);
});

Deno.test("a group whose members are all going is given up, and is asked for again when one stays (G5)", () => {
  const bench = new MemoryBench();
  const [worker] = joined(bench, 1) as [Worker];
  worker.membership!.resize(0);
  assertEquals(bench.groupLink.takeAsked(), ["unsub p.memory.*.g.*"]);
  worker.membership!.resize(2);
  bench.flush();
  assertEquals(bench.groupLink.takeAsked(), ["sub p.memory.*.g.* g.#g.*", "ping"]);
  bench.groupLink.pong();
  comes(bench, "1");
  assertEquals(payloads(worker), [["1"]]);
  worker.dies();
  assertEquals([bench.groupLink.takeAsked(), bench.engine.snapshot().groups], [["unsub p.memory.*.g.*"], []]);
});
