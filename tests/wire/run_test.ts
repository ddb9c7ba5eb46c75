import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { encodeText } from "../../lib/wire/bytes.ts";
import { type Encoding, RECORDS, RECORDS_WITHOUT_SHARP } from "../../lib/wire/encoding.ts";
import { Run } from "../../lib/wire/run.ts";

const route = { topic: "#a", topicBytes: 2 };
const pool = new ChunkPool();

function runOf(encoding: Encoding, text: string, count: number, from = pool): Run {
  const options = { route, encoding, count, pool: from, hasFields: true, ttl: 5, expires: 7 };
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

const TEXT = "pub #a 3 id=p-1\none\npub #a 3 id=p-2\ntwo\npub #a 5 id=p-3\nthree\n";

Deno.test("parts that are asked for one behind the other are those that each by itself would be", () => {
  const run = runOf(RECORDS, "pub #a 1\n0\npub #a 1\n1\npub #a 1\n2\npub #a 1\n3\npub #a 1\n4\n", 5);
  run.stored = { first: 10, batch: 4, time: 99 };
  assert(run.parting()(0, 5) === run);
  for (const asked of [[[0, 1], [1, 1], [3, 2]], [[1, 2], [4, 1]], [[2, 1]]] as const) {
    const parts = run.parting();
    for (const [at, count] of asked) {
      const [part, alone] = [parts(at, count), run.part(at, count)];
      assertEquals(textOf(part.records), textOf(alone.records));
      assertEquals([part.count, part.stored], [alone.count, alone.stored]);
    }
  }
});

Deno.test("a run is itself only where all of it is asked for", () => {
  const run = runOf(RECORDS, TEXT, 3);
  const each = TEXT.match(/pub[^\n]*\n[^\n]*\n/g)!;
  for (let at = 0; at <= 3; at++) {
    for (let count = 0; at + count <= 3; count++) {
      const part = run.part(at, count);
      assertEquals([part === run, part.count], [count === 3, count]);
      assertEquals(textOf(part.records), each.slice(at, at + count).join(""));
      assertEquals(part.stored, undefined);
    }
  }
});

Deno.test("the newest is the last message, made once, itself where it is the only one, and gone with the run", () => {
  const own = new ChunkPool();
  const run = runOf(CLASSIC_LINES, "#a one\n#a two\n", 2, own);
  const { newest } = run;
  assertEquals([newest.count, textOf(newest.records)], [1, "pub #a 3\ntwo\n"]);
  assert(run.newest === newest);
  assertEquals(textOf(newest.as(CLASSIC_LINES)), "#a two\n");
  run.release();
  assertEquals(own.bytesOut, 0, "what was made of the newest is let go of, too");
  assert(run.newest !== newest, "and made anew when it is asked for again");
  run.release();
  const single = runOf(CLASSIC_LINES, "#a one\n", 1);
  assert(single.newest === single);
  single.keep();
  single.release();
  assert(!single.as(CLASSIC_LINES).chunk.shared, "what is its own newest is let go of once");
});

Deno.test("a run that was let go of and is asked again is kept and let go of again", () => {
  const run = runOf(CLASSIC_LINES, "#a one\n", 1);
  const own = run.as(CLASSIC_LINES).chunk;
  for (let round = 0; round < 2; round++) {
    run.keep();
    assertEquals(textOf(run.records), "pub #a 3\none\n");
    assert(own.shared);
    run.release();
    assert(!own.shared);
  }
  run.release();
  own.retain();
  assert(own.shared, "nothing was let go of that was not kept");
});

Deno.test("an encoding that needs more room than a rule says is given it, and what was too small goes back", () => {
  const asked: number[] = [];
  const fresh = new ChunkPool();
  const doubled: Encoding = {
    name: "doubled",
    toRecords: RECORDS.toRecords,
    fromRecords: {
      room: () => 3,
      write: ({ bytes, start, end }, out) => {
        asked.push(out.length);
        if (out.length < 2 * (end - start)) return -2 * (end - start);
        for (let at = start; at < end; at++) out.fill(bytes[at]!, 2 * (at - start), 2 * (at - start) + 2);
        return 2 * (end - start);
      },
    },
  };
  const long = "x".repeat(100_000);
  const text = `pub #a 100000\n${long}\n`;
  const options = {
    route,
    encoding: RECORDS,
    count: 1,
    hasFields: false,
    ttl: undefined,
    expires: undefined,
  };
  const run = new Run(new Slice(new Chunk(encodeText(text))), { ...options, pool: fresh });
  const made = run.as(doubled);
  assertEquals(textOf(made), text.replace(/[^]/g, "$&$&"));
  assert(asked.length === 2 && asked[1]! >= 2 * text.length);
  assertEquals(fresh.bytesOut, made.chunk.bytes.length, "only what is used is out");
  assert(run.as(doubled) === made);
  run.release();
  assertEquals(fresh.bytesOut, 0);
  const nothing = new Run(new Slice(new Chunk(encodeText("")), 0, 0), { ...options, count: 0, pool: fresh });
  const empty: Encoding = { ...doubled, fromRecords: { room: () => 1, write: () => (asked.push(0), 0) } };
  asked.length = 0;
  assertEquals([textOf(nothing.as(empty)), asked.length], ["", 1], "no bytes are enough for nothing");
  nothing.release();
});

Deno.test("a stored run is a batch of exactly its bytes, made once", () => {
  const fresh = new ChunkPool();
  const options = { route, encoding: RECORDS, count: 3, hasFields: true, ttl: undefined, expires: undefined };
  const run = new Run(new Slice(new Chunk(encodeText(TEXT))), { ...options, pool: fresh });
  run.stored = { first: 7, batch: 1, time: 5 };
  const header = `batch #a 3 ${TEXT.length} seq=7 ts=5\n`;
  assertEquals(textOf(run.batch), header + TEXT);
  assert(run.batch === run.batch);
  const other = new ChunkPool();
  const room = other.take(header.length + TEXT.length).bytes.length;
  assertEquals(run.batch.chunk.bytes.length, room, "no more memory than it takes");
  run.release();
  assertEquals(fresh.bytesOut, 0);
});

Deno.test("a run to several topics can be had as it lies, and in no other way", () => {
  const options = {
    route,
    encoding: RECORDS,
    count: 2,
    pool,
    hasFields: true,
    ttl: undefined,
    expires: undefined,
  };
  const text = "pub #a 1 id=1\nx\npub #bc 1\ny\n";
  const run = new Run(new Slice(new Chunk(encodeText(text))), { ...options, severalTopics: true });
  assertEquals(textOf(run.as(RECORDS)), text);
  for (
    const asked of [
      () => run.as(CLASSIC_LINES),
      () => run.part(0, 1),
      () => run.newest,
      () => run.split(new Set([0])),
      () => run.ids,
    ]
  ) assertThrows(asked, TypeError, "as it lies only");
});

Deno.test("a run has ids only where it is said to have fields, and is split as positions say", () => {
  const options = { route, encoding: RECORDS, count: 3, pool, ttl: undefined, expires: undefined };
  const slice = new Slice(new Chunk(encodeText(TEXT)));
  const plain = new Run(slice, { ...options, hasFields: false });
  assertEquals(plain.ids, []);
  const run = new Run(slice, { ...options, hasFields: true });
  assertEquals(run.ids, [{ at: 0, count: 3, prefix: "p-", first: 1 }]);
  assert(run.ids === run.ids, "looked for once");
  const each = TEXT.match(/pub[^\n]*\n[^\n]*\n/g)!;
  fc.assert(fc.property(fc.uniqueArray(fc.nat(2)), (positions) => {
    const known = new Set(positions);
    const stretches = run.split(known);
    let next = 0;
    for (const { at, count, part } of stretches) {
      assertEquals(at, next);
      next = at + count;
      for (let place = at; place < next; place++) assertEquals(known.has(place), part === undefined);
      if (part !== undefined) assertEquals(textOf(part.records), each.slice(at, next).join(""));
    }
    assertEquals(next, 3);
    assertEquals(stretches.length, 1 + [1, 2].filter((at) => known.has(at) !== known.has(at - 1)).length);
  }));
});
