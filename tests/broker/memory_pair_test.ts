import { assertEquals, assertRejects } from "@std/assert";
import { memoryPair } from "../../lib/broker/memory_pair.ts";
import type { Transport } from "../../lib/sessions/mod.ts";
import { within } from "../support/within.ts";

/** What the next read brings; undefined at the end. */
async function read(end: Transport, most = 100): Promise<string | undefined> {
  const into = new Uint8Array(most);
  const count = await within("a read", end.read(into));
  return count === null ? undefined : new TextDecoder().decode(into.subarray(0, count));
}

/** How many bytes were taken. */
async function write(end: Transport, text: string): Promise<number> {
  return await within("room", end.write(new TextEncoder().encode(text)));
}

Deno.test("what is written to one end is read from the other, in order, in pieces of any size", async () => {
  const [one, other] = memoryPair();
  assertEquals([await write(one, "abc"), await write(one, "de")], [3, 2]);
  assertEquals([await read(other, 2), await read(other)], ["ab", "cde"]);
  const coming = read(one);
  await write(other, "back");
  assertEquals(await coming, "back");
});

Deno.test("so many bytes fit between them each way, and a write waits for room", async () => {
  const [one, other] = memoryPair(4);
  assertEquals([await write(one, "abcdef"), await write(other, "1234")], [4, 4]);
  let written = 0;
  const more = write(one, "xyz").then((count) => written = count);
  assertEquals([await read(one), written], ["1234", 0], "it was the other way that became free");
  assertEquals(await read(other, 1), "a");
  assertEquals([await more, await read(other)], [1, "bcdx"]);
});

Deno.test("behind its end what was written is read, then the end; nothing more can be written", async () => {
  const [one, other] = memoryPair();
  await write(one, "last");
  await one.closeWrite();
  await assertRejects(() => write(one, "x"), Deno.errors.BrokenPipe);
  assertEquals([await read(other), await read(other), await read(other)], ["last", undefined, undefined]);
  await write(other, "the other way goes on");
  assertEquals(await read(one), "the other way goes on");
});

Deno.test("who is closed reads and writes no more, and the other end is told by an end and a broken pipe", async () => {
  const [one, other] = memoryPair();
  await write(one, "last");
  await write(other, "unread");
  one.close();
  await assertRejects(() => read(one), Deno.errors.BadResource);
  await assertRejects(() => write(one, "x"), Deno.errors.BrokenPipe);
  assertEquals([await read(other), await read(other)], ["last", undefined]);
  await assertRejects(() => write(other, "x"), Deno.errors.BrokenPipe);
});

Deno.test("an end wakes a read that waits, on both sides, and a write that waits for room", async () => {
  for (const how of ["closeWrite", "close"] as const) {
    const [one, other] = memoryPair(1);
    const reading = read(other);
    await one[how]();
    assertEquals(await reading, undefined, how);
  }
  const [one] = memoryPair(1);
  const reading = assertRejects(() => read(one), Deno.errors.BadResource);
  await write(one, "a");
  const own = assertRejects(() => write(one, "b"), Deno.errors.BrokenPipe);
  one.close();
  await Promise.all([reading, own]);
  const [closed, writer] = memoryPair(1);
  await write(writer, "a");
  const writing = assertRejects(() => write(writer, "b"), Deno.errors.BrokenPipe);
  closed.close();
  await writing;
});
