import { assert, assertEquals } from "@std/assert";
import { storedOnStream } from "../../../lib/engine/nats/stored/mod.ts";
import { PATIENCE_MS } from "../../../lib/engine/nats/stored/limits.ts";
import type { GroupChange, GroupsListing } from "../../../lib/engine/types.ts";
import { ENGINE_AWAY_MS } from "../../../lib/limits.ts";
import { FakeLink } from "../../support/fake_link.ts";
import { done, FAILED, NONE, ScriptedStreams, stateOf } from "../../support/scripted_streams.ts";
import { Recorder, started } from "../case_parts.ts";
import { MemoryBench, Taker } from "./memory_bench.ts";

/** With durable topics in a stream that is the test's. */
class Bench extends MemoryBench {
  readonly streams: ScriptedStreams;

  private constructor(link: FakeLink, streams: ScriptedStreams, durable: readonly string[]) {
    super({
      link,
      stored: storedOnStream({
        link,
        streams,
        patterns: durable,
        name: "me",
        ackTimeout: 30_000,
        maxAttempts: 3,
        groupsMost: 4,
        topicMost: 100,
        onUnreadable: () => {},
      }),
    });
    this.stored = link;
    this.streams = streams;
  }
  /** The link that all of it goes over. */
  readonly stored: FakeLink;

  static of(durable: readonly string[] = ["#d.>", "#dead.>"]): Bench {
    const bench = new Bench(new FakeLink(), new ScriptedStreams(), durable);
    bench.asked();
    return bench;
  }

  /** The feed brings all that is wanted by now. */
  follows(): void {
    this.streams.states.shift()!(stateOf(0));
    this.streams.readers.shift()!(done("f"));
  }

  /** What was asked for since the last call, of the stream and over the link. */
  asked(): string[] {
    const said = this.stored.takeAsked().map((each) => each.split(" ").slice(0, 2).join(" "));
    return [...this.streams.takeAsked(), ...said];
  }
}

Deno.test("what another broker packed together is each worth delivering for its own time (V10)", () => {
  const bench = new MemoryBench();
  const taker = bench.subscribe("#a", new Taker());
  bench.packed("#a", "#a", "pub #a 1\n1\npub #a 1 ttl=0.5\n2\npub #a 1 key=k\n3\n");
  assertEquals(taker.payloads, ["1", "2", "3"]);
  assertEquals(taker.expires, [undefined, bench.now + 500, undefined]);
});

Deno.test("what is published to a durable topic goes to the stream, all else to who is there", () => {
  const bench = Bench.of(["#>"]);
  const { engine } = bench;
  assertEquals([engine.durable, engine.ackTimeout, engine.maxAttempts], [["#>"], 30_000, 3]);
  const [stored, reply] = [engine.routeOf("#a"), engine.routeOf("#_reply.me.1")];
  assertEquals([engine.stores(stored), engine.stores(reply)], [true, false], "answers are not stored");
  bench.publish("#a", "x");
  bench.publish("#_reply.me.1", "y");
  bench.flush();
  assertEquals(bench.asked(), ["pub p.stored.a", "ping", "pub p.memory.run._reply.me.1", "ping"]);
  assertEquals([engine.goTogether(), engine.joins()], [false, false]);
  assertEquals(engine.findRoute(new TextEncoder().encode("-#b"), 1, 3), undefined);
  for (let at = 0; at < 2; at++) engine.routeOf("#b");
  assertEquals(engine.findRoute(new TextEncoder().encode("-#b"), 1, 3)?.topic, "#b");
});

Deno.test("an engine that stores nothing says so of all that is asked of what is stored", async () => {
  const bench = new MemoryBench();
  const { engine } = bench;
  assertEquals([engine.durable, engine.ackTimeout, engine.maxAttempts], [[], undefined, undefined]);
  const recorder = new Recorder();
  const made = { engine, counters: bench.counters, durable: false, flush: () => bench.flush() };
  const replay = { pattern: "#a", from: { kind: "earliest" }, to: undefined } as const;
  assertEquals(await started(made, recorder, replay), {
    kind: "failed",
    reason: "nothing is stored here (--durable)",
  });
  assertEquals([engine.replays(recorder), engine.replace(recorder, new Recorder())], [false, false]);
  const told: unknown[] = [];
  engine.resetGroup({ name: "g", pattern: "#a" }, undefined, (change) => void told.push(change));
  engine.deleteGroup({ name: "g", pattern: "#a" }, (change) => void told.push(change));
  engine.storedTopics({ most: 9 }, (outcome) => void told.push(outcome));
  assertEquals(told, [NONE, NONE, { kind: "topics", topics: [], next: undefined }]);
  bench.join();
  const listings: GroupsListing[] = [];
  engine.groups((listing) => void listings.push(listing));
  assertEquals(listings.map((each) => each.kind === "groups" && each.groups.map(({ name }) => name)), [[
    "g",
  ]]);
});

