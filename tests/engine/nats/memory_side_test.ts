import { assert, assertEquals } from "@std/assert";
import {
  ENGINE_AWAY_MS,
  ENGINE_BEHIND_ASK,
  ENGINE_BEHIND_MOST,
  ENGINE_FULL_KEPT_MS,
  ENGINE_FULL_PATTERNS_MOST,
  ENGINE_ROOM_BYTES,
} from "../../../lib/limits.ts";
import { MemoryBench, Taker } from "./memory_bench.ts";

/** What was told other brokers since the last call: what our subscribers are full for. */
function told({ link }: MemoryBench): string[] {
  return link.takeAsked().flatMap((each) => {
    const [, text] = /^pub p\.broker\.full me\n((?:.|\n)*)$/.exec(each) ?? [];
    return text === undefined ? [] : [text.trim().split("\n").join(" ")];
  });
}

Deno.test("what is published goes to who is here at once, and to NATS behind the read", () => {
  const bench = new MemoryBench();
  const taker = bench.subscribe("#a", new Taker());
  bench.link.takeAsked();
  bench.publish("#a", "1", "2");
  assertEquals([taker.payloads, bench.link.takeAsked()], [["1", "2"], []]);
  assertEquals([bench.counters.totals.published, bench.answers], [2, []]);
  bench.flush();
  assertEquals(bench.link.takeAsked(), ["pub p.memory.run.a me.0 1\npub #a 1\n1\npub #a 1\n2\n", "ping"]);
  bench.link.pong();
  assertEquals(bench.answers, ["2 memory undefined"]);
});

Deno.test("a topic that NATS programs read goes one by one, others packed", () => {
  const bench = new MemoryBench({ plain: ["#a", "#b.*"] });
  bench.link.takeAsked();
  for (const topic of ["#a", "#b.c", "#b", "#c"]) bench.publish(topic, "x");
  bench.flush();
  const subjects = bench.link.takeAsked().map((each) => each.split(" ")[1]);
  assertEquals(subjects, [
    "p.memory.one.a",
    "p.memory.one.b.c",
    "p.memory.run.b",
    "p.memory.run.c",
    undefined,
  ]);
});

Deno.test("a message comes once by however many patterns, whoever sent it (N1)", () => {
  const bench = new MemoryBench();
  const [one, other] = [bench.subscribe("#a.*", new Taker()), bench.subscribe("#*.b", new Taker())];
  for (const pattern of ["p.memory.*.a.*", "p.memory.*.*.b"]) {
    bench.link.comes(pattern, "other.0 1\npub #a.b 1\n1\n", "p.memory.run.a.b");
    bench.link.comes(pattern, "2", "p.memory.one.a.b");
    bench.link.comes(pattern, "3", "p.memory.one.a.b", { headers: [["Hashbus-From", "other.1 1"]] });
  }
  bench.link.comes("p.memory.*.*.b", "4", "p.memory.one.c.b");
  assertEquals([one.payloads, other.payloads], [["1", "2", "3"], ["1", "2", "3", "4"]]);
  assertEquals([bench.unreadable, bench.pool.bytesOut], [[], 0]);
});

