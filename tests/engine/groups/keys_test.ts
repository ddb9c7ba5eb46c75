import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Keys } from "../../../lib/engine/groups/keys.ts";
import { Members, Place } from "../../../lib/engine/groups/members.ts";
import { HeldReads } from "./held_reads.ts";
import { keyedRun, published } from "./keyed_runs.ts";
import { NO_OWNER } from "./no_owner.ts";
import { StoredBench, Worker } from "./stored_bench.ts";

/** As `key:payload`. */
function shown(worker: Worker): string[] {
  return worker.given.map(({ fields, payload }) => `${/key=(\S*)/.exec(fields)?.[1] ?? ""}:${payload}`);
}

const KEYS = Array.from({ length: 24 }, (_, at) => `k${at}`);

/** One message of each key, each a commit. */
async function publishAll(bench: StoredBench, payload: string, topic = "#d.a"): Promise<void> {
  for (const key of KEYS) await bench.published(topic, [payload], ` key=${key}`);
}

function keysOf(worker: Worker, payload: string): Set<string> {
  return new Set(
    shown(worker).filter((each) => each.endsWith(`:${payload}`)).map((each) => each.split(":")[0]!),
  );
}

for (const topic of ["#d.a", "#m.a"]) {
  Deno.test(`a key of ${topic} is one member's, and goes on to who owns it when that holds none (G12, G13)`, async () => {
    const bench = new StoredBench();
    const settling = topic === "#d.a" ? "explicit" : "auto";
    const terms = { by: "key", pattern: "#*.a", settling } as const;
    const [one, two] = [await bench.joined(terms), await bench.joined(terms)];
    one.writes = two.writes = false;
    await publishAll(bench, "1", topic);
    await publishAll(bench, "2", topic);
    const [first, second] = [keysOf(one, "1"), keysOf(two, "1")];
    assertEquals([...first, ...second].toSorted(), KEYS.toSorted());
    assert(first.size > 4 && second.size > 4, `${first.size}, ${second.size}`);
    assertEquals([keysOf(one, "2"), keysOf(two, "2")], [first, second], "whoever has it gets what follows");
    const three = await bench.joined(terms);
    three.writes = false;
    await publishAll(bench, "3", topic);
    assertEquals(three.given, [], "the others hold something of each");
    for (const worker of [one, two]) {
      if (topic === "#d.a") {
        for (const { topic, sequence } of [...worker.given]) worker.ack(topic, sequence);
      } else worker.write();
    }
    await bench.settle();
    const moved = keysOf(three, "3");
    assert(moved.size > 1 && moved.size < 16, `${moved.size}`);
    for (const [worker, before] of [[one, first], [two, second]] as const) {
      assertEquals(keysOf(worker, "3"), before.difference(moved), "all other keys are where they were");
    }
  });
}

Deno.test("what is given back comes before what was not given out, and in its order (G12)", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ by: "key", window: 3 });
  for (const payload of ["1", "2", "3", "4", "5"]) await bench.published("#d.a", [payload], " key=a");
  assertEquals(shown(worker), ["a:1", "a:2", "a:3"]);
  worker.nack("#d.a", 2);
  await bench.settle();
  assertEquals(shown(worker).slice(3), ["a:2"]);
  worker.nack("#d.a", 1, { delay: 500 });
  worker.nack("#d.a", 3);
  worker.nack("#d.a", 2);
  await bench.settle();
  assertEquals(shown(worker).slice(4), [], "2 and 3 wait for 1, and what follows for all");
  await bench.published("#d.a", ["x"], " key=b");
  assertEquals(shown(worker).slice(4), ["b:x"], "others do not");
  await bench.passes(500);
  assertEquals(shown(worker).slice(5), ["a:1", "a:2"]);
  for (const sequence of [6, 1, 2]) worker.ack("#d.a", sequence);
  await bench.settle();
  assertEquals(shown(worker).slice(7), ["a:3", "a:4", "a:5"]);
});

Deno.test("while the member of a key has no room others go on, until so much is set aside (G13)", async () => {
  const bench = new StoredBench();
  const terms = { by: "key", window: 1 } as const;
  const [one, two] = [await bench.joined(terms), await bench.joined(terms)];
  await bench.published("#d.a", ["0"], " key=a");
  const [holder, other] = one.given.length > 0 ? [one, two] : [two, one];
  await bench.published("#d.a", ["1", "2", "3"], " key=a");
  const text = "x".repeat(1000);
  await bench.published("#d.a", ["plain"]);
  assertEquals([shown(holder), shown(other)], [["a:0"], [":plain"]]);
  for (let at = 0; at < 400; at++) await bench.published("#d.a", [text], " key=a");
  other.ack("#d.a", 5);
  await bench.published("#d.a", ["late"]);
  assertEquals(other.given.length, 1, "enough is set aside, and nothing more is read");
  let settled = 0;
  for (let at = 0; at < holder.given.length; at++) {
    const { topic, sequence } = holder.given[at]!;
    holder.ack(topic, sequence);
    settled++;
    await bench.settle();
  }
  assertEquals([settled, shown(holder).length, shown(other).at(-1)], [404, 404, ":late"]);
});

