import { assert, assertEquals, assertThrows } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { encodeText } from "../../lib/wire/bytes.ts";
import { type Encoding, RECORDS, RECORDS_WITHOUT_SHARP } from "../../lib/wire/encoding.ts";
import { Run } from "../../lib/wire/run.ts";

const route = { topic: "#a", topicBytes: 2 };
const pool = new ChunkPool();

function runOf(encoding: Encoding, text: string, count: number): Run {
  const options = { route, encoding, count, pool, hasFields: true, ttl: 5, expires: 7 };
  return new Run(new Slice(new Chunk(encodeText(text))), options);
}

function textOf({ view }: Slice): string {
  return new TextDecoder().decode(view);
}

Deno.test("a run is given as it came without a copy, and in another encoding made once", () => {
  const classic = runOf(CLASSIC_LINES, "#a one\n#a two\n", 2);
  assertEquals(textOf(classic.as(CLASSIC_LINES)), "#a one\n#a two\n");
  assertEquals(textOf(classic.records), "pub #a 3\none\npub #a 3\ntwo\n");
  assert(classic.records === classic.records && classic.records === classic.as(RECORDS));
  const bare = runOf(RECORDS_WITHOUT_SHARP, "pub a 3 k=v\none\n", 1);
  assertEquals(textOf(bare.records), "pub #a 3 k=v\none\n");
  assertEquals(textOf(bare.as(CLASSIC_LINES)), "#a one\n", "through records");
  for (const run of [classic, bare]) run.release();
});

Deno.test("a part has its own messages, ids and place, shares the memory, and is itself where it is all", () => {
  const run = runOf(RECORDS, "pub #a 3 id=p-1\none\npub #a 3 id=p-2\ntwo\npub #a 5 id=p-3\nthree\n", 3);
  run.stored = { first: 10, batch: 4, time: 99 };
  assert(run.part(0, 3) === run);
  const part = run.part(1, 2);
  assertEquals(textOf(part.records), "pub #a 3 id=p-2\ntwo\npub #a 5 id=p-3\nthree\n");
  assert(part.records.chunk === run.records.chunk, "nothing is copied");
  assertEquals([part.count, part.ttl, part.expires, part.stored], [2, 5, 7, {
    first: 11,
    batch: 4,
    time: 99,
  }]);
  assertEquals(part.ids, [{ at: 0, count: 2, prefix: "p-", first: 2 }]);
  assertEquals(textOf(run.part(2, 1).batch), "batch #a 1 22 seq=12 ts=99\npub #a 5 id=p-3\nthree\n");
  assertEquals(run.count, 3, "the run has not changed");
});

Deno.test("what was made or kept of a run is let go of with it, and once", () => {
  const run = runOf(CLASSIC_LINES, "#a one\n", 1);
  const own = run.as(CLASSIC_LINES).chunk;
  run.keep();
  run.keep();
  assert(own.shared, "held beyond the call that brought it");
  const free = pool.freeBytes;
  const made = run.records.chunk.bytes.length;
  assertEquals(pool.freeBytes <= free, true);
  const before = pool.freeBytes;
  run.release();
  run.release();
  assertEquals([own.shared, pool.freeBytes], [false, before + made]);
  assertThrows(() => run.batch, TypeError, "once it is stored");
});

Deno.test("a run is split into what is wanted of it and what is not, in one walk", () => {
  const run = runOf(RECORDS, "pub #a 1\n0\npub #a 1\n1\npub #a 1\n2\npub #a 1\n3\npub #a 1\n4\n", 5);
  const shown = run.split(new Set([0, 3])).map((
    { at, count, part },
  ) => [at, count, part && textOf(part.records)]);
  assertEquals(shown, [
    [0, 1, undefined],
    [1, 2, "pub #a 1\n1\npub #a 1\n2\n"],
    [3, 1, undefined],
    [4, 1, "pub #a 1\n4\n"],
  ]);
  // every second one of many: to begin each part at the first record would be some billions of steps
  const count = 200_000;
  const many = runOf(RECORDS, "pub #a 1\nx\n".repeat(count), count);
  const parts = many.split(new Set(Array.from({ length: count / 2 }, (_, at) => 2 * at)));
  assertEquals(parts.length, count);
  const wanted = parts.filter(({ part }) => part !== undefined);
  assertEquals([wanted.length, wanted.at(-1)?.part?.records.end], [count / 2, 11 * count]);
});
