import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

async function upgrade(client: RawClient): Promise<RawClient> {
  assertEquals(await client.ask("c1 hello 2"), "OK_2");
  assertMatch(await client.line() ?? "", /^info \{"version":"0\.0\.0",.*"payload":/);
  return client;
}

Deno.test("hello 2 upgrades, anything else is refused and the connection stays classic", async () => {
  await using broker = new TestServer();
  using client = broker.connect("publishers");
  assertEquals(await client.ask("p1 hello 3"), "ERR_UNKNOWN_COMMAND");
  assertEquals(await client.ask("p1 hello"), "ERR_UNKNOWN_COMMAND");
  assertEquals(await client.ask("p1 pub #a x"), "OK");
  await upgrade(client);
  assertEquals(await client.ask("pub #a 1\nx"), "ok 1 level=memory subs=0");
  assertEquals(await client.ask("hello 2"), "err UNKNOWN_COMMAND hello was said already");
});

Deno.test("what was sent ahead behind hello is read as v2, at every split (V2)", async () => {
  const requests = "p hello 2\npub #a 3\none\npub a 2\nt\n\nping\npub #a* 1\nx\nquit\n";
  const replies = "ok 2 level=memory subs=1\npong\nerr BAD_TOPIC ";
  for (let at = 0; at <= requests.length; at++) {
    await using broker = new TestServer();
    using subscriber = broker.connect("subscribers");
    await upgrade(subscriber);
    assertEquals(await subscriber.ask("sub #>"), "ok 1");
    using publisher = broker.connect("publishers");
    await publisher.send(requests.slice(0, at));
    for (let turns = 0; turns < 8; turns++) await Promise.resolve();
    await publisher.send(requests.slice(at));
    const said = await publisher.rest();
    const joined = said.replace(/ok 1 level=memory subs=1\nok 1 level/, "ok 2 level");
    assertStringIncludes(joined, replies, `split at ${at}`);
    assert(said.endsWith("bye QUIT goodbye\n"), said);
    assertEquals(await subscriber.lines(5), ["pub #a 3", "one", "pub #a 2", "t", ""], `split at ${at}`);
  }
});

Deno.test("one ok answers what a read brought, and says how far each of it got (V2)", async () => {
  await using broker = new TestServer();
  using one = broker.connect("subscribers");
  await one.ask("s1 sub #a");
  using two = await upgrade(broker.connect("subscribers"));
  await two.ask("sub #*");
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send("pub #a 1\nx\n".repeat(1000));
  let acknowledged = 0;
  while (acknowledged < 1000) {
    const parts = /^ok (\d+) level=memory subs=2$/.exec(await publisher.line() ?? "");
    assert(parts !== null);
    acknowledged += Number(parts[1]);
  }
  assertEquals(acknowledged, 1000);
});

Deno.test("an ok says nothing that is not true of each message it answers: level, subs and numbers (V2)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#d.*"] } });
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.ask("sub #m.1");
  using publisher = await upgrade(broker.connect("publishers"));
  const topics = ["m.0", "m.2", "m.1", "m.1", "m.0", "d.a", "d.a", "d.b", "d.b", "d.a", "m.0", "m.3"];
  await publisher.send(topics.map((topic) => `pub #${topic} 1\nx\n`).join("") + "pub * 1\nx\nping\n");
  const said: string[] = [];
  while (said.at(-1) !== "pong") said.push(await publisher.line() ?? "pong");
  assertEquals(said.filter((line) => line.startsWith("ok")), [
    "ok 2 level=memory subs=0",
    "ok 2 level=memory subs=1",
    "ok 1 level=memory subs=0",
    "ok 2 seq=2 level=synced subs=0",
    "ok 2 seq=2 level=synced subs=0",
    "ok 1 seq=3 level=synced subs=0",
    "ok 2 level=memory subs=0",
  ]);
});

Deno.test("classic and v2 clients understand each other in every combination (V1, V5)", async () => {
  await using broker = new TestServer();
  using classicSubscriber = broker.connect("subscribers");
  await classicSubscriber.ask("s1 sub #t.*");
  using v2Subscriber = await upgrade(broker.connect("subscribers"));
  await v2Subscriber.ask("sub t.*");
  using classicPublisher = broker.connect("publishers");
  using v2Publisher = await upgrade(broker.connect("publishers"));
  await classicPublisher.ask("p1 pub t.a from classic");
  assertEquals(await classicSubscriber.line(), "#t.a from classic");
  assertEquals(await v2Subscriber.lines(2), ["pub #t.a 12", "from classic"]);
  await v2Publisher.ask("pub t.b 9 h.k=v\nfrom\n2 \0!");
  assertEquals(await classicSubscriber.line(), "#t.b from\\n2 \0!");
  assertEquals(await v2Subscriber.lines(3), ["pub #t.b 9 h.k=v", "from", "2 \0!"]);
});

