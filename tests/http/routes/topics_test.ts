import { assertEquals } from "@std/assert";
import type { CountedTopic } from "../../../lib/broker/mod.ts";
import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { addTopics } from "../../../lib/http/routes/topics.ts";
import { Problem } from "../../../lib/http/problem.ts";
import type { App, Site } from "../../../lib/http/types.ts";
import type { Json } from "../../support/http.ts";

/** A topic of which so much was counted, of that so much before the time that rates are of. */
function counted(topic: string, messages: number, before = 0): CountedTopic {
  return {
    topic,
    durable: false,
    subscribers: 0,
    messages,
    bytes: 10 * messages,
    then: { messages: before, bytes: 10 * before },
  };
}

interface Setup {
  readonly topics?: readonly CountedTopic[];
  readonly stored?: readonly string[];
  readonly connections?: readonly Record<string, unknown>[];
  readonly failure?: string;
  readonly may?: (topic: string) => boolean;
}

/** The answers about the topics of a broker that has these. */
function topicsOf({ topics = [], stored = [], connections = [], failure, may }: Setup): {
  ask(query?: Readonly<Record<string, string>>, topic?: string): Promise<Json>;
} {
  const routes = new Map<string, (asked: unknown) => unknown>();
  const app = { get: (path: string, answer: (asked: unknown) => unknown) => routes.set(path, answer) };
  const site = {
    limits: { topic: 255, payload: 1024 },
    rates: { look: () => ({ over: 2000, totals: {} }) },
    broker: {
      snapshot: () => ({ connections, store: { topics: stored.length } }),
      topics: {
        counted: () => topics,
        one: (name: string) => topics.find(({ topic }) => topic === name),
        stored: ({ after = "", most }: { after?: string; most: number }) => {
          if (failure !== undefined) return Promise.resolve({ kind: "failed", reason: failure });
          const found = stored.filter((topic) => topic > after).slice(0, most)
            .map((topic) => ({ topic, first: 1, last: 7 }));
          return Promise.resolve({ kind: "topics", topics: found, next: undefined });
        },
      },
    },
  };
  addTopics(app as unknown as App, site as unknown as Site);
  const grant = may === undefined ? UNLIMITED : { ...UNLIMITED, mayReceive: may, mayShare: () => false };
  return {
    ask: async (query = {}, topic) =>
      await routes.get(topic === undefined ? "/api/topics" : "/api/topics/:topic")!({
        json: (of: unknown) => of,
        req: {
          url: `http://localhost/api/topics${topic === undefined ? "" : `/${encodeURIComponent(topic)}`}`,
          query: (name: string) => query[name],
        },
        var: { grant },
      }),
  };
}

function names({ topics }: Json): string[] {
  return topics.map(({ topic }: Json) => topic);
}

Deno.test("topics by rate: what has grown most since then, of those that have as much what has more in all", async () => {
  const { ask } = topicsOf({
    topics: [
      counted("#old", 1000, 1000),
      counted("#b", 30, 20),
      counted("#a", 20, 10),
      counted("#new", 50, 30),
    ],
  });
  const told = await ask({ sort: "rate" });
  assertEquals([names(told), told.total, told.next], [["#new", "#b", "#a", "#old"], 4, null]);
  assertEquals(told.topics.map(({ rate, byte_rate }: Json) => [rate, byte_rate]), [
    [10, 100],
    [5, 50],
    [5, 50],
    [0, 0],
  ]);
  assertEquals(names(await ask({ sort: "rate", limit: "2" })), ["#new", "#b"]);
});

Deno.test("topics by name: counted and stored ones, each once, what is asked for and may be received", async () => {
  const setup = { topics: [counted("#c", 1), counted("#a", 1)], stored: ["#a", "#b", "#d"] };
  const all = topicsOf(setup);
  assertEquals(names(await all.ask()), ["#a", "#b", "#c", "#d"]);
  const first = await all.ask({ limit: "3" });
  assertEquals([names(first), first.total, first.next], [
    ["#a", "#b", "#c"],
    3,
    "/api/topics?after=%23c",
  ]);
  const rest = await all.ask({ limit: "3", after: "#c" });
  assertEquals([names(rest), rest.next], [["#d"], null]);
  assertEquals(names(await all.ask({ contains: "b" })), ["#b"]);
  assertEquals(names(await all.ask({ match: "#c" })), ["#c"]);
  assertEquals((await all.ask({ match: "#c" })).total, 1, "what is only stored is not counted then");
  const some = topicsOf({ ...setup, may: (topic) => topic !== "#a" });
  assertEquals([names(await some.ask()), names(await some.ask({ sort: "rate" }))], [["#b", "#c", "#d"], [
    "#c",
  ]]);
});

Deno.test("a topic is told with who subscribes to it and shares it, a hundred of them at most", async () => {
  const connections = Array.from({ length: 60 }, (_, at) => ({
    number: at,
    id: `s${at}`,
    full: at === 0,
    subscriptions: [{ pattern: "#a" }, { pattern: "#other" }],
    groups: [{ name: "g", pattern: "#*" }],
  }));
  const { ask } = topicsOf({ topics: [counted("#a", 5)], connections });
  const told = await ask({}, "#a");
  assertEquals([told.topic, told.messages, told.bytes, told.subscriptions.length], ["#a", 5, 50, 100]);
  assertEquals(told.subscriptions.slice(0, 3), [
    { connection: 0, id: "s0", pattern: "#a", group: null, slow: true },
    { connection: 0, id: "s0", pattern: "#*", group: "g", slow: true },
    { connection: 1, id: "s1", pattern: "#a", group: null, slow: false },
  ]);
  const unknown = await ask({}, "#never");
  assertEquals([unknown.messages, unknown.durable, unknown.rate, unknown.first], [0, false, 0, null]);
});

Deno.test("what may not be received is refused, and a store that cannot be read is told", async () => {
  const problemOf = async (asked: Promise<Json>): Promise<unknown> => {
    const error = await asked.catch((reason) => reason);
    return error instanceof Problem ? [error.status, error.code, error.message] : error;
  };
  const denied = topicsOf({ may: () => false });
  assertEquals(await problemOf(denied.ask({}, "#a")), [403, "DENIED", 'your account may not receive "#a"']);
  const broken = topicsOf({ topics: [{ ...counted("#a", 1), durable: true }], failure: "the disk is gone" });
  const said = [503, "STORE", "what is stored cannot be read: the disk is gone"];
  for (const asked of [broken.ask(), broken.ask({ sort: "rate" }), broken.ask({}, "#a")]) {
    assertEquals(await problemOf(asked), said);
  }
});
