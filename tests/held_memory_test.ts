import { assertEquals } from "@std/assert";
import { ChunkPool } from "../lib/buffers.ts";
import { HeldMemory } from "../lib/held_memory.ts";

Deno.test("held is what is out of the pool and what was told; a share is what is free", () => {
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most: 4096, pool });
  assertEquals([memory.held, memory.share], [0, 4096]);
  const chunk = pool.take(1000);
  memory.hold(1000);
  assertEquals([memory.held, memory.share], [2024, 2072]);
  chunk.retain();
  chunk.release();
  assertEquals(memory.held, 2024, "a chunk that two hold is one chunk");
  chunk.release();
  memory.letGo(1000);
  assertEquals([memory.held, memory.share], [0, 4096]);
});

Deno.test("memory from elsewhere is counted while it is held, and freed at once", () => {
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most: 100, pool });
  const bytes = new Uint8Array(300);
  const chunk = pool.adopt(bytes);
  assertEquals([memory.held, memory.share], [300, 0]);
  chunk.release();
  assertEquals([memory.held, memory.share], [0, 100]);
  assertEquals(bytes.length, 0, "its buffer is gone");
  assertEquals(pool.freeBytes, 0, "and is no part of the pool");
});
