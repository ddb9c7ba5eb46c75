/** Topics in pages, where the store gives some at a time, and connections as accounts may see them. */
import { assertEquals } from "@std/assert";
import { UNLIMITED } from "../../../lib/auth/grant.ts";
import type { BrokerSnapshot, CountedTopic } from "../../../lib/broker/mod.ts";
import { addBroker } from "../../../lib/http/routes/broker.ts";
import { addConnections } from "../../../lib/http/routes/connections.ts";
import { addTopics } from "../../../lib/http/routes/topics.ts";
import { Broker } from "../../../lib/broker/mod.ts";
import type { App, Asked, Site } from "../../../lib/http/types.ts";
import type { Json } from "../../support/http.ts";

type Answer = (asked: Asked) => unknown;

/** Asks what a route has been added for. */
function asking(
  add: (app: App, site: Site) => void,
  site: unknown,
): (
  path: string,
  query?: Readonly<Record<string, string>>,
  grant?: Partial<typeof UNLIMITED>,
) => Promise<Json> {
  const routes = new Map<string, Answer>();
  const app = { get: (path: string, answer: Answer) => routes.set(path, answer), delete: () => {} };
  add(app as unknown as App, site as Site);
  return async (path, query = {}, grant = {}) =>
    await routes.get(path)!({
      json: (of: unknown) => of,
      req: { url: `http://x${path}?${new URLSearchParams(query)}`, query: (name: string) => query[name] },
      var: { grant: { ...UNLIMITED, ...grant }, visitor: { address: "here" } },
    } as unknown as Asked);
}

function counted(topic: string, more: Partial<CountedTopic> = {}): CountedTopic {
  return {
    topic,
    durable: false,
    subscribers: 0,
    messages: 1,
    bytes: 10,
    then: { messages: 0, bytes: 0 },
    ...more,
  };
}

