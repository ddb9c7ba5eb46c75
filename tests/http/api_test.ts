import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectSubscriber } from "../../lib/mod.ts";
import { OPENAPI } from "../../lib/http/openapi.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { HeldStore } from "../support/held_store.ts";
import { startHttp } from "../support/http.ts";
import { LINK, linkedEngine } from "../support/linked_engine.ts";
import { RawClient } from "../support/raw_client.ts";

Deno.test("health and readiness say whether the broker lives and is of use, with the reason", async () => {
  const store = new HeldStore();
  await using http = await startHttp({ store });
  assertEquals(await http.json("/healthz"), { live: true });
  assertEquals(await http.json("/readyz"), { ready: true });
  store.free = false;
  const published = http.ask("/api/topics/d/messages", { method: "POST", body: "1" });
  (await store.next()).end({ kind: "refused", reason: "the disk is full" });
  assertEquals(await http.json("/readyz", {}, 503), { ready: false, reason: "the disk is full" });
  const { status, text } = await published;
  assertEquals([status, JSON.parse(text).code], [503, "STORE"]);
  assertMatch(text, /the disk is full/);
  assertEquals(await http.json("/healthz"), { live: true });
  store.free = true;
});

Deno.test("the broker is told in one answer, which counts what is published and delivered", async () => {
  await using http = await startHttp({ version: "1.2.3" });
  await using subscriber = await connectSubscriber({ id: "s1", port: http.portOf("subscribers") });
  await subscriber.subscribe("#a");
  for (let at = 0; at < 3; at++) await http.publish("#a", "hello");
  for await (const { seq } of subscriber) if (seq === 3) break;
  const told = await http.json("/api/broker");
  assertEquals([told.version, told.ready, told.reason], ["1.2.3", true, null]);
  assertEquals(told.you, { account: null, administrator: true });
  assertEquals([told.totals.published, told.totals.delivered, told.topics], [3, 3, 1]);
  assert(told.totals.published_bytes > 15 && told.totals.delivered_bytes > 15, JSON.stringify(told.totals));
  assertEquals([told.connections, told.subscriptions, told.slow], [1, 1, 0]);
  assertEquals([told.store.topics, told.store.stored], [1, 3]);
  assertEquals(told.listeners.map(({ name }: { name: string }) => name), [
    "subscribers",
    "publishers",
    "http",
  ]);
  assertEquals(told.listeners.at(-1).address, `127.0.0.1:${http.port}`);
  assert(told.rates.published > 0 && told.rates.over_ms > 0, JSON.stringify(told.rates));
  assert(told.totals.disconnects.quit >= 3, "each request to publish was a connection of its own");
});

Deno.test("an engine that others share is told of as the broker knows it", async () => {
  await using http = await startHttp({ store: undefined, engine: linkedEngine({ link: LINK }) });
  assertEquals((await http.json("/api/broker")).engine, {
    kind: "NATS",
    server: "10.0.0.7:4222",
    up: true,
    reconnects: 1,
    received: 2,
    received_bytes: 300,
    sent: 4,
    sent_bytes: 500,
    pending_bytes: 60,
    refused: 7,
    unreadable: 8,
  });
});

Deno.test("without a store there is none in the answer, and a topic has no sequence numbers", async () => {
  await using http = await startHttp({ store: undefined });
  assertEquals(await http.publish("#m", "x"), { topic: "#m", subscribers: 0 });
  const told = await http.json("/api/broker");
  assertEquals([told.store, told.engine, told.durable], [null, null, []]);
  const topic = await http.json("/api/topics/m");
  assertEquals([topic.topic, topic.durable, topic.messages, topic.first, topic.last], [
    "#m",
    false,
    1,
    null,
    null,
  ]);
  const refused = await http.json("/api/topics/m/messages", {}, 400);
  assertEquals(refused.code, "NOT_DURABLE");
});

Deno.test("topics come by name in pages, each once, those that are only stored with them", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  {
    await using before = await startHttp({ store });
    await before.publish("#b.stored", "x");
  }
  await using http = await startHttp({ store });
  for (const topic of ["#c", "#a", "#é", "#a.b"]) await http.publish(topic, "x");
  const names: string[] = [];
  for (let path: string | null = "/api/topics?limit=2"; path !== null;) {
    const { topics, next, total } = await http.json(path);
    assert(topics.length <= 2 && total >= 4);
    names.push(...topics.map(({ topic }: { topic: string }) => topic));
    path = next;
  }
  assertEquals(names, ["#a", "#a.b", "#b.stored", "#c", "#é"]);
  const matched = await http.json(`/api/topics?match=${encodeURIComponent("#*.*")}`);
  assertEquals(matched.topics.map(({ topic }: { topic: string }) => topic), ["#a.b", "#b.stored"]);
  const containing = await http.json("/api/topics?contains=stor");
  assertEquals(
    containing.topics.map(({ topic, first, last }: Record<string, unknown>) => [topic, first, last]),
    [[
      "#b.stored",
      1,
      1,
    ]],
  );
});

