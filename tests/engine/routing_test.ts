import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChunkPool } from "../../lib/buffers.ts";
import { Routing } from "../../lib/engine/routing.ts";
import type { Run, Subscriber } from "../../lib/engine/types.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { ROUTES_AGE_MS } from "../../lib/limits.ts";
import { matches } from "../../lib/topics/topic.ts";

const MIB = 1024 * 1024;

/** Remembers to which topics it was given something. */
class Listening implements Subscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  readonly full = false;
  readonly topics: string[] = [];

  whenNotFull(): void {}
  deliver(run: Run): void {
    this.topics.push(run.route.topic);
  }
}

function routing(memory?: HeldMemory): Routing {
  return new Routing({ seed: 7, isDurable: () => false, memory });
}

/** So that it is remembered: it has been named twice. */
function remember(to: Routing, topic: string): void {
  to.routeOf(topic);
  to.routeOf(topic);
}

/** As a publish to the topic: how many got it. */
function publish(to: Routing, topic: string): number {
  // routing looks at nothing of a run but its route
  return to.deliver({ route: to.routeOf(topic) } as unknown as Run);
}

Deno.test("who comes and goes costs no topic but those of its patterns a search", () => {
  const to = routing();
  const steady = new Listening();
  const flips = new Listening();
  to.subscribe("#a.*", steady);
  for (let at = 0; at < 100; at++) {
    remember(to, `#a.${at}`);
    publish(to, `#a.${at}`);
  }
  assertEquals(to.searches, 100);
  for (let round = 0; round < 1000; round++) {
    to.subscribe("#b.>", flips);
    to.subscribe("#a.7", flips);
    to.unsubscribe("#b.>", flips);
    to.unsubscribe("#a.7", flips);
    publish(to, "#a.1");
  }
  assertEquals(to.searches, 100);
  assertEquals(publish(to, "#a.7"), 1);
  to.subscribe("#a.7", flips);
  assertEquals(publish(to, "#a.7"), 2);
  assertEquals(to.searches, 102);
});

Deno.test("topics with the same subscribers have one list in common, and it is counted once", () => {
  const memory = new HeldMemory({ most: 64 * MIB, pool: new ChunkPool() });
  const to = routing(memory);
  const everybody = Array.from({ length: 1000 }, () => new Listening());
  for (const one of everybody) to.subscribe("#>", one);
  for (let at = 0; at < 1000; at++) assertEquals(publish(to, `#t.${at}`), 1000);
  assertEquals(to.routeOf("#t.0").subscribers === to.routeOf("#t.999").subscribers, true);
  assert(memory.held < MIB, `${memory.held} bytes`);
  // one of them gets others
  to.subscribe("#t.7", new Listening());
  assertEquals([publish(to, "#t.6"), publish(to, "#t.7"), publish(to, "#t.8")], [1000, 1001, 1000]);
  to.unsubscribe("#>", everybody[0]!);
  assertEquals([publish(to, "#t.6"), publish(to, "#t.7"), publish(to, "#t.8")], [999, 1000, 999]);
});

Deno.test("a list of its own is counted with each topic that is remembered, one in common with the first only", () => {
  for (const own of [true, false]) {
    const memory = new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() });
    const to = routing(memory);
    const everybody = Array.from({ length: 1000 }, () => new Listening());
    for (const one of everybody) to.subscribe("#>", one);
    for (let at = 0; at < 400; at++) {
      if (own) to.subscribe(`#t.${at}`, new Listening());
      remember(to, `#t.${at}`);
      publish(to, `#t.${at}`);
    }
    // each of the 400 lists is 8 KiB or nearly that
    if (own) assert(memory.held > 3 * MIB && memory.held < 5 * MIB, `${memory.held} bytes`);
    else assert(memory.held < MIB / 2, `${memory.held} bytes`);
    // what they take is given back when they go
    for (const one of everybody) to.unsubscribe("#>", one);
    for (let at = 0; at < 400; at++) publish(to, `#t.${at}`);
    assert(memory.held < MIB / 2, `${memory.held} bytes of those who are left`);
  }
});

