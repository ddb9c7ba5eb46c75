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

Deno.test("a burden is who has more than a 64th of what is free, where less than an eighth is free", () => {
  const memory = new HeldMemory({ most: 64_000, pool: new ChunkPool() });
  assertEquals(memory.isBurden(64_000), false, "there is enough");
  memory.hold(56_000);
  assertEquals([memory.share, memory.isBurden(8000)], [8000, false], "an eighth is enough");
  memory.hold(64);
  assertEquals([memory.isBurden(7936 / 64), memory.isBurden(7936 / 64 + 1)], [false, true]);
  memory.hold(10_000);
  assertEquals([memory.share, memory.isBurden(0), memory.isBurden(1)], [0, false, true]);
});
