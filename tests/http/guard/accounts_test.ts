import { assertEquals } from "@std/assert";
import { readCredentials } from "../../../lib/http/guard/accounts.ts";
import { TestGatekeeper } from "../../support/gates.ts";
import { type Json, startHttp } from "../../support/http.ts";

const ADMIN = { name: "root", secret: "r:oot", pattern: "#>", administrator: true };
const ALICE = { name: "alice", secret: "sesame", pattern: "#orders.>" };

function basic(user: string, secret: string): { readonly authorization: string } {
  return { authorization: `Basic ${btoa(`${user}:${secret}`)}` };
}

Deno.test("credentials are Basic or Bearer, user and token with a colon between", () => {
  assertEquals(readCredentials("Basic YWxpY2U6c2VzOmFtZQ=="), { user: "alice", secret: "ses:ame" });
  assertEquals(readCredentials("bearer alice:sesame"), { user: "alice", secret: "sesame" });
  for (
    const text of [
      "",
      "Basic",
      "Basic ???",
      "Bearer alice",
      "Bearer :x",
      "Digest a:b",
      "Basic //8=",
      "Basic a b",
    ]
  ) {
    assertEquals(readCredentials(text), undefined, text);
  }
});

Deno.test("with accounts all but health needs credentials, and who has none is told which", async () => {
  await using http = await startHttp({ gatekeeper: new TestGatekeeper([ALICE]) });
  assertEquals((await http.ask("/healthz")).status, 200);
  assertEquals((await http.ask("/readyz")).status, 200);
  for (const path of ["/api/broker", "/metrics", "/api/openapi.json", "/nothing", "/api/topics/a/stream"]) {
    const { status, headers, text } = await http.ask(path);
    assertEquals([status, JSON.parse(text).code], [401, "DENIED"], path);
    assertEquals(headers.get("www-authenticate"), 'Basic realm="hashbus", charset="UTF-8"');
  }
  for (const wrong of [basic("alice", "x"), basic("bob", "sesame"), { authorization: "Bearer alice" }]) {
    assertEquals((await http.ask("/api/broker", { headers: wrong })).status, 401);
  }
  assertEquals((await http.json("/api/broker", { headers: basic("alice", "sesame") })).you, {
    account: "alice",
    administrator: false,
  });
  assertEquals(
    (await http.ask("/api/broker", { headers: { authorization: "Bearer alice:sesame" } })).status,
    200,
  );
});

Deno.test("an account that is gone is out with the next request; who lets in may be busy", async () => {
  const gatekeeper = new TestGatekeeper([ALICE]);
  await using http = await startHttp({ gatekeeper });
  const headers = basic("alice", "sesame");
  await http.json("/api/broker", { headers });
  gatekeeper.busy = true;
  const { code } = await http.json("/api/broker", { headers }, 503);
  assertEquals(code, "BUSY");
  gatekeeper.busy = false;
  gatekeeper.accounts.clear();
  assertEquals((await http.ask("/api/broker", { headers })).status, 401);
});

Deno.test("an account sees and does over HTTP what it may, an administrator all", async () => {
  await using http = await startHttp({ gatekeeper: new TestGatekeeper([ADMIN, ALICE]) });
  const alice = basic("alice", "sesame");
  const admin = basic("root", "r:oot");
  const publish = async (topic: string, headers: Record<string, string>): Promise<Json[]> => {
    const path = `/api/topics/${encodeURIComponent(topic)}/messages`;
    const { status, text } = await http.ask(path, { method: "POST", body: "x", headers });
    return [status, JSON.parse(text).code];
  };
  assertEquals(await publish("#orders.eu", alice), [201, undefined]);
  assertEquals(await publish("#secret", alice), [403, "DENIED"]);
  assertEquals(await publish("#secret", admin), [201, undefined]);
  const topicsOf = async (headers: Record<string, string>, sort: string): Promise<string[]> =>
    (await http.json(`/api/topics?sort=${sort}`, { headers })).topics.map(({ topic }: Json) => topic).sort();
  for (const sort of ["name", "rate"]) {
    assertEquals(await topicsOf(alice, sort), ["#orders.eu"]);
    assertEquals(await topicsOf(admin, sort), ["#orders.eu", "#secret"]);
    // how many there are of others' is nobody's business either
    for (const [headers, total] of [[alice, 1], [admin, 2]] as const) {
      assertEquals((await http.json(`/api/topics?sort=${sort}`, { headers })).total, total);
    }
  }
  const statusOf = async (path: string, init: RequestInit): Promise<number> =>
    (await http.ask(path, init)).status;
  assertEquals(await statusOf("/api/topics/secret", { headers: alice }), 403);
  assertEquals(await statusOf("/api/topics/secret/messages", { headers: alice }), 403);
  assertEquals(await statusOf("/api/topics/secret/stream", { headers: alice }), 403);
  assertEquals(await statusOf("/api/topics/orders.eu/messages", { headers: alice }), 200);
  assertEquals(await statusOf("/api/connections/1", { headers: alice, method: "DELETE" }), 403);
  assertEquals(await statusOf("/api/connections/9999", { headers: admin, method: "DELETE" }), 404);
  const ofAlice = (await http.ask("/metrics", { headers: alice })).text;
  assertEquals([ofAlice.includes('topic="#orders.eu"'), ofAlice.includes("#secret")], [true, false]);
  assertEquals((await http.ask("/metrics", { headers: admin })).text.includes('topic="#secret"'), true);
});