Deno.test("what a topic's list takes goes with it into the younger generation, and is given back once", () => {
  const memory = new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() });
  const to = routing(memory);
  for (let at = 0; at < 1000; at++) to.subscribe("#>", new Listening());
  for (let at = 0; at < 400; at++) {
    to.subscribe(`#t.${at}`, new Listening());
    remember(to, `#t.${at}`);
    publish(to, `#t.${at}`);
  }
  const once = memory.held;
  for (let round = 1; round < 4; round++) {
    to.tick(round * ROUTES_AGE_MS);
    for (let at = 0; at < 400; at++) publish(to, `#t.${at}`);
    const parts = memory.held / once;
    assert(parts > 1.8 && parts < 2.2, `in both generations they take ${parts} times as much as in one`);
  }
  assertEquals(to.searches, 400);
  for (let round = 4; round < 6; round++) to.tick(round * ROUTES_AGE_MS);
  assert(memory.held < 0.1 * MIB, `${memory.held} bytes`);
});

Deno.test("of ever new topics next to nothing is kept, whoever hears them; of those that come again all", () => {
  const memory = new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() });
  const to = routing(memory);
  to.subscribe("#new.heard.>", new Listening());
  for (let at = 0; at < 500_000; at++) publish(to, `#new.${at & 1 ? "" : "heard."}${at}`);
  assert(to.topics < 100_000, `${to.topics} topics`);
  // a topic and its LF are 8 bytes at least in each message
  assert(memory.held < 4 * 8 * 500_000, `${memory.held} bytes`);
  const again = routing();
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < 100_000; at++) publish(again, `#again.${at}`);
  }
  assertEquals(again.topics, 100_000);
  assert(again.searches <= 200_000, `${again.searches} searches`);
});

Deno.test("a topic with many subscribers is not searched for because many others have come", () => {
  const to = routing();
  for (let at = 0; at < 2000; at++) to.subscribe("#hot", new Listening());
  remember(to, "#hot");
  publish(to, "#hot");
  for (let at = 0; at < 1000; at++) to.subscribe(`#other.${at}`, new Listening());
  assertEquals([publish(to, "#hot"), to.searches], [2000, 1]);
  // more than are remembered one by one
  for (let at = 0; at < 2000; at++) to.subscribe(`#more.${at}.*`, new Listening());
  assertEquals([publish(to, "#hot"), to.searches], [2000, 1]);
  for (let at = 0; at < 2000; at++) to.subscribe(`#*.*.${at}`, new Listening());
  assertEquals([publish(to, "#hot"), to.searches], [2000, 2]);
});

Deno.test("a client that comes and goes without a pause costs a thousand other topics no search", () => {
  const to = routing();
  // many kinds of patterns: a search looks at each
  for (let at = 0; at < 64; at++) {
    const stars = [1, 2, 4, 8, 16, 32].map((bit) => (at & bit) === 0 ? "x" : "*");
    to.subscribe(`#${stars.join(".")}.>`, new Listening());
  }
  const topics = Array.from({ length: 1000 }, (_, at) => `#orders.eu.${at}`);
  for (const topic of topics) to.subscribe(topic, new Listening());
  const all = () => topics.forEach((topic) => assertEquals(publish(to, topic), 1));
  // what is named a second time is remembered
  all();
  all();
  assert(to.searches <= 2000);
  const found = to.searches;
  all();
  assertEquals(to.searches, found);
  const flips = new Listening();
  const comings: Record<string, (at: number) => string> = {
    "the same": () => "#client.7",
    "the same with a wildcard": () => "#client.7.*",
    "another one each time": (at) => `#client.${at}`,
    "another one with a wildcard each time": (at) => `#client.${at % 50}.>`,
    "beside them": (at) => `#orders.us${at % 50}.>`,
    "by the second segment": (at) => `#*.c${at % 50}.*`,
  };
  for (const [name, pattern] of Object.entries(comings)) {
    const before = to.searches;
    for (let round = 0; round < 4; round++) {
      for (let at = 0; at < 1000; at++) {
        to.subscribe(pattern(at), flips);
        to.unsubscribe(pattern(at), flips);
      }
      all();
    }
    // two names may share a place; then what came last of all is not enough to tell
    const most = name === "another one each time" ? 1000 : 200;
    assert(to.searches - before <= most, `${name}: ${to.searches - before} of 4,000`);
  }
});