/** A broker's topics: those that are counted, and those that are stored, a thousand at a time. */
function topics(
  remembered: readonly string[],
  stored: readonly string[],
): { readonly asked: Json[]; readonly site: unknown } {
  const asked: Json[] = [];
  const site = {
    limits: { topic: 255 },
    rates: { look: () => ({ over: 1000, totals: {} }) },
    broker: {
      snapshot: () => ({ connections: [], store: { topics: stored.length } }),
      topics: {
        counted: () => remembered.map((topic) => counted(topic, { durable: true })),
        one: (name: string) => remembered.includes(name) ? counted(name, { durable: true }) : undefined,
        stored: (query: Json) => {
          asked.push(query);
          const found = query.names === undefined
            ? stored.filter((topic) => topic > query.after)
            : stored.filter((topic) => query.names.includes(topic));
          const some = found.slice(0, query.most);
          const next = found.length > some.length ? some.at(-1) : undefined;
          return Promise.resolve({
            kind: "topics",
            topics: some.map((topic) => ({ topic, first: 1, last: 7 })),
            next,
          });
        },
      },
    },
  };
  return { asked, site };
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${prefix}${`${at}`.padStart(4, "0")}`);

Deno.test("topics that are only stored come in their order among the others, each once, page by page", async () => {
  const stored = numbered("#s", 2500);
  const remembered = ["#a", "#s0000x", "#s0999", "#s1700x", "#z"];
  const { asked, site } = topics(remembered, stored);
  const ask = asking(addTopics, site);
  const names: string[] = [];
  const sizes: number[] = [];
  for (let query: Record<string, string> | undefined = { limit: "900" }; query !== undefined;) {
    const { topics, total, next }: Json = await ask("/api/topics", query);
    assertEquals(total, 2500);
    names.push(...topics.map(({ topic }: Json) => topic));
    sizes.push(topics.length);
    query = next === null ? undefined : Object.fromEntries(new URL(next, "http://x").searchParams);
  }
  assertEquals(names, [...new Set([...stored, ...remembered])].sort());
  assertEquals(sizes, [900, 900, 704]);
  assertEquals(asked.filter(({ names }: Json) => names === undefined).map(({ most }: Json) => most), [
    1000,
    1000,
    1000,
  ]);
  const whole = await asking(addTopics, topics([], stored).site)("/api/topics", { limit: "1000" });
  assertEquals(whole.topics.length, 1000, "the last that was read is one of them");
});

Deno.test("where many are left out the store is read on until there are as many as are asked for", async () => {
  const { asked, site } = topics([], numbered("#s", 2500));
  const ask = asking(addTopics, site);
  const some = { mayReceive: (topic: string) => topic.endsWith("77"), mayShare: () => false };
  const first = await ask("/api/topics", { limit: "15" }, some);
  assertEquals([first.topics.length, first.total], [15, 0], "how many others there are is nobody's business");
  assertEquals(asked.filter(({ names }: Json) => names === undefined).length, 2);
  const rest = await ask("/api/topics", { limit: "15", after: first.topics.at(-1).topic }, some);
  assertEquals([rest.topics.length, rest.next], [10, null]);
});

Deno.test("how many there are in all is told where all are asked for, of what is remembered otherwise", async () => {
  const ask = asking(addTopics, topics(["#a", "#b"], numbered("#s", 5)).site);
  const total = async (query: Readonly<Record<string, string>>, grant = {}): Promise<number> =>
    (await ask("/api/topics", query, grant)).total;
  assertEquals([await total({}), await total({ match: "#>" }), await total({ contains: "#" })], [5, 2, 2]);
  assertEquals(await total({}, { mayShare: (pattern: string) => pattern !== "#>" }), 2);
  const more = asking(addTopics, topics(["#a", "#b", "#c"], ["#a"]).site);
  assertEquals((await more("/api/topics")).total, 3);
});

Deno.test("of a topic that is stored its numbers are read, by its name alone", async () => {
  const { asked, site } = topics(["#s0001"], numbered("#s", 3));
  const told = await asking(addTopics, site)("/api/topics", { sort: "rate" });
  assertEquals(told.topics, [{
    topic: "#s0001",
    durable: true,
    subscribers: 0,
    messages: 1,
    bytes: 10,
    rate: 1,
    byte_rate: 10,
    first: 1,
    last: 7,
  }]);
  assertEquals(asked, [{ most: 1, names: ["#s0001"] }]);
});

function connection(number: number, more: Partial<BrokerSnapshot["connections"][number]> = {}): Json {
  const empty = { account: undefined, queued: 0, held: 0, dropped: 0, full: false, waits: false };
  const about = { listener: "subscribers", id: `s${number}`, address: "here", protocol: "2" };
  return { number, ...about, ...empty, subscriptions: [], groups: [], ...more };
}

Deno.test("connections come in pages by their numbers, and each is told with twenty of what it has", async () => {
  const many = Array.from({ length: 21 }, (_, at) => ({ pattern: `#${at}`, slow: "block" }));
  const connections = [
    connection(1, { queued: 3, held: 5, dropped: 7, waits: true }),
    connection(2, { full: true, account: "a", subscriptions: many as Json, groups: many as Json }),
    connection(3),
  ];
  const ask = asking(addConnections, { broker: { snapshot: () => ({ connections }) } });
  const all = await ask("/api/connections");
  assertEquals([all.total, all.next, all.connections.length], [3, null, 3]);
  const [one, two] = all.connections;
  assertEquals(one, {
    number: 1,
    listener: "subscribers",
    id: "s1",
    account: null,
    address: "here",
    protocol: "2",
    queued_bytes: 3,
    held_bytes: 5,
    dropped: 7,
    slow: false,
    waits: true,
    subscription_count: 0,
    subscriptions: [],
    group_count: 0,
    groups: [],
  });
  assertEquals([two.slow, two.account, two.subscription_count, two.group_count], [true, "a", 21, 21]);
  assertEquals([two.subscriptions, two.groups], [many.slice(0, 20), many.slice(0, 20)]);
  const page = await ask("/api/connections", { limit: "2" });
  assertEquals([page.connections.length, page.total, page.next], [2, 3, "/api/connections?limit=2&after=2"]);
  const rest = await ask("/api/connections", { limit: "2", after: "2" });
  assertEquals([rest.connections.map(({ number }: Json) => number), rest.next], [[3], null]);
  const none = await ask("/api/connections", { after: "3" });
  assertEquals([none.connections, none.total, none.next], [[], 3, null]);
});

Deno.test("those that are full come first, then who holds most, then who came first, in whatever order they are", async () => {
  const sorted = [
    connection(4, { full: true, held: 9 }),
    connection(2, { full: true, held: 5 }),
    connection(6, { held: 8 }),
    connection(1, { held: 7 }),
    connection(3, { held: 7 }),
    connection(5),
  ];
  for (
    const by of [(at: number) => at, (at: number) => -at, (at: number) => at % 3, (at: number) => at % 2]
  ) {
    const connections = sorted.map((each, at) => [by(at), each] as const).sort(([a], [b]) => a - b);
    const snapshot = { connections: connections.map(([, each]) => each) };
    const ask = asking(addConnections, { broker: { snapshot: () => snapshot } });
    const told = await ask("/api/connections", { sort: "queued" });
    assertEquals(told.connections.map(({ number }: Json) => number), [4, 2, 6, 1, 3, 5]);
    assertEquals((await ask("/api/connections", { sort: "queued", limit: "2" })).connections.length, 2);
  }
});

