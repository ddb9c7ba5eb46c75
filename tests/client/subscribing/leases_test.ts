/** Messages that are to be settled, from a broker that says what a test wants. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  connectSubscriber,
  isLeased,
  type LeasedMessage,
  RefusedError,
  RunError,
  type Subscriber,
  type Subscription,
} from "../../../lib/mod.ts";
import type { RawClient } from "../../support/raw_client.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";

function batch(
  topic: string,
  { first, payloads, attempt, group = "g" }: {
    readonly first?: number;
    readonly payloads: readonly string[];
    readonly attempt?: number;
    readonly group?: string;
  },
): string {
  const records = payloads.map((payload) => `pub ${topic} ${payload.length}\n${payload}\n`).join("");
  const stored = first === undefined ? "" : ` seq=${first} ts=1700000000000`;
  const again = attempt === undefined ? "" : ` attempt=${attempt}`;
  return `batch ${topic} ${payloads.length} ${records.length} group=${group}${stored}${again}\n${records}`;
}

/** Says hello and grants what is asked first, and sends this behind it. */
async function grant(conn: RawClient, behind: string): Promise<void> {
  await acceptHello(conn, '{"ackTimeout":30000}');
  await conn.line();
  await conn.send(`ok 1\n${behind}`);
}

/** A member of a group. */
async function member(
  port: number,
  onEvent?: (event: ClientEvent) => void,
): Promise<[Subscriber, AsyncIterator<LeasedMessage>, Subscription<LeasedMessage>]> {
  const subscriber = await connectSubscriber({
    id: "s1",
    port,
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  const subscription = await subscriber.subscribe("#jobs", { group: "g", ack: "explicit" });
  return [subscriber, subscription[Symbol.asyncIterator](), subscription];
}

async function take(messages: AsyncIterator<LeasedMessage>, count: number): Promise<LeasedMessage[]> {
  const taken: LeasedMessage[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** Answers `quit`; whatever else comes before it is given to `say`. */
async function untilQuit(conn: RawClient, say: (line: string) => Promise<void> | void): Promise<void> {
  for (let line = await conn.line(); line !== undefined; line = await conn.line()) {
    if (line === "quit") return await conn.send("bye QUIT goodbye\n");
    await say(line);
  }
}

Deno.test("how a group is joined is asked as it is written, and again on the next connection (G6)", async () => {
  const asked: string[] = [];
  const restored = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    asked.push(await conn.line() ?? "end");
    await conn.send("ok 1\n");
    if (number === 2) await untilQuit(conn, () => conn.send("ok 1\n"));
  });
  const subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    onEvent: ({ type }) => type === "restored" && restored.resolve(),
  });
  const from = new Date(Date.UTC(2026, 0, 31));
  const subscription = await subscriber.subscribe("jobs.>", {
    group: "wörkers",
    window: 7,
    ack: "explicit",
    from,
  });
  assertEquals([subscription.pattern, subscription.group], ["#jobs.>", "wörkers"]);
  await restored.promise;
  await subscriber.close();
  const request = "sub #jobs.> group=wörkers window=7 ack=explicit from=2026-01-31T00:00:00.000Z";
  assertEquals(asked, [request, request]);
});

Deno.test("what is called together leaves together, of numbers that count up as one (G8)", async () => {
  const said: string[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await grant(conn, batch("#jobs", { first: 7, payloads: ["a", "b", "c", "d", "e", "f"] }));
    await untilQuit(conn, async (line) => {
      said.push(line);
      await conn.send("ok 1\n");
    });
  });
  const [subscriber, messages] = await member(broker.port);
  const [a, b, c, d, e, f] = await take(messages, 6) as [
    LeasedMessage,
    LeasedMessage,
    LeasedMessage,
    LeasedMessage,
    LeasedMessage,
    LeasedMessage,
  ];
  assertEquals([a.seq, a.attempt, a.group, a.text, a.ackTimeout], [7, 1, "g", "a", 30_000]);
  assert(isLeased(a));
  await Promise.all([a.ack(), b.ack(), c.ack(), e.extend(), e.ack(), d.nack({ delay: 1500 }), f.nack()]);
  assertEquals(said, [
    "ack g #jobs 7-9 all",
    "extend g #jobs 11",
    "ack g #jobs 11",
    "nack g #jobs 10 delay=1.5",
    "nack g #jobs 12",
  ]);
  await subscriber.close();
});

