import { assert, assertEquals } from "@std/assert";
import { TestServer } from "../support/server.ts";

Deno.test("many connections over the limit are refused each and logged once", async () => {
  await using broker = new TestServer({ limits: { connections: 1 } });
  using first = broker.connect("subscribers");
  assertEquals(await first.ask("s1 sub #a"), "OK");
  for (let at = 0; at < 50; at++) {
    using refused = broker.connect("subscribers");
    assertEquals(await refused.rest(), "ERR_TOO_MANY_CONNECTIONS\n");
  }
  const told = broker.logged.filter(({ event }) => event === "connection refused: too many");
  assert(told.length <= 2, `${told.length} lines`);
  assertEquals(told[0]?.fields["times"], 1);
  assertEquals(await first.ask("s1 unsub #a"), "OK");
});
