import { assert, assertEquals, assertThrows } from "@std/assert";
import { ChunkPool } from "../lib/buffers.ts";

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

Deno.test("ChunkPool keeps no large piece for ever that nobody needs, and its memory is gone at once", () => {
  const pool = new ChunkPool();
  const chunk = pool.take(16 * 1024 * 1024);
  const { bytes } = chunk;
  chunk.release();
  assertEquals(pool.freeBytes, 16 * 1024 * 1024);
  for (let round = 0; round < 3; round++) pool.trim();
  assertEquals(pool.freeBytes, 0);
  assertEquals(bytes.buffer.byteLength, 0, "it was not left to the collector");
});
