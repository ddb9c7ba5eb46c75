import { assert, assertEquals, assertMatch } from "@std/assert";
import { THIS_MACHINE } from "../../lib/broker/machine.ts";
import { Broker, listenersOn, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { SYSTEM_CLOCK, type Timer } from "../../lib/clock.ts";
import type { Transport } from "../../lib/sessions/mod.ts";
import { standIn } from "../cli/stand_in.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

Deno.test("every request gets exactly one reply, in order, also when they come in one piece (C2)", async () => {
  await using broker = new TestServer();
  using publisher = broker.connect("publishers");
  await publisher.send(
    "p1 pub #a 1\np1 pub #a 2\np1 pub a.b\np1 foo\np1\np1 pub #a* x\np1 pub # x\np1 sub #a\np1 pub #a 3\n\np1 pub\n",
  );
  assertEquals(await publisher.lines(10), [
    "OK",
    "OK",
    "OK",
    "ERR_UNKNOWN_COMMAND",
    "ERR_UNKNOWN_COMMAND",
    "ERR_BAD_TOPIC",
    "ERR_BAD_TOPIC",
    "ERR_WRONG_PORT",
    "OK",
    "ERR_BAD_TOPIC",
  ]);
});

Deno.test("a subscriber's requests are answered by their kind (T3, C5)", async () => {
  await using broker = new TestServer({ limits: { patterns: 2 } });
  using subscriber = broker.connect("subscribers");
  const asked = [
    ["s1 sub #a", "OK"],
    ["s1 sub a", "OK"],
    ["s1 sub #a.>", "OK"],
    ["s1 sub #b", "ERR_TOO_MANY_PATTERNS"],
    ["s1 sub #a.*x", "ERR_BAD_PATTERN"],
    ["s1 sub #", "ERR_BAD_PATTERN"],
    ["s1 sub", "ERR_BAD_PATTERN"],
    ["s1 sub #a #b", "ERR_BAD_PATTERN"],
    ["s1 unsub #b", "ERR_NOT_SUBSCRIBED"],
    ["s1 unsub #a", "OK"],
    ["s1 unsub #a", "ERR_NOT_SUBSCRIBED"],
    ["s1 pub #a x", "ERR_WRONG_PORT"],
    ["s1 pub", "ERR_WRONG_PORT"],
    ["s1 hello", "ERR_UNKNOWN_COMMAND"],
  ];
  for (const [request, reply] of asked) assertEquals(await subscriber.ask(request!), reply, request);
});

Deno.test("a session answers the same however its input is split", async () => {
  const requests = "p pub #a x\np pub b \r\np pub #c\np nope\np pub #a* y\np sub #a\np quit\n";
  const replies = "OK\nOK\nOK\nERR_UNKNOWN_COMMAND\nERR_BAD_TOPIC\nERR_WRONG_PORT\nOK\n";
  const deliveries = "OK\n#a x\n#b \n#c \n";
  for (let at = 0; at <= requests.length; at++) {
    await using broker = new TestServer();
    using subscriber = broker.connect("subscribers");
    await subscriber.send("s sub #>\n");
    using publisher = broker.connect("publishers");
    await publisher.send(requests.slice(0, at));
    // the first part has been read before the second is sent
    for (let turns = 0; turns < 8; turns++) await Promise.resolve();
    await publisher.send(requests.slice(at));
    assertEquals(await publisher.rest(), replies, `split at ${at}`);
    const got = await subscriber.lines(4);
    assertEquals(`${got.join("\n")}\n`, deliveries, `split at ${at}`);
  }
});

Deno.test("a message reaches a connection once however many of its patterns match (C5)", async () => {
  await using broker = new TestServer();
  using subscriber = broker.connect("subscribers");
  for (const pattern of ["#a.b", "#a.*", "#*.b", "#a.>", "#>"]) await subscriber.ask(`s1 sub ${pattern}`);
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #a.b one\np1 pub #x two\np1 pub #a.b three\n");
  assertEquals(await subscriber.lines(3), ["#a.b one", "#x two", "#a.b three"]);
});

Deno.test("each publisher's order is kept on every topic, for every subscriber (C6)", async () => {
  await using broker = new TestServer();
  const subscribers = [0, 1, 2].map(() => broker.connect("subscribers"));
  for (const subscriber of subscribers) assertEquals(await subscriber.ask("s sub #>"), "OK");
  const messages = 500;
  const publishers = [0, 1, 2, 3].map(() => broker.connect("publishers"));
  await Promise.all(publishers.map(async (publisher, who) => {
    for (let at = 0; at < messages; at++) await publisher.send(`p${who} pub #t.${at % 3} ${who} ${at}\n`);
    await publisher.lines(messages);
  }));
  for (const subscriber of subscribers) {
    const last = new Map<string, number>();
    for (const line of await subscriber.lines(4 * messages)) {
      const [topic, who, at] = line.split(" ");
      const key = `${topic} ${who}`;
      assert(Number(at) > (last.get(key) ?? -1), line);
      last.set(key, Number(at));
    }
    assertEquals(last.size, 12);
  }
  for (const client of [...subscribers, ...publishers]) client.close();
});

Deno.test("after unsub nothing more comes, and what is left still does", async () => {
  await using broker = new TestServer();
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #a");
  await subscriber.ask("s1 sub #b");
  using publisher = broker.connect("publishers");
  await publisher.ask("p1 pub #a 1");
  assertEquals(await subscriber.line(), "#a 1");
  await subscriber.ask("s1 unsub #a");
  await publisher.ask("p1 pub #a 2");
  await publisher.ask("p1 pub #b 3");
  assertEquals(await subscriber.line(), "#b 3");
});

Deno.test("an over-long line is refused, costs no memory to speak of, and the connection goes on", async () => {
  await using broker = new TestServer({ limits: { line: 1024 } });
  using publisher = broker.connect("publishers");
  const flood = "x".repeat(16 * 1024);
  await publisher.send("p1 pub #a ");
  for (let at = 0; at < 64; at++) await publisher.send(flood);
  await publisher.send("\np1 pub #a ok\n");
  assertEquals(await publisher.lines(2), ["ERR_LINE_TOO_LONG", "OK"]);
});

Deno.test("what is not UTF-8 is refused in names and passed on in messages (C8)", async () => {
  await using broker = new TestServer();
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #>");
  using publisher = broker.connect("publishers");
  const encode = (text: string): number[] => [...new TextEncoder().encode(text)];
  await publisher.send(
    Uint8Array.from([...encode("p1 pub #"), 0xff, ...encode(" x\np1 pub #a "), 0xfe, 0x0a]),
  );
  assertEquals(await publisher.lines(2), ["ERR_BAD_UTF8", "OK"]);
  const bytes = new Uint8Array(16);
  const count = await subscriber.transport.read(bytes);
  assertEquals([...bytes.subarray(0, count ?? 0)], [...encode("#a "), 0xfe, 0x0a]);
});

Deno.test("half a line at the end of input is dropped, everything before it is answered (C11)", async () => {
  await using broker = new TestServer();
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #a whole\np1 pub #a ha");
  await publisher.endInput();
  assertEquals(await publisher.rest(), "OK\n");
  using second = broker.connect("publishers");
  await second.ask("p2 pub #a next");
  assertEquals(await subscriber.lines(2), ["#a whole", "#a next"]);
});

Deno.test("quit is answered and then the broker closes, on both ports (C12)", async () => {
  await using broker = new TestServer();
  for (const port of ["publishers", "subscribers"] as const) {
    using client = broker.connect(port);
    await client.send("c1 quit\nc1 foo\n");
    assertEquals(await client.rest(), "OK\n", port);
  }
});

Deno.test("on a quiet connection a reply and a delivery leave as separate writes (C9)", async () => {
  await using broker = new TestServer();
  const [mine, theirs] = memoryPair();
  const writes: string[] = [];
  const write = theirs.write.bind(theirs);
  theirs.write = (from) => {
    writes.push(new TextDecoder().decode(from));
    return write(from);
  };
  void broker.broker.serve(theirs, { listener: SUBSCRIBERS });
  using subscriber = new RawClient(mine);
  using publisher = broker.connect("publishers");
  await subscriber.ask("s1 sub #a");
  // in one turn: the broker has a delivery for it and a reply
  await Promise.all([publisher.ask("p1 pub #a one"), subscriber.send("s1 sub #b\n")]);
  assertEquals((await subscriber.lines(2)).sort(), ["#a one", "OK"]);
  assertEquals(writes.toSorted(), ["#a one\n", "OK\n", "OK\n"]);
});

Deno.test("a connection over the limit is told so and closed, the others go on", async () => {
  await using broker = new TestServer({ limits: { connections: 1 } });
  using first = broker.connect("subscribers");
  assertEquals(await first.ask("s1 sub #a"), "OK");
  using second = broker.connect("subscribers");
  assertEquals(await second.rest(), "ERR_TOO_MANY_CONNECTIONS\n");
  assertEquals(await first.ask("s1 unsub #a"), "OK");
});

Deno.test("a connection that fails takes its subscriptions with it", async () => {
  await using broker = new TestServer();
  const subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #a");
  assertEquals(broker.subscriptions, 1);
  subscriber.close();
  await broker.event("connection closed");
  assertEquals([broker.subscriptions, broker.broker.connections], [0, 0]);
});

Deno.test("drain delivers everything that was acknowledged, also what waits for a slow subscriber (C4)", async () => {
  await using broker = new TestServer();
  using slow = broker.connect("subscribers");
  await slow.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  const message = "x".repeat(1000);
  const block = Array.from({ length: 50 }, (_, at) => `p1 pub #a ${at} ${message}\n`).join("");
  let acknowledged = 0;
  const replies = (async () => {
    while (await publisher.line() !== undefined) acknowledged++;
  })();
  const sending = (async () => {
    try {
      for (let at = 0; at < 100; at++) await publisher.send(block);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  })();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const drained = broker.broker.drain(20_000);
  const received = (await slow.rest()).split("\n").length - 1;
  assertEquals(await drained, 0);
  await Promise.all([replies, sending]);
  assert(acknowledged > 0);
  assert(received >= acknowledged, `${received} received, ${acknowledged} acknowledged`);
});

Deno.test("drain cuts off what does not go away in time, and says how many those were", async () => {
  const broker = new TestServer();
  using stuck = broker.connect("subscribers", 1024);
  await stuck.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  await publisher.ask(`p1 pub #a ${"x".repeat(10_000)}`);
  assertEquals(await broker.broker.drain(100), 1);
  assertEquals(broker.broker.connections, 0);
});

Deno.test("each refused request is counted, also the one behind which nothing can be read any more (V6)", async () => {
  await using server = new TestServer();
  const client = server.connect("publishers");
  assertEquals(await client.ask("p1 bad"), "ERR_UNKNOWN_COMMAND");
  assertEquals(server.totals.refused, 1);
  await client.ask("p1 hello 2");
  await client.line();
  await client.send("pub #a x\n");
  assertMatch(await client.rest(), /^bye BAD_LENGTH /);
  assertEquals(server.totals.refused, 2);
});

Deno.test("time passes for who listens, though nobody has come, and no more when it is closed", async () => {
  const timers = new Set<unknown>();
  // none that the runtime gives
  let last = -1;
  const clock = {
    ...SYSTEM_CLOCK,
    every: () => (timers.add(--last), last),
    cancel: (timer: Timer | undefined) => void (timers.delete(timer) || SYSTEM_CLOCK.cancel(timer)),
  };
  const broker = new Broker({}, { ...THIS_MACHINE, clock });
  assertEquals(timers.size, 0, "nobody can come");
  broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  assertEquals(timers.size, 1);
  await broker.close();
  assertEquals(timers.size, 0);
});

/** A socket to which these come, one after the other; an error is why nobody can be accepted. */
function socketOf(comers: readonly (Error | Transport)[]): Deno.TcpListener {
  const left = [...comers];
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  return {
    addr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
    accept: () => {
      const next = left.shift();
      if (next === undefined) return closed.promise;
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next as Deno.TcpConn);
    },
    close: () => closed.reject(new Deno.errors.BadResource("closed")),
  } as unknown as Deno.TcpListener;
}

Deno.test("where descriptors end, fewer connections are taken from then on, which is told once", async () => {
  await using broker = new TestServer();
  const three = [1, 2, 3].map(() => broker.connect("subscribers"));
  for (const each of three) await each.ask("s sub #a");
  const [first, second] = [memoryPair(), memoryPair()];
  const comers = [new Error("Too many open files (os error 24)"), first[1], second[1]];
  const none = (): never => {
    throw new Error("Too many open files (os error 24)");
  };
  {
    using _socket = standIn(Deno, "listen", (() => socketOf(comers)) as unknown as typeof Deno.listen);
    broker.broker.listen([{ ...SUBSCRIBERS, hostname: "127.0.0.1", port: 1 }]);
    // the one in reserve cannot be had again
    using _file = standIn(Deno, "openSync", none);
    for (const [mine] of [first, second]) {
      assertEquals(await new RawClient(mine).rest(), "ERR_TOO_MANY_CONNECTIONS\n");
    }
  }
  const told = broker.logged.filter(({ event }) => event.startsWith("fewer connections"));
  assertEquals(told.map(({ level, fields: { connections } }) => [level, connections]), [["warn", 2]]);
  for (const each of three) each.close();
});
