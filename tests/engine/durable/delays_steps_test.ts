import { assert, assertEquals, assertThrows } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { Delays } from "../../../lib/engine/durable/delays.ts";
import type { Piece } from "../../../lib/engine/durable/piece.ts";
import { Routing } from "../../../lib/engine/routing.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { DELAYED_RETRY_MS, DELAYED_SLICE_BYTES } from "../../../lib/limits.ts";
import type { DelayedRun, DueOutcome, DueQuery, StoreState } from "../../../lib/store/types.ts";
import { encoder } from "../case_parts.ts";

const WINDOW = 1000;

/** What can be full; who waits is told when the test says so. */
class Door {
  full = false;
  readonly waiting: Array<() => void> = [];

  whenNotFull(callback: () => void): void {
    this.waiting.push(callback);
  }

  open(): void {
    this.full = false;
    for (const callback of this.waiting.splice(0)) callback();
  }
}

/** Delays over a store that answers as the test says. */
class Bench {
  readonly queries: DueQuery[] = [];
  readonly #answers: Array<(outcome: DueOutcome) => void> = [];
  readonly pieces: Piece[] = [];
  readonly wakes: number[] = [];
  readonly told: string[] = [];
  readonly log = new Door();
  readonly doors = new Map<string, Door>();
  readonly memory = new HeldMemory({ most: 1024 ** 3, pool: new ChunkPool() });
  readonly state: { delayed: number; delayedBytes: number };
  readonly delays: Delays;
  #ids = 0;

  constructor({ delayed = 1, delayedBytes = 0, most = undefined as number | undefined } = {}) {
    const routing = new Routing({ seed: 7, isDurable: () => true });
    this.state = { delayed, delayedBytes };
    this.delays = new Delays({
      store: {
        state: this.state as StoreState,
        due: (query, done) => {
          this.queries.push(query);
          this.#answers.push(done);
        },
      },
      memory: this.memory,
      dedupWindow: WINDOW,
      most,
      routeOf: (topic) => routing.routeOf(topic),
      gateOf: ({ topic }) => {
        const door = this.doors.get(topic);
        return door?.full === true ? door : undefined;
      },
      log: this.log,
      append: (piece, publisher) => {
        assert(publisher === this.delays);
        this.pieces.push(piece);
        this.told.push(`append ${piece.topic}`);
      },
      flush: () => void this.told.push("flush"),
      wakeAt: (time) => void this.wakes.push(time),
      onUnreadable: (reason) => void this.told.push(reason),
    });
  }

