import { assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import { TestServer } from "../support/server.ts";
import { readBatches, upgrade } from "../support/v2.ts";

Deno.test("an end that lies in the future ends there, and its pattern is free again (D3, D4)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#a"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.ask("pub #a 1\n1");
  using subscriber = await upgrade(broker.connect("subscribers"));
  assertEquals(await subscriber.ask("sub #a from=5 to=3"), "err BAD_FIELD to=3 lies before from=5");
  assertEquals(await subscriber.ask("sub #a from=1 to=3"), "ok 1");
  assertEquals(await readBatches(subscriber, 1), ["#a 1 1"]);
  for (let at = 2; at <= 4; at++) await publisher.ask(`pub #a 1\n${at}`);
  assertEquals(await readBatches(subscriber, 2), ["#a 2 2", "#a 3 3"]);
  assertEquals(await subscriber.line(), 'info {"end":"#a"}');
  assertEquals(await subscriber.ask("sub #a"), "ok 1");
  await publisher.ask("pub #a 1\n5");
  assertEquals(await readBatches(subscriber, 1), ["#a 5 5"]);
});

Deno.test("a replay that is given up at once is answered all the same", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#a"] } });
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.send("sub #a from=1\nsub #a from=2\nunsub #a\nping\n");
  let acknowledged = 0;
  for (let line = await subscriber.line(); line !== "pong"; line = await subscriber.line()) {
    acknowledged += Number(/^ok (\d+)$/.exec(line ?? "")?.[1] ?? 0);
  }
  assertEquals(acknowledged, 3);
});

Deno.test("a beginning that lies in the future leaves out what comes before it", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  for (const pattern of ["#a", "#*"]) {
    using subscriber = await upgrade(broker.connect("subscribers"));
    const begin = 1 + 10 * (pattern === "#a" ? 0 : 1);
    const last = pattern === "#a" ? 0 : 10;
    assertEquals(await subscriber.ask(`sub ${pattern} from=${begin + 3}`), `ok 1 last=${last}`);
    assertEquals(await subscriber.line(), `info {"live":"${pattern}"}`);
    await publisher.ask(`pub #a 2\n${begin + 10}`);
    // one read, one run: its first half is not wanted
    await publisher.send(Array.from({ length: 4 }, (_, at) => `pub #a 2\n${begin + 11 + at}\n`).join(""));
    for (let done = 0; done < 4;) done += Number((await publisher.line())?.split(" ")[1]);
    await publisher.send(Array.from({ length: 5 }, (_, at) => `pub #a 2\n${begin + 15 + at}\n`).join(""));
    for (let done = 0; done < 5;) done += Number((await publisher.line())?.split(" ")[1]);
    assertEquals(
      await readBatches(subscriber, 7),
      Array.from({ length: 7 }, (_, at) => `#a ${begin + 3 + at} ${begin + 13 + at}`),
      pattern,
    );
  }
});

Deno.test("an end that is a time comes when nothing is published, and at once where it is past (D4)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#a"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.ask("pub #a 1\n1");
  for (const ahead of [300, -60_000]) {
    using subscriber = await upgrade(broker.connect("subscribers"));
    const to = new Date(Date.now() + ahead).toISOString();
    assertEquals(await subscriber.ask(`sub #a from=earliest to=${to}`), "ok 1");
    if (ahead > 0) assertEquals(await readBatches(subscriber, 1), ["#a 1 1"]);
    assertEquals(await subscriber.line(), 'info {"end":"#a"}');
    assertEquals(Date.now() > Date.parse(to), true, "not before its time");
  }
});

Deno.test("from=-2 brings the last two of each topic and then what is live, from=-0 and to=-2 are refused (D3)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  for (const topic of ["d.a", "d.b", "d.a", "d.a", "d.c", "d.c"]) await publisher.ask(`pub ${topic} 1\nx`);
  using subscriber = await upgrade(broker.connect("subscribers"));
  const refused: [string, RegExp][] = [
    ["sub #d.* from=-0", /^err BAD_FIELD from= is now, .*-10 \(the last ten of each topic\), .*not "-0"$/],
    ["sub #d.* from=1 to=-2", /^err BAD_FIELD to= is a sequence number, a time or -10m, not "-2"$/],
  ];
  for (const [request, reply] of refused) assertMatch(await subscriber.ask(request) ?? "", reply);
  assertEquals(await subscriber.ask("sub #d.* from=-2"), "ok 1");
  assertEquals(await readBatches(subscriber, 5), [
    "#d.a 2 x",
    "#d.a 3 x",
    "#d.b 1 x",
    "#d.c 1 x",
    "#d.c 2 x",
  ]);
  assertEquals(await subscriber.line(), 'info {"live":"#d.*"}');
  await publisher.ask("pub d.b 1\ny");
  assertEquals(await readBatches(subscriber, 1), ["#d.b 2 y"]);
});

Deno.test("the last of each topic while much is published come once and without a gap, and then what is live", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  const text = "x".repeat(10_000);
  const publish = async (): Promise<void> => {
    for (let topic = 0; topic < 20; topic++) await publisher.ask(`pub #t.${topic} ${text.length}\n${text}`);
  };
  for (let round = 0; round < 12; round++) await publish();
  using subscriber = await upgrade(broker.connect("subscribers", 64 * 1024));
  await subscriber.send("sub #t.* from=-10\n");
  const publishing = (async () => {
    for (let round = 0; round < 12; round++) await publish();
  })();
  assertEquals(await subscriber.line(), "ok 1");
  const next = new Map<string, number>();
  const got = (await readBatches(subscriber, 20 * 22)).filter((entry) => !entry.startsWith("info"));
  await publishing;
  for (const entry of got) {
    const [topic = "", sequence] = entry.split(" ");
    const first = next.get(topic) ?? Number(sequence);
    assertEquals(Number(sequence), first, entry.slice(0, 20));
    next.set(topic, first + 1);
  }
  assertEquals([...new Set(next.values())], [25], "to the last of each");
});
