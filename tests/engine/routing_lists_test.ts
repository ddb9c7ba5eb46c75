import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { collectHeap } from "../../lib/collect.ts";
import { Routing } from "../../lib/engine/routing.ts";
import type { Receiving, Run, Subscriber } from "../../lib/engine/types.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { ROUTES_AGE_MS, ROUTES_BYTES_KEPT } from "../../lib/limits.ts";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { TopicTable } from "../../lib/topics/topic_table.ts";
import { type Encoding, RECORDS } from "../../lib/wire/encoding.ts";
import { encoder } from "./case_parts.ts";

/** Counts what it is given. */
class Counting implements Subscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  full = false;
  grant: Receiving | undefined = undefined;
  got = 0;

  whenNotFull(): void {}
  deliver(): void {
    this.got++;
  }
}

function routing(): Routing {
  return new Routing({ seed: 7, isDurable: (topic) => topic.startsWith("#d") });
}

function publish(to: Routing, topic: string): number {
  // routing looks at nothing of a run but its route
  return to.deliver({ route: to.routeOf(topic) } as unknown as Run);
}

/** The list of those who get a topic. */
function listOf(to: Routing, topic: string): readonly Subscriber[] {
  const route = to.routeOf(topic);
  to.gateOf(route);
  return route.subscribers;
}

Deno.test("runs to two topics go together where the same get both at once: nothing of either is stored", () => {
  const to = routing();
  const [both, one] = [new Counting(), new Counting()];
  to.subscribe("#>", both);
  to.subscribe("#b", one);
  const together = (first: string, second: string): boolean =>
    to.goTogether(to.routeOf(first), to.routeOf(second));
  assertEquals([together("#a", "#c"), together("#a", "#a")], [true, true]);
  assertEquals([together("#a", "#b"), together("#b", "#a")], [false, false]);
  assertEquals([together("#d.a", "#c"), together("#c", "#d.a"), together("#d.a", "#d.b")], [
    false,
    false,
    false,
  ]);
});

Deno.test("a topic takes runs to several topics where each of its subscribers does, in that encoding", () => {
  const to = routing();
  const joins = (): boolean[] => [RECORDS, CLASSIC_LINES].map((how) => to.joins(to.routeOf("#a"), how));
  assertEquals(joins(), [true, true], "nobody");
  const takes = (): Counting =>
    Object.assign(new Counting(), { takesJoined: (how: Encoding) => how === RECORDS });
  for (let count = 0; count < 3; count++) {
    to.subscribe("#a", takes());
    assertEquals(joins(), [true, false]);
  }
  to.subscribe("#a", new Counting());
  assertEquals(joins(), [false, false]);
});

Deno.test("the first of a topic's subscribers that is full is its gate, be it the only one, the first or the last", () => {
  const to = routing();
  const all = [new Counting(), new Counting(), new Counting()];
  assertEquals(to.gateOf(to.routeOf("#a")), undefined);
  for (const each of all) to.subscribe("#a", each);
  for (const each of all) {
    each.full = true;
    assert(to.gateOf(to.routeOf("#a")) === each);
    each.full = false;
  }
  for (const each of all.slice(1)) to.unsubscribe("#a", each);
  all[0]!.full = true;
  assert(to.gateOf(to.routeOf("#a")) === all[0]);
});

Deno.test("of subscribers of one account one is asked what they may receive, and each account is", () => {
  const asked: string[] = [];
  const grantOf = (name: string, may: boolean): Receiving => ({
    mayReceive: (topic) => {
      asked.push(`${name} ${topic}`);
      return may;
    },
    mayShare: () => may,
    reception: { allow: [], deny: [] },
  });
  const [denied, allowed] = [grantOf("denied", false), grantOf("allowed", true)];
  const to = routing();
  const all = [denied, denied, undefined, allowed, allowed, denied].map((grant) => {
    const one = Object.assign(new Counting(), { grant });
    to.subscribe("#>", one);
    return one;
  });
  assertEquals(publish(to, "#a"), 3);
  assertEquals(all.map(({ got }) => got), [0, 0, 1, 1, 1, 0]);
  assertEquals(asked, ["denied #a", "allowed #a", "denied #a"]);
});

Deno.test("lists are alike where the same are in them, and not where one is longer, or others are", () => {
  const to = routing();
  const [a, b, c] = [new Counting(), new Counting(), new Counting()];
  const patterns: [string, Subscriber[]][] = [["#ab", [a, b]], ["#abc", [a, b, c]], ["#cb", [c, b]], ["#a", [
    a,
  ]]];
  for (const [pattern, all] of patterns) for (const each of all) to.subscribe(pattern, each);
  to.subscribe("#also.ab", a);
  to.subscribe("#also.ab", b);
  for (let round = 0; round < 2; round++) {
    for (const [topic, all] of patterns) assertEquals(new Set(listOf(to, topic)), new Set(all), topic);
    assertEquals(publish(to, "#abc"), 3);
  }
  assert(listOf(to, "#also.ab") === listOf(to, "#ab"));
});

Deno.test("a list is found again among the last eight there were, and that of nobody is none of those", () => {
  const to = routing();
  const others = Array.from({ length: 8 }, () => new Counting());
  const first = new Counting();
  for (const topic of ["#first", "#again", "#once.more"]) to.subscribe(topic, first);
  for (const [at, each] of others.entries()) to.subscribe(`#other.${at}`, each);
  const list = listOf(to, "#first");
  for (let at = 0; at < 7; at++) assertEquals(listOf(to, `#other.${at}`), [others[at]!]);
  assertEquals([listOf(to, "#nobody"), listOf(to, "#nobody.else")], [[], []]);
  assert(listOf(to, "#again") === list, "it is the eighth from behind");
  assertEquals(listOf(to, "#other.7"), [others[7]!]);
  assert(listOf(to, "#once.more") !== list, "there were eight others since");
  assertEquals(listOf(to, "#once.more"), list);
});