Deno.test("each call has the answer that is true of its own message (G8)", async () => {
  const said: string[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await grant(conn, batch("#jobs", { first: 1, payloads: ["a", "b", "c"], attempt: 4 }));
    await untilQuit(conn, async (line) => {
      said.push(line);
      if (line.endsWith(" all")) await conn.send("err NOT_HELD not all\n");
      else if (line === "ack g #jobs 2") await conn.send("err NOT_HELD its time was over\n");
      else if (said.length === 4) await conn.send("err STORE the disk is full\n");
      else await conn.send("ok 1\n");
    });
  });
  const [subscriber, messages] = await member(broker.port);
  const [a, b, c] = await take(messages, 3) as [LeasedMessage, LeasedMessage, LeasedMessage];
  assertEquals([a.attempt, JSON.parse(JSON.stringify(a)).attempt], [4, 4]);
  assertEquals(
    Deno.inspect(a),
    'Message(#jobs "a" group="g" seq=1 attempt=4 time=2023-11-14T22:13:20.000Z)',
  );
  const [one, two, three] = [a.ack(), b.ack(), c.ack()];
  await one;
  assertEquals((await assertRejects(() => two, RefusedError, "its time was over")).code, "NOT_HELD");
  assertEquals((await assertRejects(() => three, RefusedError, "the disk is full")).code, "STORE");
  // what could not be stored is still held, what was settled is not
  await c.ack();
  for (const again of [a.ack(), a.nack(), c.ack(), c.extend(), b.ack()]) {
    const { code, message } = await assertRejects(() => again, RefusedError, "was settled or given back");
    assertEquals(code, "NOT_HELD", message);
  }
  assertEquals(said, [
    "ack g #jobs 1-3 all",
    "ack g #jobs 1",
    "ack g #jobs 2",
    "ack g #jobs 3",
    "ack g #jobs 3",
  ]);
  await subscriber.close();
});

Deno.test("what came over a connection that ended is not given out, and cannot be settled (G9)", async () => {
  const lost = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn, number) => {
    await grant(
      conn,
      batch("#jobs", { first: 1, payloads: ["a", "b"], ...(number > 1 ? { attempt: 2 } : {}) }),
    );
    // of what is asked nothing is answered
    if (number === 1) return await end.promise;
    await untilQuit(conn, () => conn.send("ok 1\n"));
  });
  const [subscriber, messages] = await member(broker.port, ({ type }) => type === "lost" && lost.resolve());
  const [a] = await take(messages, 1) as [LeasedMessage];
  const unanswered = a.extend();
  end.resolve();
  await lost.promise;
  const text =
    'message 1 of "#jobs" is not known to be settled, for the connection it came over has ended: ' +
    'if it is not, group "g" gives it out again';
  for (const call of [unanswered, a.ack()]) {
    assertEquals((await assertRejects(() => call, RunError, text)).code, "LEASE_LOST");
  }
  const [again, b] = await take(messages, 2) as [LeasedMessage, LeasedMessage];
  assertEquals([again.text, again.attempt, b.text, b.attempt], ["a", 2, "b", 2]);
  await again.ack();
  await subscriber.close();
});

for (const how of ["unsubscribe", "subscription.unsubscribe", "close"] as const) {
  Deno.test(`${how}() tells what was acknowledged, and all else is given back: nothing more is given out (G9)`, async () => {
    const said: string[] = [];
    await using broker = startScriptedBroker(async (conn) => {
      await grant(conn, batch("#jobs", { first: 1, payloads: ["a", "b", "c", "d"] }));
      await untilQuit(conn, async (line) => {
        said.push(line);
        // what was on its way is nobody's here any more
        if (line.startsWith("unsub")) await conn.send(batch("#jobs", { first: 5, payloads: ["e"] }));
        await conn.send("ok 1\n");
      });
    });
    const [subscriber, messages, subscription] = await member(broker.port);
    const [a, b] = await take(messages, 2) as [LeasedMessage, LeasedMessage];
    const acknowledged = a.ack();
    const left = {
      "close": () => subscriber.close(),
      "unsubscribe": () => subscriber.unsubscribe("#jobs", { group: "g" }),
      "subscription.unsubscribe": () => subscription.unsubscribe(),
    }[how]();
    await acknowledged;
    assertEquals(
      (await assertRejects(() => b.ack(), RunError, "its group was left")).code,
      "LEASE_LOST",
    );
    await left;
    assertEquals(await take(messages, 1), []);
    assertEquals(said, ["ack g #jobs 1", "nack g #jobs 3-4 unused", "unsub #jobs group=g"]);
    await subscriber.close();
  });
}