Deno.test("errors come with a sentence, and the connection goes on (V4, V6)", async () => {
  await using broker = new TestServer({ limits: { payload: 10, patterns: 1 } });
  using publisher = await upgrade(broker.connect("publishers"));
  const asked: [string, RegExp][] = [
    ["pub #a* 1\nx", /^err BAD_TOPIC .*no wildcards/],
    ["pub # 1\nx", /^err BAD_TOPIC .*alone/],
    ["pub #a 11\n01234567890", /^err PAYLOAD_TOO_LARGE a payload has at most 10 bytes, this one 11$/],
    ["pub #a 1 k\nx", /^err BAD_FIELD/],
    ["sub #a", /^err WRONG_PORT/],
    ["ping", /^pong$/],
    ["hello 2", /^err UNKNOWN_COMMAND hello was said already/],
  ];
  for (const [request, reply] of asked) assertMatch(await publisher.ask(request) ?? "", reply, request);
  using subscriber = await upgrade(broker.connect("subscribers"));
  const subscriptions: [string, RegExp][] = [
    ["sub #a x=1", /^err BAD_FIELD sub does not know "x=1"/],
    ["sub #a", /^ok 1$/],
    ["sub #a", /^ok 1$/],
    ["sub #b", /^err TOO_MANY_PATTERNS .*--max-patterns/],
    ["unsub #b", /^err NOT_SUBSCRIBED/],
    ["unsub #a", /^ok 1$/],
    ["pub #a 1\nx", /^err WRONG_PORT/],
  ];
  for (const [request, reply] of subscriptions) {
    assertMatch(await subscriber.ask(request) ?? "", reply, request);
  }
});

Deno.test("a frame that cannot be understood gets bye and a close, and nobody else feels it (V6)", async () => {
  const broken: [string, RegExp][] = [
    ["pub #a -1\nx\n", /^bye BAD_LENGTH /],
    ["pub #a 1000000000000000000000000000000\nx\n", /^bye BAD_LENGTH /],
    ["pub #a 1\nxyz\n", /^bye BAD_LENGTH /],
    ["p1 pub #a x\n", /^bye UNKNOWN_COMMAND /],
    [`sub ${"x".repeat(3000)}`, /^bye LINE_TOO_LONG /],
  ];
  await using broker = new TestServer({ limits: { line: 1024 } });
  using other = await upgrade(broker.connect("publishers"));
  for (const [bytes, reply] of broken) {
    using client = await upgrade(broker.connect("publishers"));
    await client.send(`pub #a 1\nx\n${bytes}`);
    assertMatch(
      await client.rest(),
      new RegExp(`^ok 1 level=memory subs=0\n${reply.source.slice(1)}[^\n]*\n$`),
      bytes,
    );
    assertEquals(await other.ask("pub #a 1\ny"), "ok 1 level=memory subs=0");
  }
});

Deno.test("draining tells v2 clients so before it says goodbye", async () => {
  await using broker = new TestServer();
  using client = await upgrade(broker.connect("subscribers"));
  void broker.broker.drain(5000);
  assertEquals(await client.rest(), 'info {"draining":true}\nbye DRAINING the broker is stopping\n');
});

Deno.test("each reply says how safe its own topic's messages are, one at a time too (D1)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.ask("pub #d 1 id=1\na");
  for (let round = 0; round < 2; round++) {
    assertEquals(await publisher.ask("pub #d 1 id=1\na"), "ok 1 level=synced");
    assertEquals(await publisher.ask("pub #m 1\na"), "ok 1 level=memory subs=0");
  }
});

Deno.test("a ttl that is no number of seconds is refused, and the connection goes on (V10)", async () => {
  await using broker = new TestServer();
  using publisher = await upgrade(broker.connect("publishers"));
  const problem = "err BAD_FIELD ttl= is a number of seconds, more than 0, like ttl=60 or ttl=0.5";
  for (const ttl of ["0", "-1", "abc", "", "1e9", "0x10"]) {
    assertEquals(await publisher.ask(`pub #a 2 ttl=${ttl}\nhi`), problem, ttl);
  }
  assertEquals(await publisher.ask("pub #a 2 ttl=60\nhi"), "ok 1 level=memory subs=0");
});

Deno.test("an id of more than 255 bytes is refused, and the connection goes on (D6)", async () => {
  await using broker = new TestServer({
    durable: { store: new MemoryStore({ now: () => Date.now() }), patterns: ["#d"] },
  });
  using publisher = await upgrade(broker.connect("publishers"));
  const [right, wrong] = ["y".repeat(255), "y".repeat(256)];
  const problem = "err BAD_FIELD id= has at most 255 bytes, this one 256";
  assertEquals(await publisher.ask(`pub #d 1 id=${wrong}\na`), problem);
  assertEquals(await publisher.ask(`pub #d 1 id=${right}\na`), "ok 1 seq=1 level=synced subs=0");
  assertEquals(await publisher.ask(`pub #d 1 id=${wrong}\na`), problem, "also behind one to the same topic");
  assertEquals(await publisher.ask(`pub #d 1 id=${right}\na`), "ok 1 level=synced");
  assertEquals(await publisher.ask(`pub #d 1 ix=${wrong}\na`), "ok 1 seq=2 level=synced subs=0");
});

Deno.test("what waits for a slow subscriber longer than its ttl is not delivered, and what has longer to live is (V10)", async () => {
  await using broker = new TestServer();
  // a subscriber that takes little and reads when the test says so
  using subscriber = await upgrade(broker.connect("subscribers", 512));
  assertEquals(await subscriber.ask("sub #a"), "ok 1");
  using publisher = await upgrade(broker.connect("publishers"));
  const filler = "x".repeat(600);
  await publisher.ask(`pub #a ${filler.length}\n${filler}`);
  await publisher.send(
    "pub #a 4 ttl=0.05\ngone\npub #a 4 ttl=3600\nkept\npub #a 4 ttl=0.05\ngone\npub #a 3\nend\n",
  );
  for (let done = 0; done < 4;) done += Number((await publisher.line())?.split(" ")[1]);
  for (const start = Date.now(); Date.now() <= start + 60;) await new Promise((go) => setTimeout(go, 10));
  const got: string[] = [];
  while (got.at(-1) !== "end") got.push(await subscriber.line() ?? "end");
  assertEquals(got.slice(2), ["pub #a 4 ttl=3600", "kept", "pub #a 3", "end"]);
  assertEquals(broker.totals.expired, 2);
});