Deno.test("somebody is subscribed when NATS has the pattern, and the stream is followed where it takes in what is stored", () => {
  for (const first of ["memory", "stored"]) {
    const bench = Bench.of();
    bench.subscribe("#d.a", new Recorder());
    assertEquals(bench.asked(), ["state", "sub p.memory.*.d.a"]);
    let told = 0;
    assert(!bench.engine.subscribed(() => told++));
    bench.flush();
    const memory = (): void => bench.stored.pong();
    const stored = (): void => bench.follows();
    (first === "memory" ? memory : stored)();
    assertEquals(told, 0);
    (first === "memory" ? stored : memory)();
    assertEquals([told, bench.engine.subscribed(() => told++)], [1, true]);
  }
  const bench = Bench.of();
  bench.subscribe("#m", new Recorder());
  assertEquals(bench.asked(), ["sub p.memory.*.m"], "nothing of it is stored");
  let told = 0;
  assert(!bench.engine.subscribed(() => told++));
  bench.flush();
  bench.stored.pong();
  assertEquals(told, 1);
  bench.subscribe("#*.a", new Recorder());
  assert(!bench.engine.subscribed(() => told++));
  bench.flush();
  bench.stored.pongs();
  assert(!bench.engine.subscribed(() => told++), "it takes in what is stored");
  assertEquals(told, 1);
  bench.follows();
  assertEquals(told, 3);
});

Deno.test("a pattern is wanted as long as one of those who have it, whichever way it was asked for", () => {
  const bench = Bench.of();
  const [one, other] = [bench.subscribe("#d.a", new Recorder()), bench.subscribe("#d.a", new Recorder())];
  bench.follows();
  assertEquals([bench.engine.subscribe("#d.a", one), bench.engine.snapshot().subscriptions], [false, 2]);
  bench.asked();
  assertEquals([bench.engine.unsubscribe("#d.a", one), bench.engine.unsubscribe("#d.a", one)], [true, false]);
  assertEquals(bench.asked(), []);
  assert(bench.engine.unsubscribe("#d.a", other));
  assertEquals(bench.asked(), ["remove f", "unsub p.broker.inbox.me.3"]);
  bench.passes(0);
  assertEquals(bench.asked(), ["state", "unsub p.memory.*.d.a"]);
});

Deno.test("a replay is a subscriber like others, and ends when it is unsubscribed", () => {
  const bench = Bench.of();
  const recorder = new Recorder();
  const range = { from: { kind: "earliest" }, to: undefined } as const;
  const options = { range, started: () => {}, ended: () => {}, besides: [] };
  bench.engine.replay("#d.a", recorder, options);
  assertEquals([bench.engine.replays(recorder), bench.engine.snapshot().replays], [true, 1]);
  const next = new Recorder(recorder.connection);
  assertEquals([bench.engine.replace(next, recorder), bench.engine.replace(recorder, next)], [false, true]);
  assertEquals([bench.engine.unsubscribe("#d.a", recorder), bench.engine.unsubscribe("#d.a", next)], [
    false,
    true,
  ]);
  assertEquals([bench.engine.replays(next), bench.engine.snapshot().replays], [false, 0]);
});

Deno.test("while NATS is away who publishes waits as long as each kind of topic says, and else for who is full here", () => {
  const bench = Bench.of();
  const slow = bench.subscribe("#>", new Taker());
  const [stored, memory] = ["#d.a", "#m"].map((topic) => bench.engine.routeOf(topic));
  const gates = (): unknown[] =>
    [stored!, memory!].map((route) => {
      const gate = bench.engine.gateOf(route);
      return gate === slow ? "subscriber" : gate === undefined ? undefined : "NATS";
    });
  assertEquals(gates(), [undefined, undefined]);
  bench.stored.goDown();
  assertEquals(gates(), ["NATS", "NATS"]);
  bench.passes(ENGINE_AWAY_MS);
  assertEquals(gates(), ["NATS", undefined]);
  bench.passes(PATIENCE_MS);
  slow.full = true;
  assertEquals(gates(), ["subscriber", "subscriber"]);
});

