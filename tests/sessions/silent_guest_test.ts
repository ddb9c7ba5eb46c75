import { assertEquals } from "@std/assert";
import { LAST_WORDS_MS, LATE_WITHIN_MS } from "../../lib/limits.ts";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import { PUBLISHERS } from "../../lib/broker/mod.ts";
import { CLOSED, OPEN_TO_CLASSIC } from "../support/gatekeepers.ts";
import { TestServer } from "../support/server.ts";
import { StillClock } from "../support/still_clock.ts";

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

Deno.test("who has said nothing and has to go is told why, however little fits at a time", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, loginTimeout: 300 });
  using silent = broker.connect("publishers", 4);
  assertEquals(await silent.rest(), "ERR_DENIED\n");
  assertEquals(Object.fromEntries(broker.broker.snapshot().endings), { "no login": 1 });
});

Deno.test("who takes no last words is gone a moment later, and counts once", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, loginTimeout: 300 });
  using silent = broker.connect("publishers", 4);
  const { fields } = await broker.event("connection closed");
  assertEquals([fields["connection"], fields["reason"], fields["dropped"]], [1, "no login", 0]);
  assertEquals(broker.broker.connections, 0);
  assertEquals(Object.fromEntries(broker.broker.snapshot().endings), { "no login": 1 });
  assertEquals(await silent.rest(), "ERR_");
});

Deno.test("who is gone when it is told why it has to go was given up all the same", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED });
  const { promise: gone, resolve: leave } = Promise.withResolvers<null>();
  const closed = Promise.withResolvers<void>();
  const over = broker.broker.serve({
    read: () => gone,
    write: () => Promise.reject(new Deno.errors.ConnectionReset("no reader")),
    closeWrite: () => Promise.reject(new Error("nothing is left to end")),
    close: () => {
      leave(null);
      closed.resolve();
    },
  }, { listener: PUBLISHERS });
  assertEquals(broker.broker.disconnect(1), true);
  await closed.promise;
  await over;
  assertEquals(broker.broker.connections, 0);
  assertEquals(Object.fromEntries(broker.broker.snapshot().endings), { "disconnected": 1 });
  assertEquals(broker.logged.map(({ level, event }) => [level, event]), [
    ["debug", "connection opened"],
    ["debug", "connection closed"],
  ]);
});

Deno.test("what comes while the last words are on their way is not answered", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED });
  using silent = broker.connect("publishers", 4);
  broker.broker.disconnect(1);
  await silent.send("p q");
  assertEquals(broker.broker.disconnect(1), true, "it is there until it is closed");
  assertEquals(await silent.rest(), "ERR_DENIED\n");
  assertEquals(broker.broker.disconnect(1), false);
  assertEquals(Object.fromEntries(broker.broker.snapshot().endings), { "disconnected": 1 });
});

Deno.test("one that is being told goodbye makes room for nobody, and is not ended twice by a broker that stops", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, limits: { connections: 2 } });
  using leaving = broker.connect("publishers", 4);
  using stays = broker.connect("publishers");
  broker.broker.disconnect(1);
  using next = broker.connect("publishers");
  assertEquals(await stays.rest(), "", "it was the first who might make room");
  assertEquals(await broker.broker.drain(60_000), 0);
  assertEquals(await next.rest(), "");
  assertEquals(await leaving.rest(), "ERR_");
  assertEquals(Object.fromEntries(broker.broker.snapshot().endings), {
    "made room": 1,
    "disconnected": 1,
    "drained": 1,
  });
  assertEquals(broker.broker.connections, 0);
});

Deno.test("who says nothing has all of --login-timeout, and no more (A8)", async () => {
  const clock = new StillClock();
  await using broker = new TestServer({ gatekeeper: CLOSED, loginTimeout: 1000, clock });
  using silent = broker.connect("publishers");
  clock.pass(999);
  assertEquals(broker.broker.connections, 1);
  clock.pass(2);
  assertEquals(await silent.rest(), "ERR_DENIED\n");
  assertEquals(broker.broker.connections, 0);
});

Deno.test("its last words have half a second and a little more, not one tick", async () => {
  const clock = new StillClock();
  await using broker = new TestServer({ gatekeeper: CLOSED, clock });
  using silent = broker.connect("publishers", 4);
  broker.broker.disconnect(1);
  clock.pass(LAST_WORDS_MS);
  assertEquals(broker.broker.connections, 1);
  clock.pass(LAST_WORDS_MS);
  assertEquals(broker.broker.connections, 0);
  assertEquals(await silent.rest(), "ERR_");
});

Deno.test("who was late with others and has logged in before its turn came is left alone (A8)", async () => {
  const clock = new StillClock();
  await using broker = new TestServer({ gatekeeper: OPEN_TO_CLASSIC, loginTimeout: 1000, clock });
  using clients = new DisposableStack();
  const crowd = Array.from({ length: 500 }, () => clients.use(broker.connect("publishers")));
  clock.pass(1000);
  assertEquals(broker.broker.connections, 500, "all are late, and nobody's turn has come");
  const last = crowd.at(-1)!;
  assertEquals(await last.ask("p pub #a x"), "OK");
  clock.pass(LATE_WITHIN_MS);
  assertEquals(await crowd[0]!.rest(), "ERR_DENIED\n");
  assertEquals(await crowd[498]!.rest(), "ERR_DENIED\n");
  assertEquals(await last.ask("p pub #a x"), "OK");
  assertEquals(broker.broker.connections, 1);
});

Deno.test("who has said something, was not let in, and makes room counts once", async () => {
  await using broker = new TestServer({ gatekeeper: CLOSED, limits: { connections: 1 } });
  using refused = broker.connect("publishers");
  assertEquals(await refused.ask("p pub #a x"), "ERR_DENIED");
  using next = broker.connect("publishers");
  assertEquals(await refused.rest(), "");
  broker.broker.disconnect(2);
  assertEquals(await next.rest(), "ERR_DENIED\n");
  assertEquals(Object.fromEntries(broker.broker.snapshot().endings), { "made room": 1, "disconnected": 1 });
});
