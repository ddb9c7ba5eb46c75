import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import { HeldStore } from "../support/held_store.ts";
import { TestServer } from "../support/server.ts";
import { readBatches, upgrade } from "../support/v2.ts";

Deno.test("a durable message is acknowledged and delivered when it is stored, and not before (D1)", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using classic = broker.connect("subscribers");
  await classic.ask("s1 sub #>");
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.ask("sub #d.*");
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send("pub #d.a 3\none\npub #m 1\nx\n");
  const commit = await store.next();
  assertEquals(await classic.line(), "#m x", "a topic in memory does not wait");
  commit.end();
  assertEquals(await publisher.lines(2), [
    "ok 1 seq=1 level=synced subs=2",
    "ok 1 level=memory subs=1",
  ], "in their order, each as it is");
  assertEquals(await classic.line(), "#d.a one");
  assertEquals(await readBatches(subscriber, 1), ["#d.a 1 one"]);
  store.free = true;
  assertEquals(await publisher.ask("pub #d.a 3\ntwo"), "ok 1 seq=2 level=synced subs=2");
});

Deno.test("what comes while a commit runs goes into the next one, whoever sent it", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using first = broker.connect("publishers");
  await first.send("p1 pub #a 1\n");
  const running = await store.next();
  const others = [1, 2, 3].map(() => broker.connect("publishers"));
  for (const other of others) await other.send("p pub #a x\np pub #b y\n");
  await first.send("p1 pub #a 2\n");
  await new Promise((resolve) => setTimeout(resolve, 50));
  running.end();
  assertEquals(await first.line(), "OK");
  const next = await store.next();
  assertEquals(next.appends.reduce((sum, append) => sum + append.count, 0), 7);
  next.end();
  for (const other of others) assertEquals(await other.lines(2), ["OK", "OK"]);
  assertEquals(await first.line(), "OK");
  for (const other of others) other.close();
});

Deno.test("a refused commit is answered ERR_STORE, nobody gets its messages, and the next may succeed (D7)", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #>");
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #a 1\np1 pub #b 2\np1 nope\n");
  (await store.next()).end({ kind: "refused", reason: "disk full" });
  assertEquals(await publisher.lines(3), ["ERR_STORE", "ERR_STORE", "ERR_UNKNOWN_COMMAND"]);
  store.free = true;
  assertEquals(await publisher.ask("p1 pub #a 3"), "OK");
  assertEquals(await subscriber.line(), "#a 3");
  assertEquals(broker.logged.filter(({ event }) => event === "messages could not be stored").length, 1);
});

Deno.test("when it is not known what is stored, nothing is acknowledged any more", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #d 1\n");
  (await store.next()).end({ kind: "lost", reason: "fsync failed" });
  assertEquals(broker.broker.lostBecause, "fsync failed");
  using other = broker.connect("publishers");
  assertEquals(await other.ask("p2 pub #m x"), "OK");
  publisher.close();
});

Deno.test("from= brings the past and then what is live, each message once, in order (D2, D3)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  for (let at = 1; at <= 50; at++) await publisher.ask(`pub #a.${at % 2} 2\n${at + 10}`);
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.send("sub #a.> from=earliest\n");
  const publishing = (async () => {
    for (let at = 51; at <= 90; at++) await publisher.ask(`pub #a.${at % 2} 2\n${at + 9}`);
  })();
  assertEquals(await subscriber.line(), "ok 1");
  const got = await readBatches(subscriber, 90);
  await publishing;
  const messages = got.filter((entry) => !entry.startsWith("info"));
  assertEquals(got.filter((entry) => entry.startsWith("info")), ['info {"live":"#a.>"}']);
  assertEquals(messages.map((entry) => Number(entry.split(" ")[2])), [
    ...Array.from({ length: 50 }, (_, at) => at + 11),
    ...Array.from({ length: 40 }, (_, at) => at + 60),
  ]);
  for (const topic of ["#a.0", "#a.1"]) {
    const sequences = messages.filter((entry) => entry.startsWith(topic)).map((entry) =>
      Number(entry.split(" ")[1])
    );
    assertEquals(sequences, Array.from({ length: 45 }, (_, at) => at + 1));
  }
});

Deno.test("from= a sequence number, to= another, latest, and what cannot be read so (D3)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.send(Array.from({ length: 9 }, (_, at) => `pub #d.a 1\n${at + 1}\n`).join(""));
  await publisher.send("pub #d.b 1\nb\n");
  for (let acknowledged = 0; acknowledged < 10;) {
    acknowledged += Number((await publisher.line())?.split(" ")[1]);
  }
  using subscriber = await upgrade(broker.connect("subscribers"));
  assertEquals(await subscriber.ask("sub #d.a from=4 to=6"), "ok 1");
  assertEquals(await readBatches(subscriber, 3), ["#d.a 4 4", "#d.a 5 5", "#d.a 6 6"]);
  assertEquals(await subscriber.line(), 'info {"end":"#d.a"}');
  assertEquals((await subscriber.ask("unsub #d.a"))?.split(" ")[1], "NOT_SUBSCRIBED", "it is over");
  assertEquals(await subscriber.ask("sub #d.* from=latest"), "ok 1");
  const latest = (await readBatches(subscriber, 2)).filter((entry) => !entry.startsWith("info"));
  assertEquals(latest.sort(), ["#d.a 9 9", "#d.b 1 b"]);
  const wrong: [string, RegExp][] = [
    ["sub #d.a from=yesterday", /BAD_FIELD from= is now, earliest/],
    ["sub #d.a from=1 to=never", /BAD_FIELD to= is/],
    ["sub #d.a to=5", /BAD_FIELD .*give both/],
  ];
  for (const [request, reply] of wrong) {
    let line = await subscriber.ask(request) ?? "";
    if (line.startsWith("info")) line = await subscriber.line() ?? "";
    assertMatch(line, reply);
  }
  await using plain = new TestServer();
  using other = await upgrade(plain.connect("subscribers"));
  assertMatch(await other.ask("sub #a from=earliest") ?? "", /^err NOT_DURABLE .*--data/);
});