Deno.test("groups of durable topics are the stream's, others NATS's, and both are listed", () => {
  const bench = Bench.of();
  bench.join({ name: "m" });
  assertEquals(bench.groupLink.takeAsked(), ["sub p.memory.*.g.* m.#g.*"]);
  bench.join({ name: "d", pattern: "#d.*" });
  bench.join({ name: "e", pattern: "#>" });
  assertEquals(bench.asked().filter((each) => each.startsWith("group")), ["group d #d.*"]);
  const listings: GroupsListing[] = [];
  const list = (): void => bench.engine.groups((listing) => void listings.push(listing));
  list();
  const group = { name: "d", pattern: "#d.*" };
  const consumer = { group, settling: "auto", consumer: "c", created: "1", lag: 3, outstanding: 2 } as const;
  bench.streams.lists.shift()!(done([consumer]));
  list();
  bench.streams.lists.shift()!(FAILED);
  assertEquals(
    listings.map((each) => each.kind === "groups" ? each.groups.map(({ name }) => name) : each.reason),
    [
      ["m", "d"],
      "no leader",
    ],
  );
  assertEquals(bench.engine.snapshot().groups.map(({ name }) => name), ["m"]);
  bench.streams.looks.shift()!(done(consumer));
  bench.streams.opens.shift()!.done(done(consumer));
  assertEquals(bench.engine.snapshot().groups.map(({ name }) => name), ["m", "d"]);
  const changes: GroupChange[] = [];
  bench.engine.resetGroup(group, undefined, (change) => void changes.push(change));
  bench.engine.deleteGroup(group, (change) => void changes.push(change));
  for (const look of bench.streams.looks.splice(0)) look(FAILED);
  assertEquals(changes, [FAILED, FAILED]);
});

Deno.test("what is wrong is said of topics in memory first, then of durable ones", () => {
  const bench = Bench.of();
  assertEquals(bench.engine.trouble(), undefined);
  bench.publish("#d.a", "x");
  const refusal = { error: { code: 503, err_code: 10077, description: "full" } };
  bench.stored.comes("p.broker.inbox.me.1.*", JSON.stringify(refusal), "p.broker.inbox.me.1.1");
  assertEquals([bench.engine.trouble(), bench.answers], ["NATS: full", ["1 STORE: NATS: full"]]);
  bench.stored.goDown();
  assertEquals(bench.engine.trouble(), "NATS cannot be reached (nowhere:4222)");
});

Deno.test("topics of which something is stored are the stream's", () => {
  const bench = Bench.of();
  const listed: unknown[] = [];
  bench.engine.storedTopics({ most: 5 }, (outcome) => void listed.push(outcome));
  bench.streams.named.shift()!(FAILED);
  assertEquals(listed, [FAILED]);
});

Deno.test("what somebody may receive is asked anew when it has changed", () => {
  const bench = Bench.of();
  let may = true;
  const taker = Object.assign(new Taker(), {
    grant: { mayReceive: () => may, mayShare: () => false, reception: { allow: [], deny: [] } },
  });
  bench.subscribe("#m", taker);
  for (const text of ["1", "2"]) bench.publish("#m", text);
  may = false;
  bench.publish("#m", "3");
  bench.engine.permissionsChanged();
  bench.publish("#m", "4");
  assertEquals(taker.payloads, ["1", "2", "3"]);
});

Deno.test("an engine is idle when neither kind of topic has something without an answer, and ends then", () => {
  const bench = Bench.of();
  const told: string[] = [];
  bench.engine.whenIdle(() => told.push("at once"));
  bench.publish("#m", "x");
  bench.publish("#d.a", "y");
  bench.flush();
  bench.engine.whenIdle(() => told.push("idle"));
  bench.engine.close(() => told.push("closed"));
  bench.stored.pongs();
  assertEquals(told, ["at once"]);
  bench.asked();
  bench.stored.comes("p.broker.inbox.me.1.*", JSON.stringify({ seq: 3 }), "p.broker.inbox.me.1.1");
  assertEquals(told, ["at once", "idle"]);
  assertEquals([bench.asked(), bench.groupLink.takeAsked().includes("close")], [["ping"], false]);
  bench.stored.pongs();
  assertEquals([told.at(-1), bench.asked(), bench.groupLink.takeAsked().at(-1)], [
    "closed",
    ["ping", "close"],
    "close",
  ]);
});

Deno.test("topics are counted where that is asked for, each as what was published to it", () => {
  const bench = new MemoryBench({ countsTopics: true });
  assert(bench.engine.countsTopics && !new MemoryBench().engine.countsTopics);
  bench.subscribe("#a", new Taker());
  bench.publish("#a", "1", "22");
  bench.engine.countJoined(bench.engine.routeOf("#a"), 3, 40);
  const { messages, bytes, subscribers } = bench.engine.topic("#a")!;
  assertEquals([messages, bytes, subscribers], [5, 63, 1]);
  for (let at = 0; at < 2; at++) bench.engine.markTopics();
  const marked = bench.engine.topics().map(({ topic, then }) => [topic, then.messages]);
  assertEquals(marked, [["#a", 5]]);
  assertEquals(bench.engine.topic("#b"), undefined);
  const plain = new MemoryBench().engine;
  plain.countJoined(plain.routeOf("#c"), 1, 1);
  assertEquals(plain.topics(), []);
});