Deno.test("an account sees its own connections, an administrator all, and who has no account none", async () => {
  const connections = [connection(1), connection(2, { account: "a" }), connection(3, { account: "b" })];
  const ask = asking(addConnections, { broker: { snapshot: () => ({ connections }) } });
  for (
    const [grant, numbers] of [
      [{ account: "a", administrator: false }, [2]],
      [{ account: "a", administrator: true }, [1, 2, 3]],
      [{ account: undefined, administrator: false }, []],
      [{ account: "c", administrator: false }, []],
    ] as const
  ) {
    for (const sort of ["number", "queued"]) {
      const told = await ask("/api/connections", { sort }, grant);
      assertEquals(told.connections.map(({ number }: Json) => number), [...numbers]);
      assertEquals(told.total, numbers.length);
    }
  }
});

Deno.test("the broker is told with its memory, its store and how long things take, and nothing where there is none", async () => {
  await using real = new Broker({ version: "1.2.3" });
  const bare = real.snapshot();
  const ask = (more: Partial<BrokerSnapshot>): Promise<Json> =>
    asking(addBroker, {
      broker: { snapshot: () => ({ ...bare, ...more }) },
      rates: { look: () => ({ over: 1999.6, totals: bare.totals }) },
      listening: () => ({ address: { transport: "tcp", hostname: "::1", port: 9 }, tls: true }),
    })("/api/broker", {}, { account: undefined, administrator: true });
  const none = await ask({});
  assertEquals([none.write, none.store, none.engine], [null, null, null]);
  assertEquals([none.ready, none.reason, none.rates.over_ms], [false, "it does not listen yet", 2000]);
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const times = { bounds: [1, 10], counts: [50, 50, 0], sum: 100 };
  const store = {
    topics: 1,
    batches: 2,
    bytes: 3,
    trimmed: 4,
    delayed: 5,
    delayedBytes: 6,
    commits: 8,
    commitTime: 3,
  };
  const told = await ask({
    listeners: [
      { name: "subscribers", address },
      { name: "publishers", address, certificate: { names: "", notBefore: 0, notAfter: 0 } },
    ],
    connections: [connection(1, { full: true, queued: 3 }), connection(2, { queued: 4 }), connection(3)],
    writes: times,
    store: store as BrokerSnapshot["store"],
    commits: { messages: 20, times } as BrokerSnapshot["commits"],
    held: 11,
    heldMost: 12,
    endings: new Map([["quit", 2]]),
    health: { live: true, ready: true },
  });
  assertEquals(told.listeners, [
    { name: "subscribers", address: "127.0.0.1:1", tls: false },
    { name: "publishers", address: "127.0.0.1:1", tls: true },
    { name: "http", address: "[::1]:9", tls: true },
  ]);
  assertEquals([told.connections, told.slow, told.outbox.queued_bytes], [3, 1, 7]);
  assertEquals([told.memory.held_bytes, told.memory.most_bytes, told.ready, told.reason], [
    11,
    12,
    true,
    null,
  ]);
  assertEquals(told.totals.disconnects, { quit: 2 });
  assertEquals(Object.keys(told.write), ["p50_ms", "p99_ms"]);
  assertEquals(told.write.p50_ms > 0 && told.write.p99_ms > told.write.p50_ms, true);
  assertEquals(told.store, {
    topics: 1,
    batches: 2,
    bytes: 3,
    stored: 20,
    commits: 8,
    batch_messages: 2.5,
    commit_ms: 0.38,
    commit_p50_ms: told.write.p50_ms,
    commit_p99_ms: told.write.p99_ms,
    trimmed: 4,
    delayed: 5,
    delayed_bytes: 6,
  });
  const idle = await ask({
    store: { ...store, commits: 0 } as BrokerSnapshot["store"],
    commits: {
      messages: 0,
      times: { bounds: [1], counts: [0, 0], sum: 0 },
    } as unknown as BrokerSnapshot["commits"],
  });
  const { batch_messages, commit_ms, commit_p50_ms, commit_p99_ms } = idle.store;
  assertEquals([batch_messages, commit_ms, commit_p50_ms, commit_p99_ms], [null, null, null, null]);
});