Deno.test("when a member is gone its keys go on with others, what it had not settled first (G12, G13)", async () => {
  const bench = new StoredBench();
  const terms = { by: "key" } as const;
  const [one, two] = [await bench.joined(terms), await bench.joined(terms)];
  await publishAll(bench, "1");
  const first = keysOf(one, "1");
  one.writes = false;
  await publishAll(bench, "2");
  const held = two.given.length;
  one.dies();
  await publishAll(bench, "3");
  for (const key of first) {
    assertEquals(
      shown(two).filter((each) => each.startsWith(`${key}:`)),
      ["1", "2", "3"].map((at) => `${key}:${at}`),
    );
  }
  assertEquals(two.given.length, held + 3 * first.size + (KEYS.length - first.size));
});

Deno.test("a dead letter lets its key go on (G12)", async () => {
  const bench = new StoredBench({ maxAttempts: 2 });
  const worker = await bench.joined({ by: "key", window: 1 });
  await bench.published("#d.a", ["1", "2", "3"], " key=a");
  worker.nack("#d.a", 1);
  await bench.settle();
  worker.nack("#d.a", 1);
  await bench.settle();
  assertEquals(worker.shown, ["#d.a 1", "#d.a 1 (2)", "#d.a 2"]);
});

Deno.test("what died before the group came again is not passed by what follows of its key (G12)", async () => {
  const store = new HeldReads({ now: () => 0 });
  const bench = new StoredBench({ store });
  const worker = await bench.joined({ by: "key" });
  await bench.published("#d.a", ["1"], " key=a");
  worker.nack("#d.a", 1);
  await bench.settle();
  worker.dies();
  await bench.published("#d.a", ["2"], " key=a");
  await bench.published("#d.a", ["3"], " key=b");
  // who starts it anew lets it give out each message once
  bench.maxAttempts = 1;
  bench.restart();
  store.holds = true;
  const next = await bench.joined({ by: "key" });
  assertEquals(shown(next), ["b:3"]);
  store.letGo();
  await bench.settle();
  assertEquals(shown(next), ["b:3", "a:2"]);
});

Deno.test("all members of a group have the same by= (G12)", async () => {
  const bench = new StoredBench();
  for (const pattern of ["#d.>", "#m"]) {
    await bench.joined({ by: "key", pattern, settling: "auto" });
    const other = await bench.joined({ pattern, settling: "auto" });
    assertEquals(other.outcome, {
      kind: "refused",
      code: "BAD_FIELD",
      reason: "the members of group g have by=key, and all have the same",
    });
    other.dies();
  }
  assertEquals(bench.engine.snapshot().groups.map(({ members }) => members), [1, 1]);
});

Deno.test("a group that is reset begins anew with its keys (G12)", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ by: "key", window: 2 });
  await bench.published("#d.a", ["1", "2", "3", "4"], " key=a");
  let done: string | undefined;
  bench.engine.resetGroup({ name: "g", pattern: "#d.>" }, { kind: "earliest" }, ({ kind }) => done = kind);
  await bench.settle();
  assertEquals([done, ...worker.shown], ["done", "#d.a 1", "#d.a 2", "#d.a 1", "#d.a 2"]);
  worker.ack("#d.a", 1);
  await bench.settle();
  assertEquals(worker.shown.at(-1), "#d.a 3");
});

Deno.test("what comes again and waits for others of its key is kept up to a bound, and read again beyond (G12)", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ by: "key" });
  const text = "x".repeat(10_000);
  const numbers = Array.from({ length: 100 }, (_, at) => at + 1);
  for (const _ of numbers) await bench.published("#d.a", [text], " key=a");
  assertEquals(worker.given.length, 100);
  worker.nack("#d.a", 1, { delay: 700 });
  worker.nack("#d.a", 2, { last: 100 });
  await bench.settle();
  assert(bench.pool.bytesOut < 800_000, `${bench.pool.bytesOut}`);
  assertEquals(worker.given.length, 100, "all wait for the first");
  for (let left = 30; worker.given.length < 200 && left > 0; left--) {
    for (const { topic, sequence } of worker.given.slice(100)) worker.extend(topic, sequence);
    await bench.passes(250);
  }
  assertEquals(worker.given.slice(100).map(({ sequence }) => sequence), numbers);
});

Deno.test("where nobody may wait, what is beyond the bound, or has no key and finds no room, is left out (G5, G13)", async () => {
  const bench = new StoredBench();
  const worker = new Worker();
  worker.writes = false;
  await bench.joined({ by: "key", pattern: "#m", settling: "auto", blocks: false, window: 1 }, worker);
  await bench.published("#m", ["1", "2"], " key=a");
  await bench.published("#m", ["3"]);
  assertEquals([shown(worker), bench.counters.totals.dropped], [["a:1"], 1]);
  for (let at = 0; at < 5; at++) {
    await bench.published("#m", Array.from({ length: 1000 }, () => "x"), " key=a");
    assertEquals(bench.engine.gateOf(bench.engine.routeOf("#m")), undefined);
  }
  assertEquals(bench.engine.snapshot().groups[0]!.waiting, 4096);
  assertEquals(bench.counters.totals.dropped, 1 + 5001 - 4096);
  worker.write();
  await bench.settle();
  assertEquals(worker.given.length, 4097);
  assert(worker.given.slice(2).every(({ payload }) => payload === "x"));
});

