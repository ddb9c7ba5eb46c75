import { assert, assertEquals, assertThrows } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../lib/buffers.ts";

Deno.test("a chunk goes back to its pool when the last who holds it lets go, and is used again", () => {
  const pool = new ChunkPool();
  const chunk = pool.take(5000);
  assertEquals(chunk.bytes.length, 8192);
  const { buffer } = chunk.bytes;
  chunk.retain();
  assert(chunk.shared);
  chunk.release();
  assert(!chunk.shared);
  assertEquals(pool.freeBytes, 0);
  chunk.release();
  assertEquals(pool.freeBytes, 8192);
  assert(pool.take(8000).bytes.buffer === buffer);
  assertEquals(pool.freeBytes, 0);
});

Deno.test("letting go once too often is a defect that shows", () => {
  const chunk = new ChunkPool().take(1);
  chunk.release();
  assertThrows(() => chunk.release(), Error, "released more often");
});

Deno.test("what a pool keeps and nobody needs is given back", () => {
  const pool = new ChunkPool();
  const chunks = Array.from({ length: 64 }, () => pool.take(64 * 1024));
  for (const chunk of chunks) chunk.release();
  assertEquals(pool.freeBytes, 4 * 1024 * 1024);
  pool.trim();
  assertEquals(pool.freeBytes, 4 * 1024 * 1024, "it was in demand until now");
  pool.trim();
  assertEquals(pool.freeBytes, 2 * 1024 * 1024);
  for (let round = 0; round < 10; round++) pool.trim();
  assertEquals(pool.freeBytes, 0);
});

Deno.test("what is in demand stays", () => {
  const pool = new ChunkPool();
  for (let round = 0; round < 20; round++) {
    const chunks = Array.from({ length: 8 }, () => pool.take(64 * 1024));
    for (const chunk of chunks) chunk.release();
    pool.trim();
  }
  assertEquals(pool.freeBytes, 8 * 64 * 1024);
});

Deno.test("large memory that is not needed is given back at once: a quiet process collects nothing", () => {
  const pool = new ChunkPool();
  const large = pool.take(1024 * 1024);
  const { bytes } = large;
  large.release();
  pool.trim();
  assertEquals([pool.freeBytes, bytes.length], [1024 * 1024, 1024 * 1024], "it was in demand until now");
  pool.trim();
  assertEquals([pool.freeBytes, bytes.length], [0, 0]);
});

const MIB = 1024 * 1024;

Deno.test("a chunk has the power of two that holds what was asked for, 64 bytes at least, and is counted while held", () => {
  const pool = new ChunkPool();
  assertEquals([pool.bytesOut, pool.freeBytes], [0, 0]);
  let out = 0;
  const chunks = [1, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097].map((size) => {
    const chunk = pool.take(size);
    let expected = 64;
    while (expected < size) expected *= 2;
    out += expected;
    assertEquals([chunk.bytes.length, pool.bytesOut], [expected, out], `${size}`);
    return chunk;
  });
  for (const chunk of chunks) {
    chunk.release();
    out -= chunk.bytes.length;
    assertEquals(pool.bytesOut, out);
  }
  const adopted = pool.adopt(new Uint8Array(100));
  assertEquals(pool.bytesOut, 100);
  adopted.release();
  assertEquals([pool.bytesOut, adopted.bytes.length, adopted.bytes.buffer.byteLength], [0, 0, 0]);
});

Deno.test("a pool keeps 128 MiB and not a byte more; from 16 KiB on what it does not keep is freed at once", () => {
  const pool = new ChunkPool();
  // a byte is enough to be kept as a chunk of its size: only lengths are looked at
  const large = Array.from({ length: 128 }, () => pool.take(MIB));
  const [more, small, middle] = [pool.take(MIB), pool.take(8 * 1024), pool.take(16 * 1024)];
  for (const chunk of large) chunk.release();
  assertEquals(pool.freeBytes, 128 * MIB);
  const lengths = [more, small, middle].map((chunk) => {
    chunk.release();
    return chunk.bytes.length;
  });
  assertEquals(lengths, [0, 8 * 1024, 0], "small ones are left to the collector");
  assertEquals([pool.freeBytes, pool.bytesOut], [128 * MIB, 0]);
  const taken = pool.take(64);
  taken.release();
  assertEquals(pool.freeBytes, 128 * MIB, "nor is there room for the smallest");
});

Deno.test("half of what is idle goes at a time, of any sizes, and what is taken meanwhile is not idle", () => {
  const pool = new ChunkPool();
  const release = (...sizes: number[]): void => {
    for (const chunk of sizes.map((size) => pool.take(size))) chunk.release();
  };
  release(1024, 1024, 4096, 64);
  pool.trim();
  assertEquals(pool.freeBytes, 2048 + 4096 + 64, "nothing was idle yet");
  pool.trim();
  // of 6,208 bytes half and a little more
  assertEquals(pool.freeBytes, 64);
  pool.trim();
  assertEquals(pool.freeBytes, 0);
  release(1024, 1024, 1024, 1024);
  pool.trim();
  const [one, two, three] = [pool.take(1000), pool.take(1000), pool.take(1000)];
  for (const chunk of [one, two, three]) chunk.release();
  pool.trim();
  assertEquals(pool.freeBytes, 3 * 1024, "one of four was idle");
});

Deno.test("a slice is all of its chunk where nothing else is said, and its view is made once", () => {
  const chunk = new Chunk(Uint8Array.of(1, 2, 3, 4));
  assertEquals([...new Slice(chunk).view], [1, 2, 3, 4]);
  const part = new Slice(chunk, 1, 3);
  assertEquals([part.start, part.end, ...part.view], [1, 3, 2, 3]);
  assert(part.view === part.view && part.view.buffer === chunk.bytes.buffer);
});

Deno.test("a chunk that was not retained is nobody else's", () => {
  const chunk = new Chunk(new Uint8Array(1));
  assertEquals(chunk.shared, false);
  chunk.release();
  assertThrows(() => chunk.release(), Error, "more often than retained");
});