Deno.test("topics by rate: the busiest first, and as many as are asked for", async () => {
  await using http = await startHttp({ store: undefined });
  await http.publish("#little", "x");
  await http.publish("#much", Array.from({ length: 50 }, (_, at) => `${at}\n`).join(""), {
    "content-type": "application/x-ndjson",
  });
  const { topics, next, total } = await http.json("/api/topics?sort=rate&limit=1");
  assertEquals([topics.length, topics[0].topic, topics[0].messages, next, total], [1, "#much", 50, null, 2]);
  assert(topics[0].rate > 0);
});

Deno.test("a topic's own answer names who is subscribed, and who shares it", async () => {
  await using http = await startHttp();
  using one = await RawClient.connect(http.portOf("subscribers"));
  await one.ask("s1 sub #orders.>");
  await using two = await connectSubscriber({ id: "s2", port: http.portOf("subscribers") });
  await two.subscribe("#orders.eu", { group: "billing" });
  const { subscriptions, subscribers } = await http.json("/api/topics/%23orders.eu");
  assertEquals(subscriptions, [
    { connection: 1, id: "s1", pattern: "#orders.>", group: null, slow: false },
    { connection: 2, id: "s2", pattern: "#orders.eu", group: "billing", slow: false },
  ]);
  assertEquals(subscribers, 0, "nothing was published to it yet");
});

Deno.test("connections come in pages or the fullest first, and an administrator ends one", async () => {
  await using http = await startHttp();
  using one = await RawClient.connect(http.portOf("subscribers"));
  await one.ask("s1 sub #a");
  using two = await RawClient.connect(http.portOf("subscribers"));
  await two.ask("s2 sub #b");
  const first = await http.json("/api/connections?limit=1");
  assertEquals([first.connections[0].id, first.total], ["s1", 2]);
  const second = await http.json(first.next);
  assertEquals([second.connections[0].id, second.next], ["s2", null]);
  assertEquals(second.connections[0].subscriptions, [{ pattern: "#b", slow: "block" }]);
  const sorted = await http.json("/api/connections?sort=queued");
  assertEquals(sorted.connections.length, 2);
  const { status } = await http.ask(`/api/connections/${first.connections[0].number}`, { method: "DELETE" });
  assertEquals(status, 204);
  assertEquals(await one.line(), undefined, "it is over");
  assertEquals((await http.json("/api/connections/1", { method: "DELETE" }, 404)).code, "NO_SUCH");
  assertEquals((await http.json("/api/connections")).connections.map(({ id }: { id: string }) => id), ["s2"]);
  assertEquals((await http.json("/api/broker")).totals.disconnects.disconnected, 1);
});

Deno.test("groups: how far behind each is, the furthest first", async () => {
  await using http = await startHttp();
  await using member = await connectSubscriber({ id: "m1", port: http.portOf("subscribers") });
  await member.subscribe("#a", { group: "quick", ack: "explicit" });
  await member.subscribe("#b", { group: "late", ack: "explicit" });
  for (let at = 0; at < 2; at++) await http.publish("#b", "x");
  await http.publish("#a", "x");
  const { groups, total, next } = await http.json("/api/groups?limit=1");
  assertEquals([total, groups.length, groups[0].name, groups[0].lag, groups[0].ack], [
    2,
    1,
    "late",
    2,
    "explicit",
  ]);
  assertMatch(groups[0].oldest, /^\d{4}-.*Z$/);
  assertEquals((await http.json(next)).groups[0].name, "quick");
});

