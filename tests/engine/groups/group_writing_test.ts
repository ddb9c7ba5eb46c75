import { assertEquals } from "@std/assert";
import { keyedRun, published } from "./keyed_runs.ts";
import { StoredBench, Worker } from "./stored_bench.ts";

const NUMBERS = Array.from({ length: 3000 }, (_, at) => `${at}`);

/** A member that writes nothing until it is told to, and then what it is given at once. */
function slow(): Worker {
  const worker = new Worker();
  worker.writes = false;
  return worker;
}

function payloads(worker: Worker): string[] {
  return worker.given.map(({ payload }) => payload);
}

for (
  const [what, topic, by] of [
    ["in memory", "#m.a", undefined],
    ["in memory, by keys", "#m.a", "key"],
    ["stored", "#d.a", undefined],
    ["stored, by keys", "#d.a", "key"],
  ] as const
) {
  Deno.test(`however much waits for a member that writes at once, it gets each message once, in order: ${what} (G3)`, async () => {
    const bench = new StoredBench();
    const worker = slow();
    await bench.joined({ by, pattern: topic, settling: "auto", window: 2 }, worker);
    await published(bench, topic, NUMBERS.map((payload) => ({ payload, key: by === undefined ? "" : "a" })));
    assertEquals(payloads(worker), ["0", "1"]);
    const [{ held, waiting } = { held: 0, waiting: 0 }] = bench.engine.snapshot().groups;
    assertEquals([held, waiting], [2, NUMBERS.length - 2]);
    worker.write();
    await bench.settle();
    assertEquals(payloads(worker), NUMBERS);
    await bench.passes(250);
    const [after] = bench.engine.snapshot().groups;
    assertEquals([after!.held, after!.waiting, bench.pool.bytesOut], [0, 0, 0]);
  });
}

Deno.test("a publisher that waits for a group goes on when somebody has room, and no sooner (G5)", async () => {
  for (const by of [undefined, "key"] as const) {
    const bench = new StoredBench();
    const worker = await bench.joined({ by, pattern: "#m", settling: "auto", window: 1 }, slow());
    const route = bench.engine.routeOf("#m");
    assertEquals(bench.engine.gateOf(route), undefined);
    await bench.published("#m", ["1"]);
    const gate = bench.engine.gateOf(route)!;
    let open = 0;
    gate.whenNotFull(() => open++);
    await bench.settle();
    assertEquals(open, 0);
    worker.write();
    assertEquals([open, bench.engine.gateOf(route)], [1, undefined]);
    gate.whenNotFull(() => open++);
    assertEquals(open, 2, "at once where it is not full");
  }
});

Deno.test("who joins a group in memory that publishers wait for lets them go on (G5)", async () => {
  const bench = new StoredBench();
  await bench.joined({ pattern: "#m", settling: "auto", window: 1 }, slow());
  await bench.published("#m", ["1", "2"]);
  let open = 0;
  bench.engine.gateOf(bench.engine.routeOf("#m"))!.whenNotFull(() => open++);
  const other = await bench.joined({ pattern: "#m", settling: "auto", window: 2 }, slow());
  assertEquals([payloads(other), open], [["2"], 1]);
  assertEquals(bench.engine.snapshot().groups.map(({ members, held }) => [members, held]), [[2, 2]]);
});

Deno.test("by keys a publisher waits from when so many bytes wait, however much room others have (G13)", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ by: "key", pattern: "#m", settling: "auto", window: 1 }, slow());
  await bench.joined({ by: "key", pattern: "#m", settling: "auto", window: 1000 });
  const route = bench.engine.routeOf("#m");
  const text = "x".repeat(10_000);
  // a key that is the first one's
  let key = "";
  for (let at = 0; worker.given.length === 0; at++) {
    await bench.published("#m", ["0"], ` key=k${at}`);
    key = ` key=k${at}`;
  }
  let before = 0;
  for (; bench.engine.gateOf(route) === undefined; before++) await bench.published("#m", [text], key);
  assertEquals(before, Math.ceil(262_144 / (text.length + `pub #m 10000${key}\n\n`.length)));
  worker.write();
  assertEquals([worker.given.length, bench.engine.gateOf(route)], [1 + before, undefined]);
});

Deno.test("what its last member left waiting is no group's, and who comes then gets what comes then (G4)", async () => {
  for (const by of [undefined, "key"] as const) {
    const bench = new StoredBench();
    const worker = await bench.joined({ by, pattern: "#m", settling: "auto", window: 1 }, slow());
    const run = keyedRun(["1", "2", "3"].map((payload) => ({ payload, key: "" })), {
      route: bench.engine.routeOf("#m"),
      pool: bench.pool,
    });
    bench.engine.publish(run, { hold: () => ({ acknowledge: () => {}, refuse: () => {} }) });
    worker.dies();
    assertEquals([bench.engine.snapshot().groups, bench.counters.totals.unsent], [[], 3]);
    const next = await bench.joined({ by, pattern: "#m", settling: "auto", window: 1 });
    await bench.published("#m", ["4"]);
    assertEquals([payloads(next), bench.pool.bytesOut], [["4"], 0]);
    next.dies();
    await bench.published("#m", ["5"]);
    assertEquals(payloads(next), ["4"]);
  }
});

Deno.test("what was given back and waits is counted with what waits, until it is given out (G4)", async () => {
  const bench = new StoredBench();
  const terms = { pattern: "#m", settling: "auto", window: 3 } as const;
  const [one, two] = [await bench.joined(terms, slow()), await bench.joined(terms, slow())];
  await bench.published("#m", ["1", "2", "3", "4", "5", "6", "7"]);
  const counts = (): number[][] =>
    bench.engine.snapshot().groups.map(({ members, held, waiting }) => [members, held, waiting]);
  assertEquals(counts(), [[2, 6, 1]]);
  one.dies();
  assertEquals(counts(), [[1, 3, 4]]);
  two.write();
  await bench.settle();
  assertEquals(counts(), [[1, 0, 0]]);
  assertEquals(payloads(two), ["4", "5", "6", "1", "2", "3", "7"]);
});

Deno.test("who joins those that are going gets what is published from then on, before anything else happens (G5)", async () => {
  for (const by of [undefined, "key"] as const) {
    const bench = new StoredBench();
    const terms = { by, pattern: "#m", settling: "auto" } as const;
    const one = await bench.joined(terms);
    one.membership!.resize(0);
    await bench.published("#m", ["nobody's"]);
    const other = bench.join(terms);
    bench.publish("#m", ["1"]);
    await bench.settle();
    assertEquals([one.given, payloads(other)], [[], ["1"]]);
    assertEquals(bench.engine.snapshot().groups.map(({ members }) => members), [2]);
  }
});
