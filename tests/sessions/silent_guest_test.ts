import { assertEquals } from "@std/assert";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import { CLOSED } from "../support/gatekeepers.ts";
import { TestServer } from "../support/server.ts";

Deno.test("who has said nothing yet is among the connections, in the order in which they came", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED });
  using _first = broker.connect("publishers");
  using inside = broker.connect("publishers", undefined, UNLIMITED);
  assertEquals(await inside.ask("p pub #a x"), "OK");
  using _last = broker.connect("subscribers");
  assertEquals(broker.broker.connections, 3);
  const shown = broker.broker.snapshot().connections;
  assertEquals(shown.map(({ number, id, listener }) => [number, id, listener]), [
    [1, "", "publishers"],
    [2, "p", "publishers"],
    [3, "", "subscribers"],
  ]);
  const [silent, talks] = shown;
  assertEquals(silent, {
    ...talks!,
    number: 1,
    id: "",
    account: undefined,
    address: silent!.address,
  }, "nothing is left out");
});

Deno.test("who runs the broker can end one who has said nothing, and who leaves is gone", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED });
  using silent = broker.connect("publishers");
  const leaver = broker.connect("publishers");
  assertEquals(broker.broker.connections, 2);
  assertEquals(broker.broker.disconnect(1), true);
  assertEquals(await silent.rest(), "ERR_DENIED\n");
  assertEquals(broker.broker.disconnect(3), false);
  await broker.event("connection closed");
  leaver.close();
  while (broker.broker.connections > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const ended = broker.logged.filter(({ event }) => event === "connection closed");
  assertEquals(ended.map(({ fields }) => [fields["connection"], fields["reason"]]), [
    [1, "disconnected"],
    [2, "end of input"],
  ]);
});

Deno.test("a broker that stops waits for nobody who has said nothing", async () => {
  const broker = new TestServer({ gatekeeper: CLOSED });
  using silent = broker.connect("publishers");
  assertEquals(await broker.broker.drain(60_000), 0);
  assertEquals(await silent.rest(), "");
  const { fields } = await broker.event("connection closed");
  assertEquals(fields["reason"], "drained");
  await broker[Symbol.asyncDispose]();
});

Deno.test("what the first read brought is read whole, and once", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED });
  using client = broker.connect("publishers");
  await client.send("p pub #a x\np quit\n");
  assertEquals(await client.rest(), "ERR_DENIED\nOK\n");
});