Deno.test("what comes for who is full waits, others' publishers are told to stand still, and go on when it is not (N4)", () => {
  const bench = new MemoryBench();
  const [slow, fast] = [bench.subscribe("#a.>", new Taker()), bench.subscribe("#>", new Taker())];
  bench.subscribe("#b", new Taker());
  bench.flush();
  bench.link.takeAsked();
  slow.full = true;
  bench.comes("#a.>", "#a.x", "1");
  bench.comes("#a.>", "#a.y", "2");
  bench.comes("#>", "#b", "3");
  assertEquals([slow.payloads, fast.payloads], [[], ["3"]]);
  assertEquals(told(bench), []);
  bench.link.read();
  assertEquals(told(bench), ["#a.>"], "behind the read, and not for what others take");
  assert(bench.pool.bytesOut > 0);
  slow.free();
  assertEquals([slow.payloads, fast.payloads], [["1", "2"], ["3", "1", "2"]]);
  assertEquals(told(bench), [""]);
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("of a subscriber's patterns it is full for those that take in what waits", () => {
  const bench = new MemoryBench();
  const slow = new Taker();
  for (const pattern of ["#a.*", "#*.b", "#c", "#a.b"]) bench.subscribe(pattern, slow);
  bench.subscribe("#a.x", new Taker());
  bench.link.takeAsked();
  slow.full = true;
  bench.comes("#a.*", "#a.x", "1");
  bench.comes("#a.*", "#a.y", "2");
  bench.link.read();
  assertEquals(told(bench), ["#a.*"]);
  bench.comes("#a.*", "#a.b", "3");
  bench.comes("#*.b", "#z.b", "4");
  bench.passes(0);
  assertEquals(told(bench), ["#*.b #a.*"]);
});

Deno.test("publishers here wait for subscribers of other brokers that are full, and for their own (N4)", () => {
  const bench = new MemoryBench();
  const own = bench.subscribe("#own", new Taker());
  const gateOf = (topic: string) => bench.engine.gateOf(bench.engine.routeOf(topic));
  assertEquals([gateOf("#a"), gateOf("#own")], [undefined, undefined]);
  own.full = true;
  assertEquals(gateOf("#own"), own);
  bench.link.comes("p.broker.full", "other\n#a\n");
  let free = 0;
  gateOf("#a")!.whenNotFull(() => free++);
  assertEquals(gateOf("#b"), undefined);
  let flushed = 0;
  bench.flushes.add({ ready: () => flushed++ });
  bench.link.comes("p.broker.full", "other\n");
  assertEquals([free, flushed, gateOf("#a")], [1, 1, undefined]);
  bench.link.comes("p.broker.full", "other\n#a\n");
  bench.passes(ENGINE_FULL_KEPT_MS - 1);
  assert(gateOf("#a") !== undefined);
  bench.passes(1);
  assertEquals(gateOf("#a"), undefined, "it may have died");
});

Deno.test("a broker that lies far behind what NATS has for it says that it is full for all it is subscribed to", () => {
  const bench = new MemoryBench();
  bench.subscribe("#a", new Taker());
  bench.subscribe("#b.*", new Taker());
  bench.link.pongs();
  bench.link.takeAsked();
  const large = "x".repeat(ENGINE_BEHIND_ASK);
  for (let bytes = 0; bytes <= ENGINE_BEHIND_MOST; bytes += large.length) bench.comes("#a", "#a", large);
  bench.comes("#a", "#a", large);
  bench.link.read();
  assertEquals(told(bench), ["#a #b.*"]);
  bench.link.pongs();
  assertEquals(told(bench), [""], "it has all there was");
});

Deno.test("what there is no room for is handed on all the same, and nothing of what waits is kept when it ends", () => {
  const bench = new MemoryBench();
  const slow = bench.subscribe("#a", new Taker());
  slow.full = true;
  const large = "x".repeat(1024 * 1024);
  const most = ENGINE_ROOM_BYTES / large.length;
  for (let at = 0; at <= most; at++) bench.comes("#a", "#a", large);
  assert(slow.got.length > 0 && bench.pool.bytesOut > 0);
  bench.engine.close(() => {});
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("a pattern is given up with the tick behind its last subscriber, and questions stop with the link", () => {
  const bench = new MemoryBench();
  const taker = bench.subscribe("#a", new Taker());
  assert(bench.engine.unsubscribe("#a", taker));
  assertEquals([bench.engine.unsubscribe("#a", taker), bench.link.takeAsked().at(-1)], [
    false,
    "sub p.memory.*.a",
  ]);
  bench.passes(0);
  assertEquals(bench.link.takeAsked(), ["unsub p.memory.*.a"]);
});

Deno.test("where NATS is away publishers wait for a while, and are refused then (N3)", () => {
  const bench = new MemoryBench();
  const route = bench.engine.routeOf("#a");
  assertEquals(bench.engine.trouble(), undefined);
  bench.link.goDown();
  assertEquals(bench.engine.trouble(), "NATS cannot be reached (nowhere:4222)");
  let free = 0;
  bench.engine.gateOf(route)!.whenNotFull(() => free++);
  bench.passes(ENGINE_AWAY_MS - 1);
  assertEquals(free, 0);
  bench.passes(1);
  assertEquals([free, bench.engine.gateOf(route)], [1, undefined]);
  bench.publish("#a", "x");
  assertEquals(bench.answers, ["1 UNAVAILABLE: NATS, which the brokers share, cannot be reached: try again"]);
  bench.link.goUp();
  assertEquals(bench.engine.trouble(), undefined);
});

Deno.test("a broker says how NATS is reached, over both of its links, and what it owes and left out", () => {
  const bench = new MemoryBench();
  bench.link.figures = { reconnects: 2, inMessages: 10, inBytes: 100, outMessages: 20, outBytes: 200 };
  bench.groupLink.figures = { reconnects: 9, inMessages: 3, inBytes: 33, outMessages: 99, outBytes: 999 };
  bench.subscribe("#a", new Taker());
  bench.link.comes("p.memory.*.a", "no stamp", "p.memory.run.a");
  bench.publish("#a", "x", "y");
  assertEquals(bench.engine.snapshot(), {
    subscriptions: 1,
    topics: 0,
    replays: 0,
    groups: [],
    store: undefined,
    commits: undefined,
    link: {
      kind: "NATS",
      server: "nowhere:4222",
      up: true,
      reconnects: 2,
      inMessages: 13,
      inBytes: 133,
      outMessages: 20,
      outBytes: 200,
      pending: 22,
      refused: 0,
      unreadable: 1,
    },
  });
  bench.link.goDown();
  assertEquals(bench.engine.snapshot().link?.refused, 2);
});

Deno.test("a broker that ends waits for what was published, and then both of its links end", () => {
  const bench = new MemoryBench();
  const worker = bench.join();
  bench.publish("#a", "x");
  bench.flush();
  const told: string[] = [];
  bench.engine.whenIdle(() => told.push("idle"));
  bench.engine.close(() => told.push("closed"));
  assertEquals(told, []);
  bench.groupLink.takeAsked();
  bench.link.takeAsked();
  bench.link.pongs();
  assertEquals([told, bench.answers, worker.failure], [
    ["idle", "closed"],
    ["1 memory undefined"],
    undefined,
  ]);
  assertEquals([bench.link.takeAsked(), bench.groupLink.takeAsked()], [["close"], [
    "unsub p.memory.*.g.*",
    "close",
  ]]);
});

Deno.test("what waits for who has unsubscribed meanwhile others are told of by its topics, until it goes on", () => {
  const bench = new MemoryBench();
  const slow = bench.subscribe("#a.*", new Taker());
  bench.link.takeAsked();
  slow.full = true;
  for (const topic of ["#a.x", "#a.y", "#a.x"]) bench.comes("#a.*", topic, "1");
  bench.engine.unsubscribe("#a.*", slow);
  bench.link.read();
  assertEquals(told(bench), ["#a.x #a.y"]);
  slow.free();
  assertEquals([told(bench), slow.payloads, bench.pool.bytesOut], [[""], [], 0]);
});

Deno.test("a pattern that somebody has no room for is told as that, however many topics of it wait", () => {
  const bench = new MemoryBench();
  bench.subscribe("#a.*", Object.assign(new Taker(), { full: true }));
  bench.link.takeAsked();
  for (let at = 0; at < 2 * ENGINE_FULL_PATTERNS_MOST; at++) bench.comes("#a.*", `#a.${at}`, "1");
  bench.link.read();
  assertEquals(told(bench), ["#a.*"]);
});

Deno.test("however many become full in a read, others are told once behind it", () => {
  const bench = new MemoryBench();
  for (const topic of ["#a", "#b"]) bench.subscribe(topic, Object.assign(new Taker(), { full: true }));
  let announced = 0;
  const add = bench.flushes.add.bind(bench.flushes);
  bench.flushes.add = (flushable) => {
    announced++;
    add(flushable);
  };
  for (const topic of ["#a", "#b", "#a"]) bench.comes(topic, topic, "1");
  bench.link.read();
  assertEquals([announced, told(bench)], [1, ["#a #b"]]);
  bench.comes("#b", "#b", "2");
  assertEquals(announced, 1, "it is full already");
});
