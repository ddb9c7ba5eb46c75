/** Pages and streams that go on behind what is not there any more, or with fewer connections than they would. */
import { assertEquals } from "@std/assert";
import { Events, type Json, startHttp } from "../../support/http.ts";
import { grantOf, TestGatekeeper } from "../../support/gates.ts";
import { until } from "../../support/until.ts";

const PATH = "/api/topics/%23t.%3E";

Deno.test("behind one of the last of each topic that has outlived its time the others come all the same", async () => {
  await using http = await startHttp();
  await http.publish("#t.a", "a", { "hashbus-ttl": "0.5" });
  await http.publish("#t.b", "b");
  await http.publish("#t.c", "c");
  const first: Json = await http.json(`${PATH}/messages?from=-1&limit=1`);
  assertEquals(first.messages.map(({ payload }: Json) => payload), ["a"]);
  for (let left = 3; left > 2;) left = (await http.json(`${PATH}/messages`)).messages.length;
  const rest: string[] = [];
  for (let next: string | null = first.next; next !== null;) {
    const page: Json = await http.json(next);
    rest.push(...page.messages.map(({ payload }: Json) => payload));
    next = page.next;
  }
  assertEquals(rest, ["b", "c"]);
});

Deno.test("an account with one connection opens its stream again, too", async () => {
  const account = { name: "alice", secret: "s", pattern: "#>" };
  const gatekeeper = new TestGatekeeper([account]);
  gatekeeper.accounts.set("alice", { account, grant: { ...grantOf(account), limits: { connections: 1 } } });
  await using http = await startHttp({ gatekeeper, durable: ["#t.d"] });
  const headers = { authorization: "Bearer alice:s" };
  let id = "";
  for (let at = 0; at < 2; at++) {
    const last = id === "" ? {} : { "last-event-id": id };
    await using events = await Events.open(`${http.url}${PATH}/stream`, { ...headers, ...last });
    const opened = await events.next();
    assertEquals(opened?.event, "open");
    id = opened?.id ?? id;
    await events[Symbol.asyncDispose]();
    await until("that nobody is there", () => http.broker.connections === 0);
  }
});
