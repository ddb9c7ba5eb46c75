import { assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

Deno.test("no more groups are stored than may be, those that are go on, and a deleted one makes room", async () => {
  await using broker = new TestServer({
    durable: { store: new MemoryStore({ now: Date.now }), patterns: ["#>"] },
    limits: { groups: 2 },
  });
  using one = await upgrade(broker.connect("subscribers"));
  for (const name of ["a", "b"]) assertEquals(await one.ask(`sub #x group=${name} ack=explicit`), "ok 1");
  assertMatch(
    await one.ask("sub #x group=c ack=explicit") ?? "",
    /^err TOO_MANY_GROUPS there are 2 groups already, .*--max-groups.*--delete-group/,
  );
  assertEquals(await one.ask("unsub #x group=a"), "ok 1");
  using two = await upgrade(broker.connect("subscribers"));
  assertEquals(await two.ask("sub #x group=a ack=explicit"), "ok 1", "it is there already");
  assertEquals(await two.ask("unsub #x group=a"), "ok 1");
  assertEquals(await broker.broker.deleteGroup({ name: "a", pattern: "#x" }), true);
  assertEquals(await two.ask("sub #x group=c ack=explicit"), "ok 1");
});
