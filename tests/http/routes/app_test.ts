/** What stands before the routes and behind them, over a real port. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { ASSETS } from "../../../lib/http/mod.ts";
import { RunError } from "../../../lib/errors.ts";
import { type LogFields, SILENT_LOG } from "../../../lib/log.ts";
import { TestGatekeeper } from "../../support/gates.ts";
import { Events, type Json, startHttp } from "../../support/http.ts";
import { HeldStore } from "../../support/held_store.ts";
import { RawClient } from "../../support/raw_client.ts";
import { until } from "../../support/until.ts";
import { within } from "../../support/within.ts";

Deno.test("the page and its files are for everybody, with their types and tags, and taken once", async () => {
  await using http = await startHttp({ gatekeeper: new TestGatekeeper([]), http: { assets: ASSETS } });
  const page = await http.ask("/");
  const { status, headers } = page;
  assertEquals([status, headers.get("content-type"), headers.get("cache-control")], [
    200,
    "text/html; charset=utf-8",
    "no-cache",
  ]);
  assertEquals(headers.get("etag"), ASSETS.get("/")!.etag);
  const again = await http.ask("/", { headers: { "if-none-match": headers.get("etag")! } });
  assertEquals([again.status, again.text], [304, ""]);
  const other = await http.ask("/", { headers: { "if-none-match": '"another"' } });
  assertEquals([other.status, other.text], [200, page.text]);
  assertEquals(
    (await http.ask("/assets/app.js")).headers.get("content-type"),
    "text/javascript; charset=utf-8",
  );
  const denied = await http.ask("/api/broker");
  assertEquals([denied.status, denied.headers.get("cache-control")], [401, "no-store"]);
});

Deno.test("a defect is told as one, without what it is, and is in the log with all of it", async () => {
  const logged: [string, LogFields][] = [];
  const log = { ...SILENT_LOG, error: (event: string, fields = {}) => void logged.push([event, fields]) };
  await using http = await startHttp({ http: { log } });
  http.broker.groups = () => Promise.reject(new TypeError("a secret of ours"));
  const problem = await http.json("/api/groups", {}, 500);
  assertEquals([problem.code, problem.detail], ["INTERNAL", "an error inside the broker; its log says more"]);
  assertEquals(logged.map(([event, { request }]) => [event, request]), [["internal error", "/api/groups"]]);
  assertMatch(String(logged[0]![1]["error"]), /TypeError: a secret of ours\n.* at /);
  http.broker.groups = () => Promise.reject(new RunError("the disk is gone"));
  assertEquals((await http.json("/api/groups", {}, 503)).code, "STORE");
  assertEquals(logged.length, 1, "what is no defect is not logged");
});

Deno.test("an administrator ends a connection by its number alone, which is logged", async () => {
  const logged: [string, LogFields][] = [];
  const log = { ...SILENT_LOG, info: (event: string, fields = {}) => void logged.push([event, fields]) };
  await using http = await startHttp({ http: { log } });
  using one = await RawClient.connect(http.portOf("subscribers"));
  await one.ask("s1 sub #a");
  for (const number of ["x", "0", "2", "1.0", "+1", "1e0", "99999999999999999999"]) {
    const problem = await http.json(`/api/connections/${number}`, { method: "DELETE" }, 404);
    assertEquals(problem.detail, `there is no connection ${number}: it may have ended`);
  }
  assertEquals([logged, await one.ask("s1 sub #b")], [[], "OK"], "it is still there");
  assertEquals((await http.ask("/api/connections/1", { method: "DELETE" })).status, 204);
  assertEquals(logged, [["disconnected by an administrator", {
    connection: 1,
    by: undefined,
    from: "127.0.0.1",
  }]]);
});

Deno.test("a request's connection to the broker is over with it, however it ended", async () => {
  await using http = await startHttp();
  await http.publish("#a", "x");
  await http.json("/api/topics/a/messages");
  await until("the end of all connections", () => http.broker.connections === 0);
});

Deno.test("a stream is told at once that the port closes, and then it is over", async () => {
  const http = await startHttp({ store: undefined });
  await using events = await Events.open(`${http.url}/api/topics/m/stream?from=now`);
  assertEquals((await events.next())?.event, "open");
  const closing = http[Symbol.asyncDispose]();
  const end = await events.next();
  assertEquals([end?.event, end?.data], ["end", {
    code: "DRAINING",
    detail: "the broker ended this stream",
  }]);
  assertEquals(await events.next(), undefined);
  await within("the end of the port", closing);
});

Deno.test("NDJSON ends with the first line that is refused, though its body has not ended", async () => {
  const store = new HeldStore();
  await using http = await startHttp({ store });
  store.free = false;
  let send!: (text: string) => void;
  const body = new ReadableStream<Uint8Array>({
    start: (to) => void (send = (text) => to.enqueue(new TextEncoder().encode(text))),
  });
  send("one\n");
  const answer = http.json(
    "/api/topics/d/messages",
    { method: "POST", body, headers: { "content-type": "Application/X-NDJSON; charset=utf-8" } },
    503,
  );
  (await store.next()).end({ kind: "refused", reason: "the disk is full" });
  store.free = true;
  // what is read behind that shows that it was; what is sent behind the answer may reset the connection
  const more = setInterval(() => send("more\n"), 250);
  try {
    const problem: Json = await within("the refusal", answer);
    assertEquals([problem.code, problem.messages >= 0], ["STORE", true]);
  } finally {
    clearInterval(more);
  }
});

Deno.test("an answer of stored messages ends before it has more than 8 MiB, but one alone is given", async () => {
  await using http = await startHttp({ limits: { payload: 10 * 1024 * 1024 } });
  for (const mib of [9, 3, 5, 1]) await http.publish("#large", "x".repeat(mib * 1024 * 1024));
  await http.publish("#large", "x");
  const pages: number[][] = [];
  for (let path: string | null = "/api/topics/large/messages"; path !== null;) {
    const { messages, next }: Json = await http.json(path);
    pages.push(messages.map(({ payload }: Json) => payload.length / 1024 / 1024));
    path = next;
  }
  assertEquals(pages.map((page) => page.map(Math.ceil)), [[9], [3, 5], [1, 1]]);
});

Deno.test("what is posted in more than it says, or says wrongly, is refused with its sentence", async () => {
  await using http = await startHttp({ limits: { payload: 1024 } });
  const long = await http.json("/api/topics/a/messages", { method: "POST", body: "x".repeat(1025) }, 413);
  assertEquals(long.detail, "the body is longer than 1,024 bytes, which a payload may have (--max-payload)");
  const { headers } = await http.ask("/api/topics/a/messages", { method: "POST", body: "x".repeat(1024) });
  assertEquals(headers.get("location"), "/api/topics/%23a/messages?from=1&limit=1");
  assert(headers.get("x-frame-options") === "DENY");
});
