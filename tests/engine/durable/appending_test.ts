import { assert, assertEquals } from "@std/assert";
import { ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Appending } from "../../../lib/engine/durable/appending.ts";
import { ClaimedIds } from "../../../lib/engine/durable/claimed_ids.ts";
import { CommitLog } from "../../../lib/engine/durable/commit_log.ts";
import { Dedup } from "../../../lib/engine/durable/dedup.ts";
import type { Piece } from "../../../lib/engine/durable/piece.ts";
import { Routing } from "../../../lib/engine/routing.ts";
import type { NewTopics, Publisher } from "../../../lib/engine/types.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import type { IdSpan } from "../../../lib/id_spans.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";
import { encoder } from "../case_parts.ts";

/** Notes which topics are asked for ids. */
class AskedDedup extends Dedup {
  readonly asked: string[] = [];

  override claim(topic: string, spans: readonly IdSpan[]): ReadonlySet<number> {
    this.asked.push(topic);
    return super.claim(topic, spans);
  }
}

/** Keeps what it is given, and stores nothing of it. */
class KeptLog extends CommitLog {
  readonly pieces: Piece[] = [];

  override append(piece: Piece): void {
    this.pieces.push(piece);
  }
}

class Bench {
  readonly pool = new ChunkPool();
  readonly routing = new Routing({ seed: 7, isDurable: () => true });
  readonly claims = new ClaimedIds(7);
  readonly dedup: AskedDedup;
  readonly log: KeptLog;
  /** To how many messages each answer is held. */
  readonly held: number[] = [];
  readonly #appending: Appending;

  constructor() {
    const memory = new HeldMemory({ most: 1024 ** 3, pool: this.pool });
    this.dedup = new AskedDedup({ window: 1000, most: 1000, bytes: 1024 ** 2, memory, seed: 7 });
    const nothing = (): void => {};
    this.log = new KeptLog({
      store: new MemoryStore({ now: () => 0 }),
      level: "synced",
      flushes: new FlushList(),
      memory,
      claims: this.claims,
      topics: { most: Infinity, reasonOf: () => "" },
      later: nothing,
      deliver: () => 0,
      onDelayed: nothing,
      onRunRefused: nothing,
      onCommitted: nothing,
      onRefused: nothing,
      onUnbegun: nothing,
      onLost: nothing,
    });
    this.#appending = new Appending({ dedup: this.dedup, claims: this.claims, log: this.log });
  }

  /** Appends a run as an engine does; "" is a message without an id. The pieces that are made of it. */
  append(topic: string, ids: readonly string[], newTopics?: NewTopics): readonly Piece[] {
    const text = ids.map((id) => `pub ${topic} 1${id === "" ? "" : ` id=${id}`}\nx\n`).join("");
    const bytes = encoder.encode(text);
    const chunk = this.pool.take(bytes.length);
    chunk.bytes.set(bytes);
    const run = new Run(new Slice(chunk, 0, bytes.length), {
      route: this.routing.routeOf(topic),
      encoding: RECORDS,
      count: ids.length,
      pool: this.pool,
      hasFields: ids.some((id) => id !== ""),
      ttl: undefined,
      expires: undefined,
    });
    run.keep();
    chunk.release();
    const publisher: Publisher = {
      hold: (count) => {
        this.held.push(count);
        return { acknowledge: () => {}, refuse: () => {} };
      },
      newTopics,
    };
    const before = this.log.pieces.length;
    this.#appending.append(run, publisher);
    return this.log.pieces.slice(before);
  }
}

Deno.test("a run without ids is claimed nowhere, and goes on as it is", () => {
  const bench = new Bench();
  const [piece, ...others] = bench.append("#a", ["", ""]);
  assertEquals([others, piece?.count, piece?.repetition, bench.held], [[], 2, undefined, [2]]);
  assertEquals([bench.dedup.asked, bench.claims.size], [[], 0]);
});