Deno.test("of a run each member gets one part, in its order, and of large messages those that follow one another (G12)", async () => {
  for (const [size, most] of [[1, 2], [2000, 24]] as const) {
    const bench = new StoredBench();
    const terms = { by: "key", pattern: "#m", settling: "auto" } as const;
    const workers = [await bench.joined(terms), await bench.joined(terms)];
    for (const worker of workers) worker.writes = false;
    const payloads = KEYS.map((_, at) => `${at}`.padStart(size, "0"));
    await published(bench, "#m", payloads.map((payload, at) => ({ payload, key: KEYS[at]! })));
    const parts = workers.flatMap(({ unsent }) => unsent).length;
    assert(size === 1 ? parts === most : parts > 2 && parts <= most, `${parts}`);
    const numbers = workers.map(({ given }) => given.map(({ payload }) => Number(payload)));
    for (const each of numbers) assertEquals(each, each.toSorted((one, other) => one - other));
    assertEquals(numbers.flat().toSorted((one, other) => one - other), KEYS.map((_, at) => at));
    for (const worker of workers) worker.write();
    assertEquals(bench.engine.snapshot().groups[0]!.held, 0);
  }
});

Deno.test("what had begun to be written to a member that is gone is over, and the rest comes first (G4, G12)", async () => {
  const bench = new StoredBench();
  const terms = { by: "key", pattern: "#m", settling: "auto" } as const;
  const worker = new Worker();
  worker.writes = false;
  await bench.joined(terms, worker);
  for (const payload of ["1", "2", "3"]) await bench.published("#m", [payload], " key=a");
  worker.unsent.shift()!.release();
  const other = await bench.joined(terms);
  await bench.published("#m", ["4"], " key=a");
  worker.dies();
  await bench.settle();
  await bench.published("#m", ["5"], " key=a");
  assertEquals(shown(other), ["a:2", "a:3", "a:4", "a:5"]);
});

Deno.test("what is known of messages by their keys counts for the memory of all, until they are settled", async () => {
  const bench = new StoredBench();
  const plain = await bench.joined({ name: "plain", window: 1000 });
  const held = async (): Promise<number> => {
    await bench.passes(250);
    return bench.memory.held;
  };
  for (let at = 0; at < 500; at++) bench.publish("#d.a", ["x"], ` key=k${at}`);
  await bench.settle();
  const without = await held();
  const keyed = await bench.joined({ name: "keyed", by: "key", window: 1000, from: { kind: "earliest" } });
  assertEquals(keyed.given.length, plain.given.length);
  const more = await held() - without;
  assert(more > 500 * 140, `${more}`);
  keyed.ack("#d.a", 1, 500);
  await bench.settle();
  assert(await held() - without < 100 * 140);
});

Deno.test("a key is forgotten when nothing of it is unsettled (G12)", () => {
  const members = new Members();
  const keys = new Keys(members);
  const place = new Place(new Worker(), { window: 2, owner: NO_OWNER });
  members.enter(place);
  const pool = new ChunkPool();
  const giver = { hand: () => {} };
  for (let at = 0; at < 100; at++) {
    const messages = [at, at + 1, at + 2].map((key) => ({ payload: "x", key: `${key}` }));
    const run = keyedRun(messages, { route: { topic: "#a", topicBytes: 2 }, pool });
    assertEquals(keys.offer(run, giver, { unit: undefined, attempt: 1, keeps: true }), 0);
    assertEquals([keys.size, keys.waiting(giver)], [3, 1]);
    place.holds -= 2;
    keys.passed(place, 2);
    members.update(place);
    assert(keys.goOn());
    assertEquals([keys.size, keys.waiting(giver)], [1, 0]);
    place.holds--;
    keys.passed(place, 1);
    members.update(place);
    assertEquals([keys.size, pool.bytesOut], [0, 0]);
  }
});

Deno.test("what waited for a member that has left is written to another at once, and waits for nobody who flushes", async () => {
  const bench = new StoredBench();
  const [one, other] = [await bench.joined({ by: "key", window: 1 }), await bench.joined({ by: "key" })];
  await publishAll(bench, "1");
  const before = other.given.length;
  assert(one.given.length === 1 && before < KEYS.length - 1, "some wait");
  let flushes = 0;
  bench.flushes.add({ ready: () => void flushes++ });
  one.dies();
  assert(other.given.length > before);
  assertEquals(flushes, 1);
});

Deno.test("of what a member that is gone had not been written nothing is kept where it lay", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ by: "key", pattern: "#*.a", settling: "auto" });
  worker.writes = false;
  bench.publish("#m.a", ["x"], " key=k");
  const { chunk } = worker.unsent[0]!.records;
  assert(chunk.shared);
  worker.dies();
  assert(!chunk.shared);
});