Deno.test("messages that come before the answer to the subscription are to be settled, too", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.line();
    await conn.send(`${batch("#jobs", { first: 1, payloads: ["a"] })}ok 1\n`);
    await untilQuit(conn, () => conn.send("ok 1\n"));
  });
  const [subscriber, messages] = await member(broker.port);
  const [a] = await take(messages, 1) as [LeasedMessage];
  await a.ack();
  await subscriber.close();
});

Deno.test("what is in memory was settled when it was sent, and other groups' messages have nothing to settle", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await grant(conn, batch("#jobs", { payloads: ["a"] }));
    await conn.line();
    await conn.send(`ok 1\n${batch("#others", { payloads: ["b"], first: 3, group: "h" })}`);
    await untilQuit(conn, () => conn.send("ok 1\n"));
  });
  const [subscriber, messages] = await member(broker.port);
  const [a] = await take(messages, 1) as [LeasedMessage];
  await a.ack();
  await a.ack();
  for (const call of [a.nack(), a.extend()]) {
    const { code } = await assertRejects(() => call, RefusedError, "which is in memory");
    assertEquals(code, "NOT_HELD");
  }
  assertEquals(a.ackTimeout, undefined);
  assertEquals(JSON.parse(JSON.stringify(a)), { topic: "#jobs", group: "g", payload: "a" });
  for await (const message of await subscriber.subscribe("#others", { group: "h" })) {
    assertEquals([message.seq, message.group, isLeased(message)], [3, "h", false]);
    break;
  }
  await subscriber.close();
});

Deno.test("a delay that is none is refused before anything is sent, and the message still held (G9)", async () => {
  const said: string[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await grant(conn, batch("#jobs", { first: 1, payloads: ["a"] }));
    await untilQuit(conn, async (line) => {
      said.push(line);
      await conn.send("ok 1\n");
    });
  });
  const [subscriber, messages] = await member(broker.port);
  const [a] = await take(messages, 1) as [LeasedMessage];
  for (const delay of [-1, NaN, 86_400_001, 365 * 86_400_000, "5", null]) {
    const { code, message } = await assertRejects(() => a.nack({ delay: delay as number }), RefusedError);
    const given = typeof delay === "string" ? '"5"' : `${delay}`;
    assertEquals([code, message], [
      "BAD_FIELD",
      `delay: milliseconds from 0 to 86400000 (a day), not ${given}`,
    ]);
  }
  await assertRejects(() => a.nack(5 as never), TypeError, "the options of nack are an object");
  assertEquals(said, []);
  await a.nack({ delay: 86_400_000, unused: true });
  assertEquals(said, ["nack g #jobs 1 delay=86400 unused"]);
  await subscriber.close();
});

Deno.test("what was deleted before the group had it is a gap of the group, what cannot be read ends it (G10)", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await grant(
      conn,
      `gap #jobs 12 group=g\n${batch("#jobs", { first: 13, payloads: ["a"] })}` +
        'info {"failed":"#jobs","group":"g","reason":"damaged"}\n',
    );
    await untilQuit(conn, () => conn.send("ok 1\n"));
  });
  const events: ClientEvent[] = [];
  const subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    onEvent: (event) => events.push(event),
  });
  const got: unknown[] = [];
  await assertRejects(
    async () => {
      const jobs = await subscriber.subscribe("#jobs", { group: "g", ack: "explicit" });
      for await (const item of jobs.withGaps()) {
        got.push("missed" in item ? [item.pattern, item.group, item.missed] : item.seq);
      }
    },
    RunError,
    'what is stored of "#jobs" in group "g" cannot be read: damaged',
  );
  assertEquals(got, [["#jobs", "g", 12], 13]);
  assertEquals(events.slice(1), [
    { type: "gap", pattern: "#jobs", group: "g", missed: 12 },
    { type: "failed", pattern: "#jobs", group: "g", reason: "damaged" },
  ]);
  await subscriber.close();
});