Deno.test("who has gone is not kept by what is remembered of lists", async () => {
  const to = routing();
  const comesAndGoes = (): WeakRef<Counting> => {
    const one = new Counting();
    to.subscribe("#a", one);
    assertEquals(publish(to, "#a"), 1);
    to.unsubscribe("#a", one);
    return new WeakRef(one);
  };
  const gone = comesAndGoes();
  assertEquals(publish(to, "#a"), 0);
  // what was looked at in this turn stays until it is over
  const isGone = await new Promise<boolean>((resolve) =>
    setTimeout(() => {
      collectHeap();
      resolve(gone.deref() === undefined);
    })
  );
  assert(isGone);
});

Deno.test("what is remembered of a topic counts for itself, its name, its counts, and each who gets it", () => {
  // each is so large that it is told at once
  const topic = `#${"x".repeat(40_000)}`;
  const name = encoder.encode(topic);
  const memory = (): HeldMemory => new HeldMemory({ most: 1024 ** 3, pool: new ChunkPool() });
  const places = memory();
  new TopicTable({ seed: 7, most: 10, weigh: () => 100_000, memory: places }).add(name, {});
  const held = (countsTopics: boolean): number => {
    const of = memory();
    const to = new Routing({ seed: 7, isDurable: () => false, memory: of, countsTopics });
    for (let times = 0; times < 2; times++) to.routeOf(topic);
    const alone = of.held;
    const all = Array.from({ length: 10_000 }, () => new Counting());
    for (const each of all) to.subscribe("#>", each);
    publish(to, topic);
    assertEquals(of.held - alone, 8 * all.length);
    for (const each of all) to.unsubscribe("#>", each);
    publish(to, topic);
    assertEquals(of.held, alone);
    return alone - (places.held - 100_000);
  };
  assertEquals([held(false), held(true)], [160 + 2 * topic.length, 160 + 176 + 2 * topic.length]);
});

Deno.test("what is named again in the younger generation counts there as in the older, with who gets it", () => {
  const heldInBoth = (subscribers: number): number => {
    const memory = new HeldMemory({ most: 1024 ** 3, pool: new ChunkPool() });
    const to = new Routing({ seed: 7, isDurable: () => false, memory });
    const topic = `#${"x".repeat(600_000)}`;
    for (let times = 0; times < 2; times++) to.routeOf(topic);
    for (let at = 0; at < subscribers; at++) to.subscribe("#>", new Counting());
    publish(to, topic);
    assert(memory.held > ROUTES_BYTES_KEPT);
    to.tick(ROUTES_AGE_MS);
    publish(to, topic);
    const { held } = memory;
    for (const times of [2, 3]) to.tick(times * ROUTES_AGE_MS);
    assert(memory.held < 64 * 1024, `${memory.held}`);
    return held;
  };
  assertEquals(heldInBoth(10_000) - heldInBoth(0), 2 * 8 * 10_000);
});

Deno.test("topics are forgotten between one and two such times after they were named last, not by a tick more", () => {
  const to = routing();
  const name = "x".repeat(1000);
  const many = Math.ceil(ROUTES_BYTES_KEPT / 1000);
  for (let round = 0; round < 2; round++) for (let at = 0; at < many; at++) to.routeOf(`#${at}.${name}`);
  for (const now of [0, 0, 250, ROUTES_AGE_MS - 1, ROUTES_AGE_MS, ROUTES_AGE_MS, 2 * ROUTES_AGE_MS - 1]) {
    to.tick(now);
    assertEquals(to.topics, many, `at ${now}`);
  }
  // younger and older are one as long as there is little in the younger
  for (let at = 0; at < many; at++) to.routeOf(`#${at}.${name}`);
  to.tick(2 * ROUTES_AGE_MS);
  assertEquals(to.topics, many);
  to.tick(3 * ROUTES_AGE_MS);
  assertEquals(to.topics, 0);
});

Deno.test("a clock that was set back ages what is remembered once, and goes on from there", () => {
  const to = routing();
  const name = "x".repeat(1000);
  const many = Math.ceil(ROUTES_BYTES_KEPT / 1000);
  const nameAll = (): void => {
    for (let at = 0; at < many; at++) to.routeOf(`#${at}.${name}`);
  };
  nameAll();
  nameAll();
  to.tick(10 * ROUTES_AGE_MS);
  nameAll();
  to.tick(5 * ROUTES_AGE_MS);
  to.tick(6 * ROUTES_AGE_MS - 1);
  assertEquals(to.topics, many);
  to.tick(6 * ROUTES_AGE_MS);
  assertEquals(to.topics, 0);
});

Deno.test("a topic with many subscribers is not searched for though many patterns came that might concern it", () => {
  const to = routing();
  for (let at = 0; at < 100; at++) to.subscribe("#hot", new Counting());
  to.subscribe("#cold", new Counting());
  for (const topic of ["#hot", "#hot", "#cold", "#cold"]) publish(to, topic);
  const { searches } = to;
  assertEquals([routing().searches, searches >= 2], [0, true]);
  // each may concern any topic
  for (let at = 0; at < 500; at++) to.subscribe(`#*.*.${at}`, new Counting());
  assertEquals([publish(to, "#hot"), to.searches - searches], [100, 0]);
  assertEquals([publish(to, "#cold"), to.searches - searches], [1, 1]);
});
