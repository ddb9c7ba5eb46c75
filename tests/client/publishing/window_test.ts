/** How much is on its way at once, and how much may wait: to the byte and to the message. */
import { assertEquals } from "@std/assert";
import { settled } from "../../support/handed_clock.ts";
import { ConnectionBench } from "../connecting/connection_bench.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

const MIB = 1024 * 1024;

/** A payload whose record has so many bytes. */
function payload(record: number): Uint8Array {
  const around = (length: number): number => `pub #a ${length}\n\n`.length;
  const length = record - around(record);
  return new Uint8Array(record - around(length));
}

/** Counts the bytes that are written. */
function counted(socket: HandedSocket): { bytes: number } {
  const written = { bytes: 0 };
  socket.write = (bytes) => Promise.resolve(void (written.bytes += bytes.length));
  return written;
}

Deno.test("with a MiB on its way nothing more leaves, and with a byte less it does", async () => {
  for (const less of [0, 1]) {
    const bench = new ConnectionBench();
    const { publisher, socket } = await bench.frames();
    const written = counted(socket);
    publisher.send("#a", payload(MIB - less));
    await settled();
    publisher.send("#a", payload(100));
    await settled();
    assertEquals(written.bytes, MIB - less + 100 * less);
    assertEquals(publisher.pending, 2);
  }
});

Deno.test("what is refused makes room on the way as what is acknowledged", async () => {
  for (const answer of ["ok 1\n", "err DENIED no\n"]) {
    const bench = new ConnectionBench();
    const { publisher, socket } = await bench.frames();
    const written = counted(socket);
    publisher.send("#a", payload(MIB));
    await settled();
    publisher.send("#a", payload(100));
    await settled();
    assertEquals(written.bytes, MIB);
    socket.come(answer);
    await settled();
    assertEquals(written.bytes, MIB + 100, answer);
  }
});

Deno.test("what comes while a write is on its way leaves in the next, together", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  const writes: string[] = [];
  const first = Promise.withResolvers<void>();
  socket.write = (bytes) => {
    writes.push(new TextDecoder().decode(bytes));
    return writes.length === 1 ? first.promise : Promise.resolve();
  };
  for (const text of ["1", "2", "3"]) {
    publisher.send("#a", text);
    await settled();
  }
  assertEquals(writes, ["pub #a 1\n1\n"]);
  first.resolve();
  await settled();
  assertEquals(writes, ["pub #a 1\n1\n", "pub #a 1\n2\npub #a 1\n3\n"]);
});

Deno.test("with 65,536 messages on their way nothing more leaves, and with one less it does", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  const written = counted(socket);
  const record = "pub #a 0\n\n".length;
  for (let at = 0; at < 100_000; at++) publisher.send("#a");
  await settled();
  assertEquals(publisher.full, false, "they are small");
  const left = written.bytes / record;
  assertEquals([left >= 65_536, left < 100_000], [true, true]);
  socket.come(`ok ${left - 65_536}\n`);
  await settled();
  assertEquals(written.bytes / record, left);
  socket.come("ok 1\n");
  await settled();
  assertEquals(written.bytes / record > left, true);
});

Deno.test("four MiB are too much to add more, and a byte less is not", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  for (const bytes of [MIB, MIB, MIB, MIB - 22]) publisher.send("#a", payload(bytes));
  assertEquals(publisher.full, false);
  publisher.send("#a", payload(22));
  assertEquals(publisher.full, true);
  socket.come("ok 1\n");
  await settled();
  assertEquals(publisher.full, false);
});

Deno.test("who waits for room has none with two MiB that wait, and has it with a byte less", async () => {
  for (const less of [0, 1]) {
    const bench = new ConnectionBench();
    const { publisher, socket } = await bench.frames();
    for (const bytes of [2 * MIB + 1, MIB, MIB - less]) publisher.send("#a", payload(bytes));
    assertEquals(publisher.full, true);
    await bench.watch("room", publisher.ready());
    assertEquals(await bench.ended(), []);
    socket.come("ok 1\n");
    assertEquals(await bench.ended(), less === 0 ? [] : ["room"]);
    socket.come("ok 1\n");
    assertEquals(await bench.ended(), less === 0 ? ["room"] : []);
  }
});

Deno.test("with a classic broker a thousand messages are many, and half of that leaves room", async () => {
  const bench = new ConnectionBench({ protocol: "classic" });
  const { publisher, socket } = await bench.classic();
  for (let at = 0; at < 1023; at++) publisher.send("#a", "x");
  assertEquals(publisher.full, false);
  publisher.send("#a", "x");
  assertEquals(publisher.full, true);
  await bench.watch("room", publisher.ready());
  for (let at = 0; at < 512; at++) {
    await socket.says("p1 pub #a x\n");
    socket.come("OK\n");
  }
  assertEquals([await bench.ended(), publisher.pending], [[], 512]);
  socket.come("OK\n");
  assertEquals([await bench.ended(), publisher.pending], [["room"], 511]);
});
