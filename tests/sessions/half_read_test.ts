import { assert, assertEquals, assertMatch } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { ReadBuffer } from "../../lib/sessions/read_buffer.ts";
import { TestServer } from "../support/server.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("a chunk is at most four times what has come, whatever length is named", () => {
  const pool = new ChunkPool();
  const buffer = new ReadBuffer({ pool, memory: new HeldMemory({ most: 1024 * MIB, pool }) });
  let came = 0;
  while (came < 20 * MIB) {
    assert(buffer.mayGrow);
    const space = buffer.space();
    const bytes = Math.min(space.length, 10_000);
    buffer.filled(bytes);
    came += bytes;
    assert(pool.bytesOut <= 4 * came + 64 * KIB, `${pool.bytesOut} for ${came}`);
  }
  buffer.close();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("a payload of which half has come takes a chunk of its size, and one that was only named none", () => {
  const pool = new ChunkPool();
  const buffer = new ReadBuffer({ pool, memory: new HeldMemory({ most: 1024 * MIB, pool }) });
  const whole = 8 * MIB + 20;
  let came = 0;
  let chunks = 0;
  let last = buffer.chunk;
  while (came < whole) {
    assert(buffer.mayGrow);
    const space = buffer.space();
    if (buffer.chunk !== last) chunks++;
    last = buffer.chunk;
    const bytes = Math.min(space.length, whole - came, 60_000);
    buffer.filled(bytes);
    came += bytes;
    buffer.awaits(whole);
    assert(pool.bytesOut <= 4 * came + 64 * KIB, `${pool.bytesOut} for ${came}`);
    assert(pool.bytesOut <= whole + 4, `${pool.bytesOut} for ${came}`);
  }
  assert(chunks < 20, `${chunks} chunks`);
  assertEquals(buffer.chunk.bytes.length % 4, 0);
  buffer.consumed(whole);
  assert(buffer.space().length > 0);
  assert(pool.bytesOut <= MIB);
  buffer.close();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("what is awaited stays where it is if it fits there with a byte behind it, and goes elsewhere while little has come if not", () => {
  const pool = new ChunkPool();
  for (const tooLong of [0, 1]) {
    const buffer = new ReadBuffer({ pool, memory: new HeldMemory({ most: 1024 * MIB, pool }) });
    const { chunk } = buffer;
    const space = buffer.space();
    buffer.awaits(space.length + tooLong);
    buffer.filled(space.length - 10);
    assertEquals(buffer.space().length === 10, tooLong === 0);
    assertEquals(buffer.chunk === chunk, tooLong === 0);
    buffer.close();
  }
  assertEquals(pool.bytesOut, 0);
});

Deno.test("a payload of 5 MiB needs no more than 12 MiB on its way", async () => {
  await using broker = new TestServer({ limits: { memory: 12 * MIB, payload: 8 * MIB } });
  using publisher = broker.connect("publishers", 64 * KIB);
  assertEquals(await publisher.ask("p hello 2"), "OK_2");
  assertMatch(await publisher.line() ?? "", /^info /);
  const payload = "x".repeat(5 * MIB);
  await publisher.send(`pub #a ${payload.length}\n${payload}\nping\n`);
  assertMatch(await publisher.line() ?? "", /^ok 1 /);
  assertEquals(await publisher.line(), "pong");
});

Deno.test("what is half read may not be more than is still free, and little always may", () => {
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most: 4 * MIB, pool });
  const buffer = new ReadBuffer({ pool, memory });
  let came = 0;
  while (buffer.mayGrow) {
    const bytes = Math.min(buffer.space().length, 10_000);
    buffer.filled(bytes);
    came += bytes;
    assert(came < 8 * MIB);
  }
  assert(memory.held <= 4 * MIB, String(memory.held));
  buffer.consumed(came);
  assert(buffer.mayGrow);
  memory.hold(100 * MIB);
  const other = new ReadBuffer({ pool, memory });
  const few = other.space();
  other.filled(few.length);
  assert(other.mayGrow);
  other.close();
  buffer.close();
});

Deno.test("a payload for which there is no memory is refused and passed over, and the connection goes on (V6)", async () => {
  await using broker = new TestServer({ limits: { memory: MIB, payload: 8 * MIB } });
  using publisher = broker.connect("publishers", 64 * KIB);
  assertEquals(await publisher.ask("p hello 2"), "OK_2");
  assertMatch(await publisher.line() ?? "", /^info /);
  const payload = "x".repeat(4 * MIB);
  await publisher.send(`pub #a ${payload.length}\n${payload}\nping\npub #a 2\nhi\n`);
  assertMatch(await publisher.line() ?? "", /^err BUSY .*--max-memory/);
  assertEquals(await publisher.line(), "pong");
  assertMatch(await publisher.line() ?? "", /^ok 1 /);
});

Deno.test("a classic line for which there is no memory is refused and passed over, and the connection goes on", async () => {
  await using broker = new TestServer({ limits: { memory: 256 * KIB, line: MIB } });
  using publisher = broker.connect("publishers", 64 * KIB);
  await publisher.send(`p pub #a ${"x".repeat(900 * KIB)}\np pub #a hi\n`);
  assertEquals(await publisher.lines(2), ["ERR_BUSY", "OK"]);
});

Deno.test("a v2 header for which there is no memory ends the connection, for it is not known what follows (V6)", async () => {
  await using broker = new TestServer({ limits: { memory: 64 * KIB, line: MIB } });
  using publisher = broker.connect("publishers", 64 * KIB);
  assertEquals(await publisher.ask("p hello 2"), "OK_2");
  assertMatch(await publisher.line() ?? "", /^info /);
  void publisher.send(`pub #a 1 h.x=${"x".repeat(900 * KIB)}\n`).catch(() => {});
  assertMatch(await publisher.rest(), /^bye BUSY /);
});

Deno.test("where memory is short who is busy is read by the 4 KiB, and who is not by a few bytes", () => {
  const pool = new ChunkPool();
  const memory = new HeldMemory({ most: MIB, pool });
  const busy = new ReadBuffer({ pool, memory });
  const idle = new ReadBuffer({ pool, memory });
  /** Reads all there is room for, as often, while a subscriber has what came before. */
  const read = (times: number): number => {
    let length = 0;
    for (let at = 0; at < times; at++) {
      const { chunk } = busy;
      chunk.retain();
      ({ length } = busy.space());
      busy.filled(length);
      busy.consumed(busy.end);
      chunk.release();
    }
    return length;
  };
  assert(read(12) > 100 * KIB, "there is room");
  memory.hold(MIB);
  assertEquals([read(2), read(1), read(1), read(5)], [4095, 4095, 4095, 4095]);
  assert(idle.space().length < 64);
  memory.letGo(MIB);
  assert(read(12) > 100 * KIB, "there is room again");
  busy.close();
  idle.close();
  assertEquals(memory.held, 0);
});
