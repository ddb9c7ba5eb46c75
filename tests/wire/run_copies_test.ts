import { assert, assertEquals, assertThrows } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { encodeText } from "../../lib/wire/bytes.ts";
import { type Encoding, RECORDS } from "../../lib/wire/encoding.ts";
import type { Stretch } from "../../lib/wire/record_fields.ts";
import { Run, type RunOptions } from "../../lib/wire/run.ts";
import { countedReads } from "../support/counted_reads.ts";

const FRAMES = ["pub #a 3 key=k\none\n", "pub #a 3\ntwo\n", "pub #a 5 key=\nthree\n"];
const TEXT = FRAMES.join("");

/** Three messages behind a byte that is not theirs; what is made of them is of the pool that comes with it. */
function stored(options: Partial<RunOptions> = {}): { run: Run; chunk: Chunk; pool: ChunkPool } {
  const pool = new ChunkPool();
  const chunk = new Chunk(encodeText(`~${TEXT}~`));
  const run = new Run(new Slice(chunk, 1, 1 + TEXT.length), {
    route: { topic: "#a", topicBytes: 2 },
    encoding: RECORDS,
    count: 3,
    pool,
    hasFields: true,
    ttl: 5,
    expires: 7,
    due: 9,
    ...options,
  });
  run.stored = { first: 10, batch: 4, time: 99 };
  return { run, chunk, pool };
}

function textOf({ view }: Slice): string {
  return new TextDecoder().decode(view);
}

/** Where so many of them lie. */
function lying(at: number, count: number): Stretch {
  const before = FRAMES.slice(0, at).join("").length;
  return { at, count, start: 1 + before, end: 1 + before + FRAMES.slice(at, at + count).join("").length };
}

/** What goes along with messages, wherever they are taken. */
function assertIsPart(part: Run, { at, count }: Stretch): void {
  assertEquals(textOf(part.records), FRAMES.slice(at, at + count).join(""));
  assertEquals([part.count, part.ttl, part.expires, part.due], [count, 5, 7, 9]);
  assertEquals(part.stored, { first: 10 + at, batch: 4, time: 99 });
}

Deno.test("the bytes of a run are those of its messages as they came, and nobody else's", () => {
  assertEquals(stored().run.bytes, TEXT.length);
  const lines = encodeText("~#a one\n#a two\n");
  const { run } = stored({ encoding: CLASSIC_LINES, count: 2 });
  const classic = new Run(new Slice(new Chunk(lines), 1, lines.length), {
    ...{ route: run.route, encoding: CLASSIC_LINES, count: 2, pool: new ChunkPool(), hasFields: false },
    ...{ ttl: undefined, expires: undefined },
  });
  assertEquals([classic.bytes, classic.records.view.length], [14, 26]);
});

Deno.test("a run says whether it goes to several topics", () => {
  assertEquals([stored().run.severalTopics, stored({ severalTopics: false }).run.severalTopics], [
    false,
    false,
  ]);
  assertEquals(stored({ severalTopics: true }).run.severalTopics, true);
});

Deno.test("the keys of a run are those of its messages, each with where it ends (G12)", () => {
  const { run } = stored();
  assertEquals(run.keys, { keys: ["k", undefined, ""], ends: [0, 1, 2].map((at) => lying(at, 1).end) });
  assertThrows(() => stored({ severalTopics: true }).run.keys, TypeError, "as it lies only");
});

Deno.test("a part of which is known where it lies is that part, without a walk, and itself where it is all", () => {
  const { run, chunk } = stored();
  assert(run.partLying(lying(0, 3)) === run);
  for (const [at, count] of [[0, 1], [0, 2], [1, 1], [1, 2], [2, 1]] as const) {
    const part = run.partLying(lying(at, count));
    assertIsPart(part, lying(at, count));
    assert(part.records.chunk === chunk, "nothing is copied");
  }
});

Deno.test("what is kept of a run is a run of its own, even where it is all, and holds the memory until it goes", () => {
  for (const [at, count] of [[0, 3], [0, 1], [1, 2], [2, 1]] as const) {
    const { run, chunk } = stored();
    const kept = run.kept(at, count);
    assert(kept !== run);
    assertIsPart(kept, lying(at, count));
    run.release();
    assert(chunk.shared && kept.records.chunk === chunk, "it lies where it lay");
    kept.release();
    assert(!chunk.shared);
  }
});

Deno.test("a copy has the messages in memory of its own, which goes back when it is let go of", () => {
  const { run, chunk, pool } = stored();
  const copy = run.copied();
  run.release();
  chunk.bytes.fill(0);
  assertIsPart(copy, lying(0, 3));
  const room = new ChunkPool().take(TEXT.length).bytes.length;
  assertEquals(pool.bytesOut, room, "no more than it takes");
  copy.release();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("what is gathered are those messages in their order, in memory no larger than they are", () => {
  const { run, pool } = stored();
  run.stored = undefined;
  const gathered = run.gathered([lying(0, 1), lying(2, 1)]);
  assertEquals([textOf(gathered.records), gathered.count], [FRAMES[0]! + FRAMES[2]!, 2]);
  assertEquals([gathered.ttl, gathered.expires, gathered.due, gathered.stored], [5, 7, 9, undefined]);
  assertEquals(gathered.keys.keys, ["k", ""]);
  const larger = run.gathered([lying(0, 2), lying(2, 1)]);
  assertEquals([textOf(larger.records), larger.count], [TEXT, 3]);
  for (const each of [gathered, larger]) each.release();
  assertEquals(pool.bytesOut, 0);
  const later = stored().run.gathered([lying(1, 1), lying(2, 1)]);
  assertIsPart(later, lying(1, 2));
});

Deno.test("a header of somebody's stands before the records of a run, in memory that is the asker's", () => {
  const { run, pool } = stored();
  const behind = run.behind(encodeText("head\n"));
  assertEquals(textOf(behind), `head\n${TEXT}`);
  assertEquals(behind.chunk.bytes.length, new ChunkPool().take(5 + TEXT.length).bytes.length);
  run.release();
  assert(pool.bytesOut > 0, "the run does not let go of it");
  behind.chunk.release();
  assertEquals(pool.bytesOut, 0);
  const lines: Encoding = CLASSIC_LINES;
  assertEquals(textOf(run.as(lines)), "#a one\n#a two\n#a three\n", "the run is as it was");
  run.release();
});

Deno.test("all of a run, or its first half, is kept without a look at what lies behind", () => {
  const { counted, reads } = countedReads(encodeText("pub #a 3\none\n".repeat(100)));
  const options = {
    route: { topic: "#a", topicBytes: 2 },
    encoding: RECORDS,
    count: 100,
    pool: new ChunkPool(),
  };
  const run = new Run(new Slice(new Chunk(counted)), {
    ...options,
    hasFields: false,
    ttl: undefined,
    expires: undefined,
  });
  run.kept(0, 100).release();
  assertEquals(reads(), 0);
  run.kept(0, 50).release();
  const half = reads();
  assert(half > 0);
  run.kept(50, 50).release();
  assertEquals(reads(), 2 * half, "those before it are walked, and none of its own");
});