Deno.test("what is asked for wrongly is refused with a sentence that names the value", async () => {
  await using http = await startHttp();
  for (
    const [path, code, part] of [
      ["/api/topics?limit=0", "BAD_REQUEST", 'not "0"'],
      ["/api/topics?limit=5000", "BAD_REQUEST", "1,000"],
      ["/api/topics?sort=size", "BAD_REQUEST", '"size"'],
      ["/api/topics?match=a..b", "BAD_PATTERN", "a..b"],
      ["/api/connections?after=x", "BAD_REQUEST", '"x"'],
      ["/api/topics/%23a/messages?from=yesterday", "BAD_REQUEST", '"yesterday"'],
      ["/api/topics/%23a/messages?after=1+2", "BAD_REQUEST", '"1 2"'],
      ["/api/topics/%23a/stream?slow=x", "BAD_REQUEST", '"x"'],
      ["/api/topics/%23a%20b", "BAD_TOPIC", "a b"],
      ["/api/topics/%ff", "BAD_UTF8", "UTF-8"],
      ["/api/topics/%80", "BAD_UTF8", "UTF-8"],
    ] as const
  ) {
    const problem = await http.json(path, {}, 400);
    assertEquals([problem.code, problem.status, problem.title], [code, 400, "Bad Request"], path);
    assert(problem.detail.includes(part), `${path}: ${problem.detail}`);
  }
});

Deno.test("what is not there is 404, another method is 405 with Allow, and HEAD is GET without its body", async () => {
  await using http = await startHttp();
  for (const path of ["/nothing", "/api", "/api/topics/a/b", "/api/topics//messages", "/etc/passwd"]) {
    const { status, headers } = await http.ask(path);
    assertEquals([status, headers.get("content-type")], [404, "application/problem+json"], path);
  }
  const { status, headers, text } = await http.ask("/api/broker", { method: "PUT", body: "x" });
  assertEquals([status, headers.get("allow"), JSON.parse(text).code], [405, "GET, HEAD", "METHOD"]);
  const posted = await http.ask("/api/topics/a/messages", { method: "PATCH" });
  assertEquals(posted.headers.get("allow"), "POST, GET, HEAD");
  const head = await http.ask("/api/broker", { method: "HEAD" });
  assertEquals([head.status, head.text], [200, ""]);
});

Deno.test("the OpenAPI document has all routes with their methods and no others, and answers are as it says", async () => {
  await using http = await startHttp();
  const document = await http.json("/api/openapi.json");
  assertEquals(document, structuredClone(OPENAPI));
  for (const [path, methods] of Object.entries(document.paths) as [string, Record<string, unknown>][]) {
    const asked = path.replace("{topic}", "%23a").replace("{number}", "99");
    const { headers } = await http.ask(asked, { method: "PATCH" });
    const allowed = (headers.get("allow") ?? "").split(", ").filter((method) => method !== "HEAD");
    assertEquals(allowed.sort(), Object.keys(methods).map((method) => method.toUpperCase()).sort(), path);
  }
  await using subscriber = await connectSubscriber({ id: "s1", port: http.portOf("subscribers") });
  await subscriber.subscribe("#a", { group: "g" });
  const published = await http.publish("#a", "x", { "hashbus-header-a": "1", "hashbus-ttl": "60" });
  const { schemas } = document.components;
  check(published, schemas.Published, schemas, "published");
  for (
    const [path, schema] of [
      ["/api/broker", "Broker"],
      ["/api/topics", "Topics"],
      ["/api/topics/a", "OneTopic"],
      ["/api/connections", "Connections"],
      ["/api/groups", "Groups"],
      ["/api/topics/a/messages", "Messages"],
    ] as const
  ) {
    check(await http.json(path), schemas[schema], schemas, path);
  }
  check(await http.json("/api/topics?limit=x", {}, 400), schemas.Problem, schemas, "problem");
});

// deno-lint-ignore no-explicit-any -- JSON of both
function check(value: any, schema: any, schemas: any, where: string): void {
  if (schema.$ref !== undefined) return check(value, schemas[schema.$ref.split("/").at(-1)], schemas, where);
  if (schema.anyOf !== undefined) {
    return value === null ? undefined : check(value, schema.anyOf[0], schemas, where);
  }
  switch (schema.type) {
    case "object": {
      assertEquals(typeof value, "object", where);
      const known = Object.keys(schema.properties ?? {});
      for (const name of schema.required ?? []) assert(name in value, `${where} has no ${name}`);
      for (const [name, part] of Object.entries(value)) {
        const of = schema.properties?.[name] ?? schema.additionalProperties;
        assert(of !== undefined, `${where}.${name} is none of ${known.join(", ")}`);
        check(part, of, schemas, `${where}.${name}`);
      }
      return;
    }
    case "array":
      assert(Array.isArray(value), where);
      return value.forEach((part, at) => check(part, schema.items, schemas, `${where}[${at}]`));
    case "integer":
      return assert(Number.isInteger(value), `${where}: ${value}`);
    default:
      return assertEquals(typeof value, schema.type, where);
  }
}