Deno.test("a message reaches whom the plain definition says, after any coming and going", () => {
  const pattern = fc.constantFrom("#a", "#a.b", "#a.*", "#*.b", "#a.>", "#>", "#b.a", "#*", "#*.*");
  const topic = fc.constantFrom("#a", "#b", "#a.b", "#b.a", "#a.b.c");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("change" as const), add: fc.boolean(), pattern, who: fc.nat(3) }),
    fc.record({ kind: fc.constant("publish" as const), topic }),
    // so many that what is remembered of them is not enough
    fc.record({ kind: fc.constant("crowd" as const), size: fc.constantFrom(1, 40, 1100) }),
    fc.record({ kind: fc.constant("time" as const), now: fc.nat(3 * ROUTES_AGE_MS) }),
  );
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const to = routing();
    const subscribers = Array.from({ length: 4 }, () => new Listening());
    const pairs = new Set<string>();
    const passer = new Listening();
    for (const each of steps) {
      if (each.kind === "time") to.tick(each.now);
      if (each.kind === "crowd") {
        for (let at = 0; at < each.size; at++) {
          to.subscribe("#passing", passer);
          to.unsubscribe("#passing", passer);
        }
      }
      if (each.kind === "change") {
        const { add, pattern, who } = each;
        const subscriber = subscribers[who]!;
        assertEquals(
          add ? to.subscribe(pattern, subscriber) : to.unsubscribe(pattern, subscriber),
          add !== pairs.has(`${pattern} ${who}`),
        );
        if (add) pairs.add(`${pattern} ${who}`);
        else pairs.delete(`${pattern} ${who}`);
      }
      if (each.kind !== "publish") continue;
      const expected = new Set<string>();
      for (const pair of pairs) {
        const [pattern, who] = pair.split(" ");
        if (matches(pattern!, each.topic)) expected.add(who!);
      }
      assertEquals(publish(to, each.topic), expected.size);
      for (const [who, subscriber] of subscribers.entries()) {
        assertEquals(subscriber.topics.splice(0), expected.has(`${who}`) ? [each.topic] : []);
      }
    }
  });
  fc.assert(property, { numRuns: 200 });
});

Deno.test("who publishes each time to another topic makes nobody's topic be searched for again", () => {
  const memory = new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() });
  const to = routing(memory);
  to.subscribe("#>", new Listening());
  for (let at = 0; at < 100; at++) {
    remember(to, `#honest.${at}`);
    publish(to, `#honest.${at}`);
  }
  for (let at = 0; at < 400_000; at++) {
    remember(to, `#${"new.".repeat(8)}${at}`);
    publish(to, `#${"new.".repeat(8)}${at}`);
    if (at % 1000 === 0) { for (let each = 0; each < 100; each++) publish(to, `#honest.${each}`); }
  }
  assertEquals(to.searches, 400_100);
  assert(memory.held < 150 * MIB, `${memory.held}`);
});

Deno.test("topics that nobody publishes to any more are forgotten, and the memory is given back", () => {
  const memory = new HeldMemory({ most: 1024 * MIB, pool: new ChunkPool() });
  const to = routing(memory);
  to.subscribe("#topic.>", new Listening());
  for (let at = 0; at < 50_000; at++) {
    remember(to, `#topic.${at}`);
    publish(to, `#topic.${at}`);
  }
  assert(memory.held > 5 * MIB, `${memory.held}`);
  for (let now = 0; now <= 3 * ROUTES_AGE_MS; now += 250) {
    to.tick(now);
    publish(to, "#topic.7");
  }
  assertEquals([to.topics, to.searches], [1, 50_000]);
  assert(memory.held < 0.1 * MIB, `${memory.held}`);
});

Deno.test("where little is free topics are remembered for a shorter time", () => {
  const memory = new HeldMemory({ most: 64 * MIB, pool: new ChunkPool() });
  memory.hold(60 * MIB);
  const to = routing(memory);
  to.subscribe("#topic.>", new Listening());
  for (let at = 0; at < 100_000; at++) {
    remember(to, `#topic.${at}`);
    publish(to, `#topic.${at}`);
  }
  assert(memory.held < 64 * MIB, `${memory.held}`);
});
