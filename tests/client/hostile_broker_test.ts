/** Brokers that are broken or mean no good: bounded memory, one line that says what was wrong, no hang. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  connectPublisher,
  connectSubscriber,
  RefusedError,
  RunError,
} from "../../lib/mod.ts";
import { acceptHello, startScriptedBroker } from "./scripted_broker.ts";

const MIB = 1024 * 1024;

/** Says the same until the other side has had enough. */
async function* endless(text: string): AsyncGenerator<string> {
  for (;;) yield text;
}

/** What a broker says behind its answer to hello, and what a client without reconnect makes of it. */
const BREACHES: readonly { what: string; says: () => AsyncIterable<string> | string; reason: RegExp }[] = [
  {
    what: "a line without an end",
    says: () => endless("x".repeat(MIB)),
    reason: /a header without an end came/,
  },
  {
    what: "a header of a message without an end",
    says: () => endless("pub #a 1 h.x=" + "y".repeat(MIB)),
    reason: /a header without an end came/,
  },
  { what: "more answers than requests", says: () => "ok 999999999\n", reason: /answered 999999999 requests/ },
  {
    what: "a refusal of nothing",
    says: () => "err BUSY no\n",
    reason: /refused a request that was not made/,
  },
  { what: "a gap past all counting", says: () => "gap #a 1e308\n", reason: /"gap #a 1e308" came/ },
  { what: "a gap of many digits", says: () => `gap #a ${"9".repeat(400)}\n`, reason: /"gap #a 9+…?" came/ },
  {
    what: "a length that is none",
    says: () => `pub #a ${"9".repeat(400)}\nx\n`,
    reason: /a delivery of "9+…" bytes/,
  },
  {
    what: "a length that is too short",
    says: () => "pub #a 1\nxyz\n",
    reason: /does not end after its 1 bytes/,
  },
  { what: "an answer no one knows", says: () => "please wait\n", reason: /"please wait" came/ },
];

for (const { what, says, reason } of BREACHES) {
  Deno.test(`${what} ends the connection with one line that says so`, async () => {
    await using broker = startScriptedBroker(async (conn) => {
      await acceptHello(conn);
      try {
        const said = says();
        if (typeof said === "string") await conn.send(said);
        else for await (const text of said) await conn.send(text);
        await conn.rest();
      } catch (error) {
        if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
          throw error;
        }
      }
    });
    for (const connect of [connectPublisher, connectSubscriber]) {
      const client = await connect({ id: "c1", port: broker.port, protocol: "2", reconnect: false });
      const error = await assertRejects(() => client.closed, RunError);
      assertMatch(error.message, reason);
      assertEquals(error.message.split("\n").length, 1);
      assert(error.message.length < 400);
    }
  });
}

Deno.test("info that is huge, nested or nonsense changes nothing", async () => {
  const deep = `info {"a":${"[".repeat(8000)}${"]".repeat(8000)}}\n`;
  const long = `info {"durable":[${Array(2000).fill('"#a.b"').join()}],"max":{"line":"many"}}\n`;
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn, '{"max":17,"durable":{"#>":1}}');
    await conn.send(`${deep}${long}info [1]\ninfo null\ninfo {"live":7}\ninfo {"live":"#nobody"}\ninfo \n`);
    await conn.lines(2);
    await conn.send("ok 1\n");
    await conn.rest();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  assertEquals(await publisher.publish("#a", "x"), {});
});

for (
  const [what, message, each] of [
    ["headers", `pub #a 1 h.x=${"y".repeat(60_000)}\nx\n`, 60_000],
    ["topics", `pub #${"t".repeat(60_000)} 1\nx\n`, 60_000],
    ["patterns of gaps", `gap #${"t".repeat(60_000)} 1\n`, 60_000],
  ] as const
) {
  Deno.test(`what nobody takes waits up to a bound on all its bytes: long ${what}`, async () => {
    let sent = 0;
    const stuck = Promise.withResolvers<void>();
    await using broker = startScriptedBroker(async (conn) => {
      await acceptHello(conn, '{"max":{"line":65536}}');
      let timer = setTimeout(stuck.resolve, 1000);
      try {
        for (; sent < 200 * MIB; sent += each) {
          await conn.send(message);
          clearTimeout(timer);
          timer = setTimeout(stuck.resolve, 1000); // nothing was taken for a second
        }
      } catch {
        // the client has left
      }
      clearTimeout(timer);
      stuck.resolve();
    });
    const subscriber = await connectSubscriber({ id: "s1", port: broker.port, protocol: "2" });
    await stuck.promise;
    // beyond the queue there is what the kernel holds for both
    assert(sent < 32 * MIB, `${sent} bytes were taken`);
    await subscriber.close();
  });
}

