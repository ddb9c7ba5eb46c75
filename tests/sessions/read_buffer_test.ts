import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { ReadBuffer } from "../../lib/sessions/read_buffer.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

function bufferOf(most = 1024 * MIB): { pool: ChunkPool; memory: HeldMemory; buffer: ReadBuffer } {
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most, pool });
  return { pool, memory, buffer: new ReadBuffer({ pool, memory }) };
}

/** So much has come, in room that doubles with it, and nothing of it is handled. */
function unread(bytes: number): ReturnType<typeof bufferOf> {
  const made = bufferOf();
  const { buffer } = made;
  buffer.slow(0);
  while (buffer.end < bytes) buffer.filled(Math.min(buffer.space().length, bytes - buffer.end));
  return made;
}

/** Reads so much, all of which is handled; how much room there was. */
function reads(buffer: ReadBuffer, bytes: number | "all"): number {
  const { length } = buffer.space();
  buffer.filled(bytes === "all" ? length : bytes);
  buffer.consumed(buffer.end);
  return length;
}

Deno.test("who fills the room has four times as much, up to 256 KiB, and who does not has half of it in time", () => {
  const { buffer, pool } = bufferOf();
  const rooms = (times: number, bytes: number | "all"): number[] =>
    Array.from({ length: times }, () => reads(buffer, bytes));
  assertEquals(rooms(8, "all"), [
    ...[63, 255, 1023, 4095, 16 * KIB - 1, 64 * KIB - 1],
    ...[256 * KIB - 1, 256 * KIB - 1],
  ]);
  // an eighth is enough to keep it
  assertEquals(rooms(3, 32 * KIB), Array(3).fill(256 * KIB - 1));
  // what is wanted is halved with each; a chunk is kept while it is no more than twice that
  assertEquals(rooms(16, 1), [
    ...[256, 256, 64, 64, 16, 16, 4, 4, 1, 1].map((kib) => kib * KIB - 1),
    ...[255, 255, 63, 63, 63, 63],
  ]);
  buffer.close();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("room of which half and more is left is read into again, and on a quiet connection it is the same", () => {
  const { buffer } = bufferOf();
  const first = buffer.space();
  assert(buffer.space() === first, "the same");
  buffer.filled(10);
  buffer.consumed(10);
  assert(buffer.space() === first, "from its beginning again");
  // what is unread stays: behind it 32 are left, which are half, and then 31, which are not
  buffer.filled(31);
  const { chunk } = buffer;
  assertEquals([buffer.space().length, buffer.start, buffer.end], [32, 0, 31]);
  assert(buffer.chunk === chunk, "where it was");
  buffer.filled(1);
  assertEquals([buffer.space().length, buffer.start, buffer.end], [127 - 32, 0, 32]);
  buffer.close();
});

Deno.test("what is unread goes along, and nothing is written over what somebody still holds", () => {
  const { buffer, pool } = bufferOf();
  const { chunk } = buffer;
  buffer.space().set(new TextEncoder().encode("donehalf"));
  buffer.filled(8);
  chunk.retain();
  buffer.consumed(4);
  assertEquals(buffer.space().byteOffset, 8);
  buffer.filled(50);
  buffer.consumed(4);
  assertEquals([buffer.space().length, buffer.start, buffer.end], [127 - 54, 0, 54]);
  assert(buffer.chunk !== chunk);
  assertEquals(new TextDecoder().decode(buffer.chunk.bytes.subarray(0, 4)), "half");
  buffer.consumed(54);
  buffer.space();
  assertEquals([buffer.start, buffer.end], [0, 0], "nobody else holds it");
  buffer.chunk.retain();
  buffer.filled(5);
  buffer.consumed(5);
  buffer.space();
  assertEquals([buffer.start, buffer.end], [5, 5], "somebody does");
  buffer.chunk.release();
  chunk.release();
  buffer.close();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("of what is awaited a chunk of its size is taken when 64 KiB and half of it have come, and not before", () => {
  // so much has come, so much is awaited: what is taken then
  const cases: ReadonlyArray<readonly [came: number, awaited: number, taken: number]> = [
    [128 * KIB - 1, 256 * KIB - 2, 256 * KIB],
    [128 * KIB - 1, 256 * KIB - 5, 256 * KIB - 4],
    [128 * KIB - 1, 256 * KIB - 1, 256 * KIB],
    [128 * KIB - 1, 200_000, 200_004],
    [128 * KIB - 1, 200_001, 200_004],
    [128 * KIB - 1, 200_003, 200_004],
    [128 * KIB - 1, 128 * KIB - 1, 256 * KIB],
    [128 * KIB - 1, 128 * KIB, 128 * KIB + 4],
    [64 * KIB - 1, 100_000, 128 * KIB],
    [128 * KIB - 1, 1 * MIB, 256 * KIB],
  ];
  for (const [came, awaited, taken] of cases) {
    const { buffer, pool } = unread(came);
    assertEquals(buffer.chunk.bytes.length, came + 1);
    buffer.awaits(awaited);
    assertEquals(buffer.space().length, taken - 1 - came, `${awaited} behind ${came}`);
    assertEquals([buffer.chunk.bytes.length, pool.bytesOut], [taken, taken], `${awaited} behind ${came}`);
    buffer.close();
  }
});

Deno.test("what was awaited is known of that request alone", () => {
  const came = 128 * KIB - 1;
  const { buffer, pool } = unread(came);
  buffer.awaits(200_000);
  buffer.consumed(0);
  assertEquals(buffer.mayGrow, true);
  buffer.consumed(1);
  buffer.filled(0);
  assertEquals(buffer.space().length, 256 * KIB - 1 - (came - 1), "nothing is awaited any more");
  buffer.close();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("more may come where 4 KiB or what is there already are enough, or as much again is free", () => {
  const cases: ReadonlyArray<readonly [came: number, free: number, may: boolean]> = [
    [2047, 0, true],
    [2048, 4096, false],
    [2048, 4097, true],
    [4095, 8190, false],
    [4095, 8191, true],
  ];
  for (const [came, free, may] of cases) {
    const { buffer, memory } = unread(came);
    memory.hold(memory.share - free);
    assertEquals(buffer.mayGrow, may, `${came} beside ${free}`);
    buffer.close();
  }
  const { buffer, memory } = bufferOf();
  for (let times = 0; times < 7; times++) reads(buffer, "all");
  buffer.filled(buffer.space().length / 2 | 0);
  memory.hold(memory.share);
  assertEquals([buffer.mayGrow, buffer.chunk.bytes.length], [true, 256 * KIB]);
  buffer.filled(1);
  assertEquals(buffer.mayGrow, false);
  buffer.close();
});

Deno.test("where less is free than a busy connection would have, it has 4 KiB; where as much is, it has that", () => {
  for (const [free, room] of [[256 * KIB, 256 * KIB - 1], [256 * KIB - 1, 4095]] as const) {
    const { buffer, memory } = bufferOf();
    for (let times = 0; times < 6; times++) reads(buffer, "all");
    memory.hold(memory.share - free);
    assertEquals(buffer.space().length, room, `${free}`);
    buffer.close();
  }
});

Deno.test("a connection that is to be slow has room for so much at a time, 64 bytes at least, at once and later", () => {
  for (const [bytes, room] of [[1000, 1023], [10, 63], [Infinity, 256 * KIB - 1]] as const) {
    const { buffer } = bufferOf();
    buffer.slow(bytes);
    for (let times = 0; times < 10; times++) reads(buffer, "all");
    assertEquals(reads(buffer, "all"), room, `${bytes}`);
    buffer.close();
  }
  const { buffer } = bufferOf();
  for (let times = 0; times < 8; times++) reads(buffer, "all");
  buffer.slow(1000);
  assertEquals(reads(buffer, "all"), 1023);
  buffer.close();
});
