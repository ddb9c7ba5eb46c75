import { assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { SeekOutcome } from "../../lib/store/types.ts";
import { HeldStore } from "../support/held_store.ts";
import { TestServer, type TestServerOptions } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

const NOW = Date.UTC(2026, 0, 2);

function durable(): NonNullable<TestServerOptions["durable"]> {
  return { store: new MemoryStore({ now: () => NOW }), patterns: ["#d.*"] };
}

Deno.test("what a `sub` cannot be is refused with what it has to be, and nobody is subscribed (V4, V8, D4)", async () => {
  await using broker = new TestServer({ durable: durable(), slowConsumer: "drop-new" });
  using client = await upgrade(broker.connect("subscribers"));
  const from =
    "from= is now, earliest, latest, -10 (the last ten of each topic), a sequence number, a time " +
    "or -10m, not";
  const known = "its fields: slow=, from=, to=, group=";
  const cases: ReadonlyArray<readonly [request: string, reply: string]> = [
    ["sub #d.a to=5", "err BAD_FIELD to= ends what from= begins: give both"],
    ["sub #d.a from=soon", `err BAD_FIELD ${from} "soon"`],
    ["sub #d.a from= to=3", `err BAD_FIELD ${from} ""`],
    ["sub #d.a from=1 to=then", 'err BAD_FIELD to= is a sequence number, a time or -10m, not "then"'],
    ["sub #d.a from=5 to=4", "err BAD_FIELD to=4 lies before from=5"],
    ["sub #d.a slow=never", "err BAD_FIELD slow= is one of block, disconnect, drop-new, drop-old, latest"],
    [
      "sub #d.a slow=block",
      "err DENIED slow=block would make publishers wait, which this broker does not allow (--slow-consumer)",
    ],
    ["sub #d.a speed=1", `err BAD_FIELD sub does not know "speed=1"; ${known}`],
    ["sub #d.a slow", `err BAD_FIELD sub does not know "slow"; ${known}`],
    ["unsub #d.a from=1", 'err BAD_FIELD unsub does not know "from=1"; its fields: group='],
  ];
  for (const [request, reply] of cases) assertEquals(await client.ask(request), reply, request);
  for (const request of ["sub #d.*x", "unsub #d.*x", "sub #d.*x group=g", "unsub #d.*x group=g"]) {
    assertMatch(await client.ask(request) ?? "", /^err BAD_PATTERN /, request);
  }
  assertEquals(broker.subscriptions, 0);
});

Deno.test("the ends of a replay may be one number, and of several fields of a name the last holds (V4, D4)", async () => {
  await using broker = new TestServer({ durable: durable() });
  using publisher = await upgrade(broker.connect("publishers"));
  for (const text of ["1", "2", "3"]) await publisher.ask(`pub #d.a 1\n${text}`);
  using client = await upgrade(broker.connect("subscribers"));
  assertMatch(await client.ask("sub #d.a from=soon from=2 to=2") ?? "", /^ok 1/);
  assertMatch(await client.line() ?? "", /^batch #d\.a 1 13 seq=2 ts=/);
  assertEquals(await client.lines(3), ["pub #d.a 1", "2", 'info {"end":"#d.a"}']);
});

Deno.test("who asks for what is stored where nothing is, is told so, and now is no such question (D4)", async () => {
  await using broker = new TestServer();
  using client = await upgrade(broker.connect("subscribers"));
  for (const fields of ["from=1", "from=-10m to=-1m", "group=g from=earliest", "group=g ack=explicit"]) {
    assertMatch(await client.ask(`sub #a ${fields}`) ?? "", /^err NOT_DURABLE/, fields);
  }
  assertEquals(broker.subscriptions, 0);
  for (const fields of ["from=now", "from=now to=5", "group=g from=now"]) {
    assertEquals(await client.ask(`sub #a ${fields}`), "ok 1", fields);
  }
});

/** A store that finds no beginning. */
class Unreadable extends HeldStore {
  constructor() {
    super(new MemoryStore({ now: () => NOW }));
  }

  override seek(...[, , done]: Parameters<HeldStore["seek"]>): void {
    done({ kind: "failed", reason: "the disk is on fire" } as SeekOutcome);
  }
}

Deno.test("a replay whose beginning cannot be read is refused with why, and is no subscription (D4)", async () => {
  await using broker = new TestServer({ durable: { store: new Unreadable(), patterns: ["#d.*"] } });
  using client = await upgrade(broker.connect("subscribers"));
  assertEquals(await client.ask("sub #d.a from=1"), "err STORE the disk is on fire");
  assertEquals(broker.subscriptions, 0);
  assertMatch(await client.ask("unsub #d.a") ?? "", /^err NOT_SUBSCRIBED /);
});

Deno.test("a replay that cannot be read further is no subscription: the same may be had anew, live (D4)", async () => {
  const store = new HeldStore(new MemoryStore({ now: () => NOW }));
  await using broker = new TestServer({ durable: { store, patterns: ["#d.*"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  await publisher.ask("pub #d.a 1\n1");
  store.read = (_cursors, _extent, done) => done({ kind: "failed", reason: "the disk is on fire" });
  using client = await upgrade(broker.connect("subscribers"));
  assertMatch(await client.ask("sub #d.a from=1") ?? "", /^ok 1/);
  assertEquals(await client.line(), 'info {"failed":"#d.a","reason":"the disk is on fire"}');
  assertEquals([broker.subscriptions, broker.broker.snapshot().connections[1]?.subscriptions], [0, []]);
  assertMatch(await client.ask("unsub #d.a") ?? "", /^err NOT_SUBSCRIBED /);
  assertEquals(await client.ask("sub #d.a"), "ok 1");
  assertMatch(await publisher.ask("pub #d.a 1\n2") ?? "", /^ok 1 .*subs=1$/);
  assertMatch(await client.line() ?? "", /^batch #d\.a 1 13 seq=2 ts=/);
  assertEquals(await client.lines(2), ["pub #d.a 1", "2"]);
});

Deno.test("a second `sub` of a pattern takes another policy, and is no other subscription (C5, V8)", async () => {
  await using broker = new TestServer({ limits: { patterns: 1 } });
  using client = await upgrade(broker.connect("subscribers"));
  const policies = (): readonly (readonly [pattern: string, policy: string])[] =>
    broker.broker.snapshot().connections.flatMap(({ subscriptions }) =>
      subscriptions.map(({ pattern, slow }) => [pattern, slow] as const)
    );
  assertEquals(await client.ask("sub #a"), "ok 1");
  assertEquals(policies(), [["#a", "block"]]);
  assertEquals(await client.ask("sub #a slow=latest"), "ok 1");
  assertEquals(policies(), [["#a", "latest"]]);
  assertEquals(await client.ask("sub #a slow=latest"), "ok 1");
  assertMatch(await client.ask("sub #b group=g") ?? "", /^err TOO_MANY_PATTERNS /);
  assertEquals(policies(), [["#a", "latest"]]);
  using publisher = broker.connect("publishers");
  assertEquals(await publisher.ask("p pub #a x"), "OK");
  assertEquals(await client.lines(2), ["pub #a 1", "x"], "it comes once");
  assertEquals(broker.totals.delivered, 1);
});
