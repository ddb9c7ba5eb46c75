import { assertEquals, assertMatch } from "@std/assert";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import { TopicRate } from "../../lib/sessions/admission/topic_rate.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

Deno.test("D10: no more topics begin than may be stored, and those there are go on", async () => {
  const store = new MemoryStore({ now: Date.now });
  await using broker = new TestServer({
    durable: { store, patterns: ["#d.>"] },
    limits: { topics: 2 },
  });
  using one = await upgrade(broker.connect("publishers"));
  for (const topic of ["#d.a", "#d.b"]) {
    assertEquals(await one.ask(`pub ${topic} 1\nx`), `ok 1 seq=1 level=synced subs=0`);
  }
  assertMatch(
    await one.ask("pub #d.c 1\nx") ?? "",
    /^err TOO_MANY_TOPICS there are 2 topics already, .*--max-topics/,
  );
  assertEquals(await one.ask("pub #d.a 1\nx"), "ok 1 seq=2 level=synced subs=0", "it is there already");
  assertEquals(await one.ask("pub #m 1\nx"), "ok 1 level=memory subs=0", "it is not stored");
  assertMatch(await one.ask("pub #d.e 1 delay=60\nx") ?? "", /^err TOO_MANY_TOPICS/);
  assertEquals(await one.ask("pub #d.b 1 delay=60\nx"), "ok 1 level=synced");
  assertEquals([store.state.topics, store.state.delayed], [2, 1]);

  using classic = broker.connect("publishers");
  assertEquals(await classic.ask("p pub #d.c x"), "ERR_TOO_MANY_TOPICS");
  assertEquals(await classic.ask("p pub #d.a x"), "OK");
});

Deno.test("D10: what repeats a message whose topic did not begin is refused with it, and may be sent again", async () => {
  const limits = { topics: 1 };
  const store = new MemoryStore({ now: Date.now });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] }, limits });
  using one = await upgrade(broker.connect("publishers"));
  assertEquals(await one.ask("pub #a 1\nx"), "ok 1 seq=1 level=synced subs=0");
  await one.send("pub #b 1 id=k-1\nx\npub #b 1 id=k-1\nx\npub #b 1 id=k-2\nx\npub #a 1\ny\n");
  const answers = [await one.line(), await one.line(), await one.line(), await one.line()];
  assertEquals(answers.map((line) => line?.split(" ").slice(0, 2).join(" ")), [
    "err TOO_MANY_TOPICS",
    "err TOO_MANY_TOPICS",
    "err TOO_MANY_TOPICS",
    "ok 1",
  ]);
  assertMatch(
    await one.ask("pub #b 1 id=k-1\nx") ?? "",
    /^err TOO_MANY_TOPICS/,
    "it is not taken for stored",
  );
});

Deno.test("D10: an account begins no more topics in a minute than it may, whatever it sends at once", async () => {
  const store = new MemoryStore({ now: Date.now });
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using other = await upgrade(broker.connect("publishers"));
  for (const topic of ["#d.a", "#d.b", "#d.c"]) await other.ask(`pub ${topic} 1\nx`);
  const grant = { ...UNLIMITED, account: "new", limits: { newTopics: 3 } };
  using one = await upgrade(broker.connect("publishers", undefined, grant));
  using two = await upgrade(broker.connect("publishers", undefined, grant));
  const topics = ["#d.a", "#d.b", "#d.c", "#d.1", "#d.2", "#d.2"];
  for (const topic of topics) {
    assertMatch(await one.ask(`pub ${topic} 1\nx`) ?? "", /^ok 1 seq=/, "what was there takes nothing");
  }
  assertMatch(await one.ask("pub #m 1\nx") ?? "", /^ok 1 level=memory/);
  assertEquals(await two.ask("pub #d.3 1 delay=60\nx"), "ok 1 level=synced");
  for (const client of [one, two]) {
    assertMatch(
      await client.ask("pub #d.4 1\nx") ?? "",
      /^err TOO_MANY_TOPICS #d\.4 is not stored yet, .* \(its max-new-topics\)/,
    );
    assertMatch(await client.ask("pub #d.3 1 delay=60\nx") ?? "", /^ok 1/, "it has begun");
    assertMatch(await client.ask("pub #d.b 1\nx") ?? "", /^ok 1 seq/);
  }
  assertEquals(store.state.topics, 6);
  assertMatch(await other.ask("pub #d.4 1\nx") ?? "", /^ok 1 seq=1/, "others are free to");
});

Deno.test("D10: of topics that are sent at once an account begins as many as it may", async () => {
  const store = new MemoryStore({ now: Date.now });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  const grant = { ...UNLIMITED, account: "new", limits: { newTopics: 20 } };
  using one = await upgrade(broker.connect("publishers", undefined, grant));
  await one.send(Array.from({ length: 50 }, (_, at) => `pub #n.${at} 1\nx\n`).join(""));
  await one.send("ping\n");
  let refused = 0;
  for (let line = await one.line(); line !== "pong"; line = await one.line()) {
    if (line?.startsWith("err TOO_MANY_TOPICS ")) refused++;
  }
  assertEquals([refused, store.state.topics], [30, 20]);
});

Deno.test("D10: a topic that is published to again while it begins counts once", async () => {
  const store = new MemoryStore({ now: Date.now });
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  const grant = { ...UNLIMITED, account: "new", limits: { newTopics: 2 } };
  using one = await upgrade(broker.connect("publishers", undefined, grant));
  await one.send("pub #a 1\nx\npub #a 1 delay=60\nx\npub #b 1\nx\npub #c 1\nx\n");
  const answers = [await one.line(), await one.line(), await one.line(), await one.line()];
  assertEquals(answers.map((line) => line?.split(" ")[1]), ["1", "1", "1", "TOO_MANY_TOPICS"]);
});

Deno.test("a rate of new topics fills in a minute, and holds no more than one minute's worth", () => {
  const rate = new TopicRate(2);
  const take = (...topics: string[]): boolean[] => topics.map((topic) => rate.take(topic));
  assertEquals(take("#a", "#b", "#c"), [true, true, false]);
  rate.tick(29_999);
  assertEquals(take("#c"), [false]);
  rate.tick(1);
  assertEquals([...take("#c", "#d"), rate.isFull], [true, false, false]);
  rate.giveBack("#c");
  assertEquals(take("#c", "#d"), [true, false]);
  rate.tick(3_600_000);
  assertEquals([rate.isFull, ...take("#d", "#e", "#f")], [true, true, true, false]);
  rate.most = 0;
  rate.giveBack("#d");
  rate.tick(60_000);
  assertEquals([...take("#g"), rate.isFull], [false, true]);
});

Deno.test("a topic is taken once for all that may begin it, and given back if none of that did", () => {
  const rate = new TopicRate(2);
  assertEquals([rate.take("#a"), rate.take("#a"), rate.take("#b"), rate.take("#c")], [
    true,
    true,
    true,
    false,
  ]);
  rate.giveBack("#a");
  assertEquals(rate.take("#c"), false, "it may begin yet");
  rate.giveBack("#a");
  assertEquals([rate.take("#c"), rate.take("#d")], [true, false]);
  rate.began("#b");
  assertEquals(rate.take("#b"), true);
  rate.giveBack("#b");
  rate.giveBack("#b");
  assertEquals(rate.take("#d"), false, "it has begun");
});