Deno.test("an answer to hello that dribbles without an end is one after a while, and no hang", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await conn.line();
    try {
      for (;;) {
        await conn.send("x ");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } catch {
      // the client has left
    }
  });
  const started = performance.now();
  await assertRejects(
    () => connectPublisher({ id: "p1", port: broker.port, protocol: "2" }),
    RunError,
    "does not speak protocol 2",
  );
  assert(performance.now() - started < 15_000);
});

Deno.test("a broker that breaks the protocol each time is tried with growing pauses", async () => {
  let connections = 0;
  await using broker = startScriptedBroker(async (conn) => {
    connections++;
    await acceptHello(conn);
    await conn.send("ok 999999999\n");
    await conn.rest();
  });
  const attempts: number[] = [];
  const enough = Promise.withResolvers<void>();
  await using _publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: (event) => {
      if (event.type === "retrying" && attempts.push(event.attempt) === 4) enough.resolve();
    },
  });
  await enough.promise;
  assertEquals(attempts, [1, 2, 3, 4], `after ${connections} connections`);
});

for (const protocol of ["2", "classic"] as const) {
  Deno.test(`a publish that is refused with BUSY is refused as any other, and the next goes on (${protocol})`, async () => {
    await using broker = startScriptedBroker(async (conn) => {
      if (protocol === "2") {
        await acceptHello(conn);
        await conn.lines(2);
        await conn.send("err BUSY the broker keeps as much for its clients as it may; try again\n");
        await conn.lines(2);
        await conn.send("ok 1\n");
      } else {
        await conn.line();
        await conn.send("ERR_BUSY\n");
        await conn.line();
        await conn.send("OK\n");
      }
      await conn.rest();
    });
    const events: ClientEvent["type"][] = [];
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.port,
      protocol,
      onEvent: ({ type }) => events.push(type),
    });
    const error = await assertRejects(() => publisher.publish("#a", "one"), RefusedError, "try again");
    assertEquals([error.code, error.message.split("\n").length], ["BUSY", 1]);
    await publisher.publish("#a", "two");
    assertEquals(events, ["connected"]);
  });
}

Deno.test("BUSY as the answer to hello makes nobody classic: it is tried again", async () => {
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number < 3) {
      await conn.line();
      return await conn.send("ERR_BUSY\n");
    }
    await acceptHello(conn);
    await conn.rest();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  assertEquals(publisher.protocol, "2");
});

Deno.test("a subscription that is refused with BUSY when it is restored is asked for again, with a pause", async () => {
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    assertEquals(await conn.line(), "sub #a slow=latest");
    if (number === 2) await conn.send("err BUSY short of memory\n");
    else await conn.send("ok 1\n");
    if (number < 2) return;
    await conn.rest();
  });
  const events: string[] = [];
  const back = Promise.withResolvers<void>();
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    onEvent: (event) => {
      events.push(event.type === "lost" ? event.reason : event.type);
      if (event.type === "restored") back.resolve();
    },
  });
  await subscriber.subscribe("#a", { slow: "latest" });
  await back.promise;
  const busy = 'the broker refused to subscribe to "#a" again (BUSY): short of memory';
  assertEquals(events.includes(busy), true, events.join());
});

Deno.test("a classic broker's line without an end ends the connection, whatever is asked of it", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    try {
      for await (const text of endless("x".repeat(MIB))) await conn.send(text);
    } catch {
      // the client has left
    }
  });
  const publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    protocol: "classic",
    reconnect: false,
  });
  const error = await assertRejects(() => publisher.closed, RunError);
  assertMatch(error.message, /a line of more than \d+ bytes came/);
});
