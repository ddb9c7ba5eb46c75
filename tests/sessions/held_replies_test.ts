import { assertEquals } from "@std/assert";
import { CROWD } from "../../lib/limits.ts";
import { HeldStore } from "../support/held_store.ts";
import { TestServer } from "../support/server.ts";

/** A broker with so many connections that they are a crowd. */
function crowd(): TestServer {
  const broker = new TestServer();
  for (let at = 0; at <= CROWD; at++) broker.connect("publishers");
  return broker;
}

Deno.test("in a crowd who waits for each reply gets each, though nobody else has anything to do (C2)", async () => {
  await using broker = crowd();
  using publisher = broker.connect("publishers");
  for (let at = 0; at < 50; at++) assertEquals(await publisher.ask(`p pub #a ${at}`), "OK");
});

Deno.test("connections that have left are no part of a crowd", async () => {
  await using broker = new TestServer();
  const answersAtOnce = async (): Promise<boolean> => {
    using publisher = broker.connect("publishers");
    await publisher.send("p pub #a 1\n");
    let answered = false;
    const reply = publisher.line().then(() => answered = true);
    // all that goes on without the event loop having turned
    for (let turns = 0; turns < 100; turns++) await Promise.resolve();
    const atOnce = answered;
    await reply;
    return atOnce;
  };
  assertEquals(await answersAtOnce(), true);
  const clients = Array.from({ length: CROWD + 1 }, () => broker.connect("publishers"));
  assertEquals(await answersAtOnce(), false, "it waits for the next one of its connection");
  for (const client of clients) {
    await client.endInput();
    assertEquals(await client.rest(), "");
  }
  assertEquals(await answersAtOnce(), true);
});

Deno.test("in a crowd what was published last is answered before its connection ends (C11)", async () => {
  await using broker = crowd();
  using publisher = broker.connect("publishers");
  await publisher.send("p pub #a 1\np pub #a 2\n");
  await publisher.endInput();
  assertEquals(await publisher.rest(), "OK\nOK\n");
});

Deno.test("in a crowd what was published last is answered when the broker drains (C11)", async () => {
  const broker = crowd();
  using publisher = broker.connect("publishers");
  await publisher.send("p pub #a 1\n");
  for (let turns = 0; turns < 8; turns++) await Promise.resolve();
  const published = broker.totals.published;
  const rest = publisher.rest();
  await broker[Symbol.asyncDispose]();
  assertEquals(await rest, "OK\n".repeat(published));
});

Deno.test("what is being stored when a connection's input ends is answered before it ends (C11, C12)", async () => {
  for (const end of ["its input ends", "it quits"] as const) {
    const store = new HeldStore();
    await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
    using publisher = broker.connect("publishers");
    store.free = false;
    await publisher.send("p pub #d 1\n");
    const commit = await store.next();
    if (end === "it quits") await publisher.send("p quit\n");
    else await publisher.endInput();
    // the broker has seen it by then
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
    commit.end();
    assertEquals(await publisher.rest(), end === "it quits" ? "OK\nOK\n" : "OK\n", end);
  }
});