Deno.test("a run of which nothing is known is one piece, which brings its ids and repeats nothing", () => {
  const bench = new Bench();
  const [piece, ...others] = bench.append("#a", ["p-1", "p-2", "x"]);
  assertEquals([others, piece?.count, piece?.repetition, bench.held], [[], 3, undefined, [3]]);
  assertEquals([bench.dedup.asked, bench.claims.size], [["#a"], 1]);
});

Deno.test("what is known is kept apart from what is new, those together that one piece brings or that are stored", () => {
  const bench = new Bench();
  const [first] = bench.append("#a", ["p-1", "p-2", "p-3"]);
  const [second] = bench.append("#a", ["q-1", "q-2"]);
  const [third] = bench.append("#a", ["r-1"]);
  // it is stored, and answered
  bench.claims.delete(third!);
  bench.held.length = 0;
  const pieces = bench.append("#a", [
    "n-1",
    "",
    "p-2",
    "p-3",
    "q-1",
    "r-1",
    "n-2",
    "q-2",
    "p-1",
  ]);
  assertEquals(bench.held, [2, 2, 1, 1, 1, 1, 1]);
  const claimants = pieces.map(({ claimant }) => [first, second].indexOf(claimant));
  assertEquals(claimants, [-1, 0, 1, -1, -1, 1, 0]);
  assertEquals(pieces.map(({ part }) => part?.count), [
    2,
    undefined,
    undefined,
    undefined,
    1,
    undefined,
    undefined,
  ]);
  const repetition = pieces[0]!.repetition;
  assert(repetition !== undefined && pieces.every((piece) => piece.repetition === repetition));
  assertEquals(first!.repeatedBy, [repetition]);
  assertEquals(second!.repeatedBy, [repetition]);
  assertEquals(repetition.takeAll(), pieces);
  assertEquals(bench.claims.size, 4, "first, second, and the two that are new");
});

Deno.test("what comes twice in one run is known the second time, and brought by what stands before it", () => {
  const bench = new Bench();
  const pieces = bench.append("#a", ["p-1", "p-1", "p-1", "p-2"]);
  assertEquals([bench.held, pieces.map(({ part }) => part?.count)], [[1, 2, 1], [1, undefined, 1]]);
  assert(pieces[1]!.claimant === pieces[0]);
});

Deno.test("parts of a run keep its memory until each has been let go, and nobody keeps it longer", () => {
  const bench = new Bench();
  const whole = bench.append("#a", ["p-1"]);
  for (const piece of whole) piece.release();
  assertEquals(bench.pool.bytesOut, 0);
  const pieces = bench.append("#a", ["p-1", "n-1", "p-1", "n-2"]);
  const texts = pieces.filter(({ part }) => part !== undefined).map(({ bytes }) =>
    new TextDecoder().decode(bytes)
  );
  assertEquals(texts, ["pub #a 1 id=n-1\nx\n", "pub #a 1 id=n-2\nx\n"]);
  for (const piece of pieces) {
    assert(bench.pool.bytesOut > 0);
    piece.release();
  }
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("a topic begins on account of who publishes, who is asked where it is not known to have begun", () => {
  const bench = new Bench();
  const told: string[] = [];
  const newTopics = (may: boolean): NewTopics => ({
    take: (topic) => {
      told.push(`take ${topic}`);
      return may;
    },
    began: (topic) => void told.push(`began ${topic}`),
    giveBack: (topic) => void told.push(`give back ${topic}`),
  });
  const mayBegin = (topic: string, of?: NewTopics): unknown[] => {
    const [piece] = bench.append(topic, [""], of);
    piece!.began();
    piece!.release();
    return [piece!.mayBegin, ...told.splice(0)];
  };
  assertEquals(mayBegin("#a"), [undefined], "nobody counts");
  assertEquals(mayBegin("#a", newTopics(true)), [undefined, "take #a", "began #a", "give back #a"]);
  assertEquals(mayBegin("#a", newTopics(false)), ["never", "take #a"], "nothing was taken");
  bench.routing.routeOf("#a").begun = true;
  assertEquals(mayBegin("#a", newTopics(false)), [undefined]);
});