  run(topic: string, due: number, of: Partial<DelayedRun> = {}): DelayedRun {
    const bytes = encoder.encode(`pub ${topic} 1\nx\n`);
    return { id: ++this.#ids, topic, due, count: 1, bytes, published: 0, ...of };
  }

  answer(runs: readonly DelayedRun[] = [], of: Partial<Extract<DueOutcome, { kind: "due" }>> = {}): void {
    this.#answers.shift()!({ kind: "due", runs, after: undefined, next: undefined, damaged: [], ...of });
  }

  fail(reason: string): void {
    this.#answers.shift()!({ kind: "failed", reason });
  }

  /** All that was appended is stored. */
  stored(): void {
    for (const { acknowledgement } of this.pieces.splice(0)) {
      acknowledgement.acknowledge({ reached: 0, level: "synced", last: 1, topic: "#a" });
    }
  }
}

Deno.test("where nothing waits the store is not asked, and where one does it is, once for a slice (D9)", () => {
  const none = new Bench({ delayed: 0 });
  none.delays.tick(100);
  assertEquals(none.queries, []);
  const one = new Bench({ delayed: 1 });
  one.delays.tick(100);
  one.delays.tick(101);
  assertEquals(one.queries, [{ now: 100, after: undefined, without: [], most: DELAYED_SLICE_BYTES }]);
  one.answer();
  one.delays.tick(102);
  assertEquals(one.queries.length, 1, "nothing is left");
});

Deno.test("nothing is asked for before the first of it is due, nor while what was due is moved (D9)", () => {
  const bench = new Bench();
  bench.delays.tick(100);
  bench.answer([], { next: 200 });
  bench.delays.tick(199);
  assertEquals(bench.queries.length, 1);
  bench.delays.tick(200);
  assertEquals(bench.queries.length, 2);
  bench.answer([bench.run("#a", 200)], { next: 201 });
  assertEquals(bench.told, ["flush", "append #a", "flush"]);
  bench.delays.tick(300);
  assertEquals(bench.queries.length, 2, "it is being moved");
  bench.stored();
  assertEquals(bench.queries.length, 3);
});

Deno.test("slices follow each other from place to place, each when the one before has been stored", () => {
  const bench = new Bench();
  bench.delays.tick(500);
  bench.answer([bench.run("#a", 100), bench.run("#b", 100)], { after: { due: 100, id: 2 } });
  assertEquals(bench.queries.length, 1);
  const [a] = bench.pieces;
  a!.acknowledgement.acknowledge({ reached: 0, level: "synced", last: 1, topic: "#a" });
  assertEquals(bench.queries.length, 1, "one of two");
  bench.pieces.shift();
  bench.stored();
  assertEquals(bench.queries.at(-1), {
    now: 500,
    after: { due: 100, id: 2 },
    without: [],
    most: DELAYED_SLICE_BYTES,
  });
  bench.answer([], { after: { due: 300, id: 1 } });
  assertEquals(
    [bench.queries.length, bench.queries.at(-1)?.after],
    [3, { due: 300, id: 1 }],
    "nothing to be moved",
  );
});

Deno.test("what comes before the place that has been reached is looked for from the beginning, once (D9)", () => {
  for (const [due, after] of [[99, undefined], [100, undefined], [101, { due: 100, id: 7 }]] as const) {
    const bench = new Bench();
    bench.delays.tick(500);
    bench.answer([bench.run("#a", 100)], { after: { due: 100, id: 7 } });
    bench.delays.added(due);
    bench.stored();
    assertEquals(bench.queries.at(-1)?.after, after, `${due}`);
    bench.answer([bench.run("#a", 100)], { after: { due: 400, id: 3 } });
    bench.stored();
    assertEquals(bench.queries.at(-1)?.after, { due: 400, id: 3 }, "and on from there");
  }
});

Deno.test("what comes while the store is asked may not be in its answer: it is looked for once more (D9)", () => {
  for (const [due, again] of [[499, true], [500, true], [501, false]] as const) {
    const bench = new Bench();
    bench.delays.tick(500);
    bench.delays.added(due);
    bench.answer([]);
    assertEquals(bench.queries.length, again ? 2 : 1, `${due}`);
    if (again) assertEquals(bench.queries[1]?.after, undefined);
    bench.delays.tick(501);
    assertEquals(bench.queries.length, 2);
  }
});

Deno.test("it wants to be woken for what is due in less than a second, once as long as that is the first (D9)", () => {
  const bench = new Bench({ delayed: 0 });
  bench.delays.tick(10_000);
  for (const due of [11_000, 10_999, 10_999, 10_998]) bench.delays.added(due);
  assertEquals(bench.wakes.splice(0), [10_999, 10_998]);
  bench.delays.tick(10_500);
  assertEquals(bench.wakes.splice(0), [10_998]);
  bench.delays.tick(10_998);
  bench.answer([], { next: 11_997 });
  assertEquals(bench.wakes.splice(0), [11_997]);
  bench.delays.tick(11_997);
  bench.answer([], { next: 12_997 });
  assertEquals(bench.wakes, []);
});

Deno.test("while the log is full nothing is asked for, nor is it woken for what is due already", () => {
  const bench = new Bench({ delayed: 0 });
  bench.delays.tick(100);
  bench.delays.added(200);
  bench.wakes.length = 0;
  bench.log.full = true;
  bench.delays.tick(200);
  bench.delays.tick(200);
  assertEquals([bench.queries, bench.wakes, bench.log.waiting.length], [[], [], 1]);
  bench.log.open();
  assertEquals(bench.queries.length, 1);
});

Deno.test("a topic whose subscribers are full is left out from then on, and one waits for them; with room it is looked for anew", () => {
  const bench = new Bench();
  const door = new Door();
  door.full = true;
  bench.doors.set("#slow", door);
  bench.delays.tick(500);
  const runs = [
    bench.run("#slow", 100),
    bench.run("#a", 100),
    bench.run("#slow", 101),
    bench.run("#slow", 102, { ttl: 5 }),
  ];
  bench.answer(runs, { after: { due: 102, id: 9 } });
  assertEquals([bench.pieces.map(({ topic }) => topic), door.waiting.length], [["#a"], 1]);
  bench.stored();
  assertEquals(bench.queries.at(-1), {
    now: 500,
    after: { due: 102, id: 9 },
    without: ["#slow"],
    most: DELAYED_SLICE_BYTES,
  });
  bench.answer();
  bench.delays.tick(501);
  assertEquals(bench.queries.length, 2, "nothing else is due");
  door.open();
  assertEquals(bench.queries.slice(2), [{
    now: 501,
    after: undefined,
    without: [],
    most: DELAYED_SLICE_BYTES,
  }]);
});

Deno.test("runs of a topic that follow one another are one piece, in one memory, as long as they live as long", () => {
  const bench = new Bench();
  bench.delays.tick(2000);
  bench.answer([
    bench.run("#a", 1, { ids: "1 1 a-", published: 1001 }),
    bench.run("#b", 1),
    bench.run("#a", 2, { count: 2, bytes: encoder.encode("pub #a 1\ny\npub #a 1\nz\n") }),
    bench.run("#a", 3, { ids: "=old", published: 1000 }),
    bench.run("#a", 4, { ids: "=new\n2 3 n-", published: 2000 }),
    bench.run("#a", 5, { ttl: 7 }),
    bench.run("#a", 6),
  ]);
  const shown = bench.pieces.map(({ topic, count, ids, ttl, part, moved, mayBegin, bytes }) => [
    `${topic} ${count}`,
    ids,
    ttl,
    part?.expires,
    moved?.runs,
    mayBegin,
    new TextDecoder().decode(bytes),
  ]);
  const x = "pub #a 1\nx\n";
  assertEquals(shown, [
    [
      "#a 5",
      "1 1 a-\n=new\n2 3 n-",
      undefined,
      undefined,
      [1, 3, 4, 5],
      "always",
      `${x}pub #a 1\ny\npub #a 1\nz\n${x}${x}`,
    ],
    ["#b 1", undefined, undefined, undefined, [2], "always", "pub #b 1\nx\n"],
    ["#a 1", undefined, 7, 2007, [6], "always", x],
    ["#a 1", undefined, undefined, undefined, [7], "always", x],
  ]);
  assert(bench.memory.held > 0);
  for (const piece of bench.pieces) piece.release();
  assertEquals(bench.memory.held, 0);
});

Deno.test("what is refused is tried again after a second, from the beginning on", () => {
  const bench = new Bench();
  bench.delays.tick(500);
  bench.answer([bench.run("#a", 100)], { after: { due: 100, id: 1 } });
  bench.pieces.shift()!.acknowledgement.refuse("STORE", "full");
  bench.delays.added(50);
  bench.delays.tick(500 + DELAYED_RETRY_MS - 1);
  assertEquals(bench.queries.length, 1);
  bench.delays.tick(500 + DELAYED_RETRY_MS);
  assertEquals(bench.queries.slice(1).map(({ after }) => after), [undefined]);
});

Deno.test("a clock that is set back keeps what was refused no longer than a second (D9)", () => {
  const bench = new Bench();
  bench.delays.tick(3_600_500);
  bench.answer([bench.run("#a", 100)], { after: { due: 100, id: 1 } });
  bench.pieces.shift()!.acknowledgement.refuse("STORE", "full");
  bench.delays.tick(500);
  bench.delays.tick(500 + DELAYED_RETRY_MS - 1);
  assertEquals(bench.queries.length, 1);
  bench.delays.tick(500 + DELAYED_RETRY_MS);
  assertEquals(bench.queries.length, 2);
});

Deno.test("what cannot be read is told when it is met, and not again as long as nothing else is", () => {
  const bench = new Bench();
  const told = (): string[] => bench.told.splice(0).filter((what) => what !== "flush");
  let now = 1000;
  const meet = (damaged: readonly string[]): string[] => {
    bench.delays.added(now - 1);
    bench.delays.tick(now);
    bench.answer([], { damaged });
    now += 100;
    return told();
  };
  assertEquals([meet(["one"]), meet(["one"]), meet([]), meet(["one"])], [["one"], [], [], []]);
  assertEquals([meet(["one", "two"]), meet(["two"]), meet(["one"])], [["two"], [], ["one"]]);
  bench.delays.added(1);
  bench.delays.tick(now);
  bench.fail("no disk");
  assertEquals(told(), ["no disk"]);
  bench.delays.tick(now + DELAYED_RETRY_MS - 1);
  const { length } = bench.queries;
  bench.delays.tick(now + DELAYED_RETRY_MS);
  assertEquals(bench.queries.length, length + 1, "it is tried again, in a while");
});

Deno.test("when it is closed nothing more is asked for, moved, or wanted", () => {
  const bench = new Bench();
  bench.delays.tick(500);
  bench.delays.close();
  bench.answer([bench.run("#a", 100)], { next: 501 });
  bench.delays.added(600);
  bench.delays.tick(600);
  assertEquals([bench.queries.length, bench.pieces, bench.wakes], [1, [], []]);
  const idle = new Bench();
  idle.delays.close();
  idle.delays.tick(500);
  assertEquals(idle.queries, []);
});

Deno.test("why no more may wait is said with how much does, and nobody asks it for an answer", () => {
  assertEquals(new Bench({ delayedBytes: 1e9 }).delays.problem, undefined);
  assertEquals(new Bench({ delayedBytes: 9, most: 9.5 }).delays.problem, undefined);
  assert(new Bench({ delayedBytes: 10, most: 10 }).delays.problem !== undefined, "as many as may wait");
  const bench = new Bench({ delayedBytes: 10, most: 9.5 });
  assertEquals(
    bench.delays.problem,
    "what waits until it is due takes 10 bytes, and may take 9 (half of --retain-bytes): publish it when some of " +
      "that has been delivered",
  );
  assertThrows(() => bench.delays.hold(), TypeError, "acknowledged already");
});
