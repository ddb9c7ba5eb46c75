import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Admission, Gatekeeper } from "../../lib/auth/gatekeeper.ts";
import { type Grant, UNLIMITED } from "../../lib/auth/grant.ts";
import { Broker, certificatesOf, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { changed } from "../../lib/broker/group_change.ts";
import { RunError } from "../../lib/errors.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { HAS_OPENSSL, TestIssuer } from "../support/certificates.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { upgrade } from "../support/v2.ts";

function server(): TestServer {
  const store = new MemoryStore({ now: () => Date.now() });
  return new TestServer({ durable: { store, patterns: ["#jobs.>"] } });
}

Deno.test("whoever runs the broker lists groups, lets one begin anew, and forgets one; one that is not there is told as that", async () => {
  await using broker = server();
  using worker = await upgrade(broker.connect("subscribers"));
  assertEquals(await worker.ask("sub #jobs.> group=g ack=explicit"), "ok 1");
  using publisher = await upgrade(broker.connect("publishers"));
  for (const text of ["1", "2"]) await publisher.ask(`pub #jobs.a 1\n${text}`);
  const listed = async (): Promise<readonly unknown[]> =>
    (await broker.broker.groups()).map(({ name, pattern, lag }) => [name, pattern, lag]);
  assertEquals(await listed(), [["g", "#jobs.>", 2]]);
  const [group, none] = [{ name: "g", pattern: "#jobs.>" }, { name: "h", pattern: "#jobs.>" }];
  assertEquals(await broker.broker.resetGroup(none, undefined), false);
  assertEquals(await broker.broker.resetGroup(group, undefined), true);
  assertEquals(await listed(), [["g", "#jobs.>", 0]]);
  assertEquals(await broker.broker.resetGroup(group, { kind: "sequence", sequence: 2 }), true);
  assertEquals(await listed(), [["g", "#jobs.>", 1]]);
  worker.close();
  await until("the end of the worker", () => broker.broker.connections <= 1);
  assertEquals(await broker.broker.deleteGroup(none), false);
  assertEquals(await broker.broker.deleteGroup(group), true);
  assertEquals(await listed(), []);
  assertEquals(await broker.broker.topics.stored({ most: 9 }), {
    kind: "topics",
    topics: [{ topic: "#jobs.a", first: 1, last: 2 }],
    next: undefined,
  });
});

Deno.test("a change of a group that fails says why, and that nothing has changed", async () => {
  const error = await assertRejects(
    () => changed((done) => done({ kind: "failed", reason: "the disk is full" })),
    RunError,
  );
  assertEquals(error.message, "the group stays as it is: the disk is full");
  assertEquals(await changed((done) => done({ kind: "done" })), true);
});

Deno.test("what is to come later comes when its time is over, though nothing else happens", async () => {
  await using broker = server();
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.ask("sub #jobs.a");
  using publisher = await upgrade(broker.connect("publishers"));
  const start = performance.now();
  assertMatch(await publisher.ask("pub #jobs.a 1 delay=0.05\nx") ?? "", /^ok 1 /);
  assertMatch(await subscriber.line() ?? "", /^batch #jobs\.a 1 /);
  assertEquals(performance.now() - start > 45, true);
});

Deno.test("when accounts have changed every connection may do what its account may now (P8)", async () => {
  let grant: Grant | undefined = { ...UNLIMITED, account: "a", administrator: false };
  const gatekeeper: Gatekeeper = {
    admit: (_, __, done: (admission: Admission) => void) => done({ kind: "admitted", grant: grant! }),
    admitClassic: () => undefined,
    renew: () => grant!,
  };
  await using broker = new Broker({ gatekeeper });
  const [mine, theirs] = memoryPair();
  void broker.serve(theirs, { listener: SUBSCRIBERS });
  using client = new RawClient(mine);
  assertEquals(await client.ask("s1 hello 2 user=a token=t"), "OK_2");
  await client.line();
  broker.permissionsChanged();
  assertEquals(await client.ask("ping"), "pong");
  grant = undefined;
  broker.permissionsChanged();
  assertEquals(await client.line(), "bye DENIED this account has no place here any more");
});

Deno.test(
  "certificates are checked where they are asked for",
  { ignore: !HAS_OPENSSL }, // without openssl there are none
  async () => {
    await using issuer = await TestIssuer.make();
    const { certificate } = await certificatesOf(await issuer.issue({ names: "DNS:one" }), Date.now());
    assertEquals(certificate.names, "DNS:one");
    await assertRejects(() => certificatesOf({ certificate: "", key: "" }, 0), RunError, "there is no");
  },
);
