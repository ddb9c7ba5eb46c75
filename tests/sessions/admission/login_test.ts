import { assert, assertEquals, assertMatch } from "@std/assert";
import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { PUBLISHERS } from "../../../lib/broker/mod.ts";
import { LOGIN_BYTES_MOST } from "../../../lib/limits.ts";
import { CLOSED } from "../../support/gatekeepers.ts";
import { memoryPair } from "../../support/memory_pair.ts";
import { RawClient } from "../../support/raw_client.ts";
import { TestServer } from "../../support/server.ts";

Deno.test("who says nothing is ended when its time to log in is over, and who was let in is not (A8) (F26)", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, loginTimeout: 300 });
  using silent = broker.connect("publishers");
  const [mine, theirs] = memoryPair();
  void broker.broker.serve(theirs, { listener: PUBLISHERS, grant: UNLIMITED });
  using inside = new RawClient(mine);
  assertEquals(await silent.rest(), "ERR_DENIED\n");
  const { level, fields } = await broker.event("connection closed");
  assertEquals([level, fields["reason"]], ["debug", "no login"]);
  assertEquals(await inside.ask("p pub #a x"), "OK");
});

Deno.test("time to log in counts from the connection on, whatever trickles in (F27)", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, loginTimeout: 500 });
  using slow = broker.connect("publishers");
  const begin = performance.now();
  let ended = false;
  const rest = slow.rest().finally(() => ended = true);
  while (!ended && performance.now() - begin < 10_000) {
    await slow.send("x").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await rest;
  assert(ended, "a byte now and then is no login");
});

Deno.test("more than 8 KiB before a login end the connection, and nothing of it is kept (A8) (F26, F38)", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED });
  using babbler = broker.connect("publishers");
  void babbler.send("x".repeat(10 * LOGIN_BYTES_MOST)).catch(() => {});
  assertMatch(await babbler.rest(), /^(ERR_\w+\n)*ERR_DENIED\n$/);
  const { fields } = await broker.event("connection closed");
  assertEquals(fields["reason"], "too much before login");
  assert(broker.broker.snapshot().held < 1024 * 1024);
});

Deno.test("where all places are taken, the first who has not logged in makes room (F26)", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, limits: { connections: 3 } });
  using first = broker.connect("subscribers");
  using second = broker.connect("subscribers");
  const [mine, theirs] = memoryPair();
  void broker.broker.serve(theirs, { listener: PUBLISHERS, grant: UNLIMITED });
  using inside = new RawClient(mine);
  assertEquals(await inside.ask("p pub #a x"), "OK");
  using third = broker.connect("subscribers");
  assertEquals(await first.rest(), "");
  using fourth = broker.connect("subscribers");
  assertEquals(await second.rest(), "");
  assertEquals(broker.broker.connections, 3);
  assertEquals(await inside.ask("p pub #a x"), "OK");
  assertEquals(broker.logged.filter(({ event }) => event === "connection refused: too many"), []);
  third.close();
  fourth.close();
});

Deno.test("from one address only so many may come, and those of another are not touched (F26)", async () => {
  await using broker = new TestServer({ connectionsPerAddress: 2 });
  const connect = (address: string): RawClient => {
    const [mine, theirs] = memoryPair();
    void broker.broker.serve(theirs, { listener: PUBLISHERS, address });
    return new RawClient(mine);
  };
  using a = connect("[2001:db8::1]:1000");
  using b = connect("[2001:db8::2]:1000");
  using c = connect("[2001:db8::3]:1000");
  using other = connect("192.0.2.1:1000");
  assertEquals(await c.rest(), "ERR_TOO_MANY_CONNECTIONS\n");
  for (const client of [a, b, other]) assertEquals(await client.ask("p pub #a x"), "OK");
  const { fields } = await broker.event("connection refused: too many");
  assertEquals([fields["limit"], fields["from"]], [2, "2001:db8:0:0::/64"]);
  a.close();
  await broker.event("connection closed");
  using d = connect("[2001:db8::4]:1000");
  assertEquals(await d.ask("p pub #a x"), "OK");
});