Deno.test("a reader that is slower than the publishers reads at its own pace and makes nobody wait (D5)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using slow = await upgrade(broker.connect("subscribers", 1024));
  assertEquals(await slow.ask("sub #a from=earliest"), "ok 1");
  assertEquals(await slow.line(), 'info {"live":"#a"}');
  using publisher = await upgrade(broker.connect("publishers"));
  const total = 4000;
  const payload = "x".repeat(1000);
  let acknowledged = 0;
  const replies = (async () => {
    while (acknowledged < total) acknowledged += Number((await publisher.line())?.split(" ")[1]);
  })();
  for (let at = 0; at < total; at++) {
    await publisher.send(`pub #a 1004\n${String(at).padStart(4, "0")}${payload}\n`);
  }
  await replies;
  assertEquals(acknowledged, total, "all is acknowledged while the reader has hardly begun");
  const messages = (await readBatches(slow, total)).filter((entry) => !entry.startsWith("info"));
  assertEquals(
    messages.map((entry) => Number(entry.split(" ")[1])),
    Array.from({ length: total }, (_, at) => at + 1),
  );
  assert(messages.every((entry, at) => entry.split(" ")[2]!.startsWith(String(at).padStart(4, "0"))));
  assertEquals(await publisher.ask("pub #a 3\nend"), `ok 1 seq=${total + 1} level=synced subs=1`);
  const last = await readBatches(slow, 1);
  assertMatch(last.join("|"), new RegExp(`#a ${total + 1} end$`));
});

Deno.test("who has not kept up is told where it reads again, and may be given what is live of others before (D4, D8)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using slow = await upgrade(broker.connect("subscribers", 1024));
  assertEquals(await slow.ask("sub #> from=earliest"), "ok 1");
  assertEquals(await slow.line(), 'info {"live":"#>"}');
  assertEquals(await slow.ask("sub #b from=latest"), "ok 1");
  assertEquals(await slow.line(), 'info {"live":"#b"}');
  using publisher = await upgrade(broker.connect("publishers"));
  const total = 4000;
  for (let at = 0; at < total; at++) await publisher.send(`pub #a 1000\n${"x".repeat(1000)}\n`);
  for (let acknowledged = 0; acknowledged < total;) {
    acknowledged += Number((await publisher.line())?.split(" ")[1]);
  }
  assertEquals(await publisher.ask("pub #b 5\nahead"), "ok 1 seq=1 level=synced subs=1");
  const came = await readBatches(slow, total + 1);
  const behind = came.indexOf('info {"behind":"#>"}');
  const ahead = came.indexOf("#b 1 ahead");
  assert(behind > 0 && ahead > behind && ahead < came.length - 1000, `${behind} ${ahead} of ${came.length}`);
  assertEquals(came.slice(0, behind).every((entry) => entry.startsWith("#a ")), true);
  assertEquals(came.slice(ahead).filter((entry) => entry.startsWith("#b")).length, 1, "it comes once");
});

Deno.test("whether it can store is known, and that it can again", async () => {
  const store = new HeldStore();
  await using broker = new TestServer({ durable: { store, patterns: ["#d"] } });
  using publisher = broker.connect("publishers");
  assertEquals(broker.broker.health(), { live: true, ready: true });
  store.free = false;
  await publisher.send("p1 pub #d 1\n");
  (await store.next()).end({ kind: "refused", reason: "the disk is full" });
  assertEquals(await publisher.line(), "ERR_STORE");
  assertEquals(broker.broker.health(), { live: true, ready: false, reason: "the disk is full" });
  assertEquals(await publisher.ask("p1 pub #m 1"), "OK");
  assertEquals(
    broker.broker.health(),
    { live: true, ready: false, reason: "the disk is full" },
    "a topic in memory says nothing about it",
  );
  store.free = true;
  assertEquals(await publisher.ask("p1 pub #d 1"), "OK");
  assertEquals(broker.broker.health(), { live: true, ready: true });
});

Deno.test("drain waits for what is being stored, delivers and acknowledges it", async () => {
  const store = new HeldStore();
  store.free = false;
  const broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using subscriber = broker.connect("subscribers");
  await subscriber.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  await publisher.send("p1 pub #a 1\n");
  const commit = await store.next();
  const drained = broker.broker.drain(5000);
  commit.end();
  assertEquals(await publisher.rest(), "OK\n");
  assertEquals(await subscriber.rest(), "#a 1\n");
  assertEquals(await drained, 0);
});
