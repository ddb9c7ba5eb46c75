import { assertEquals, assertRejects } from "@std/assert";
import { pipe as unwatched } from "../../../lib/http/inside/pipe.ts";
import { within } from "../../support/within.ts";

/** A pipe, where who reads what does not come is told so. */
function pipe(): ReturnType<typeof unwatched> {
  const { broker, client } = unwatched();
  return {
    broker: { ...broker, read: (into) => within("what the client has written", broker.read(into)) },
    client: { ...client, read: () => within("what the broker has written", client.read()) },
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(encoder.encode(text));

/** Whether it has come to an end by now. */
async function isOver(work: Promise<unknown>): Promise<boolean> {
  let over = false;
  void work.then(() => over = true, () => over = true);
  for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  return over;
}

Deno.test("bytes come in their order both ways, as much at a time as there is room for", async () => {
  const { broker, client } = pipe();
  await client.write(bytes("hello"));
  await client.write(bytes("!"));
  const into = new Uint8Array(3);
  const read = async (): Promise<string | null> => {
    const count = await broker.read(into);
    return count === null ? null : decoder.decode(into.subarray(0, count));
  };
  assertEquals([await read(), await read(), await read()], ["hel", "lo", "!"]);
  const own = bytes("answer");
  assertEquals(await broker.write(own), 6);
  own.fill(0);
  assertEquals(decoder.decode((await client.read())!), "answer", "the broker may use its memory again");
});

Deno.test("who writes waits while the other side has not taken what is there", async () => {
  const { broker, client } = pipe();
  const full = new Uint8Array(64 * 1024);
  assertEquals(await isOver(client.write(full)), true);
  const more = client.write(bytes("x"));
  assertEquals(await isOver(more), false);
  await broker.read(new Uint8Array(1));
  assertEquals(await isOver(more), true);
});

Deno.test("what was written before an end is still read, and nothing is written behind it", async () => {
  const { broker, client } = pipe();
  await client.write(bytes("last"));
  await client.closeWrite();
  await assertRejects(() => client.write(bytes("x")), Deno.errors.BrokenPipe);
  const into = new Uint8Array(9);
  assertEquals([await broker.read(into), await broker.read(into)], [4, null]);
  const waiting = client.read();
  assertEquals(await isOver(waiting), false);
  await broker.closeWrite();
  assertEquals(await waiting, null);
});

Deno.test("a side that is closed reads nothing more, and who waits for it is told", async () => {
  for (const side of ["client", "broker"] as const) {
    const { broker, client } = pipe();
    await client.write(bytes("up"));
    await broker.write(bytes("down"));
    const [own, other] = side === "client" ? [client, broker] : [broker, client];
    const waiting = side === "client"
      ? broker.write(new Uint8Array(99_999))
      : client.write(new Uint8Array(99_999));
    assertEquals(await isOver(waiting), false);
    own.close();
    await waiting;
    await assertRejects(() => own.read(new Uint8Array(9)), Deno.errors.BadResource);
    await assertRejects(() => Promise.resolve(other.write(bytes("x"))), Deno.errors.BrokenPipe);
    // what the other had been sent is there, and then the end
    const left = side === "client" ? await broker.read(new Uint8Array(9)) : (await client.read())?.length;
    assertEquals(left, side === "client" ? 2 : 4);
  }
});

Deno.test("nothing that is written is nothing to be read, and as many bytes fit as are said", async () => {
  const { broker, client } = pipe();
  await client.write(new Uint8Array());
  const read = broker.read(new Uint8Array(9));
  assertEquals(await isOver(read), false);
  await client.write(bytes("x"));
  assertEquals(await read, 1);
  const half = new Uint8Array(32 * 1024);
  assertEquals(await isOver(broker.write(half)), true);
  assertEquals(await isOver(broker.write(half)), true);
  const more = broker.write(bytes("x"));
  assertEquals(await isOver(more), false);
  assertEquals((await client.read())?.length, half.length);
  assertEquals(await isOver(more), true);
});

Deno.test("who waits for room is let go at an end, as who waits to read is", async () => {
  const { broker, client } = pipe();
  const waiting = client.write(new Uint8Array(99_999));
  assertEquals(await isOver(waiting), false);
  await client.closeWrite();
  assertEquals(await isOver(waiting), true);
  const reading = client.read();
  broker.close();
  assertEquals(await reading, null);
});
