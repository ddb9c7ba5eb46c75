import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Admission, Credentials, Gatekeeper, Visitor } from "../../../lib/auth/gatekeeper.ts";
import type { AccountLimits } from "../../../lib/auth/account_limits.ts";
import { type Grant, UNLIMITED } from "../../../lib/auth/grant.ts";
import { PUBLISHERS, SUBSCRIBERS } from "../../../lib/broker/mod.ts";
import { DEFAULT_LIMITS } from "../../../lib/limits.ts";
import { AccountUses } from "../../../lib/sessions/admission/account_uses.ts";
import { Standing } from "../../../lib/sessions/admission/standing.ts";
import { memoryPair } from "../../support/memory_pair.ts";
import { RawClient } from "../../support/raw_client.ts";
import { TestServer } from "../../support/server.ts";
import { upgrade } from "../../support/v2.ts";

const LISTENERS = { publishers: PUBLISHERS, subscribers: SUBSCRIBERS };

function grantOf(account: string, limits: AccountLimits): Grant {
  return { ...UNLIMITED, account, limits };
}

function connect(broker: TestServer, to: keyof typeof LISTENERS, grant: Grant): RawClient {
  const [mine, theirs] = memoryPair();
  void broker.broker.serve(theirs, { listener: LISTENERS[to], grant });
  return new RawClient(mine);
}

/** Publishes so many messages at once, and says how long it takes until all are acknowledged, milliseconds. */
async function publish(client: RawClient, count: number): Promise<number> {
  const begin = performance.now();
  const sent = client.send("pub #a 1\nx\n".repeat(count));
  for (let done = 0; done < count;) {
    const line = await client.line();
    assertMatch(line ?? "", /^ok \d/);
    done += Number(line?.split(" ")[1]);
  }
  await sent;
  return performance.now() - begin;
}

Deno.test("an account that publishes faster than it may waits, loses nothing, and keeps no other waiting (A9)", async () => {
  await using broker = new TestServer();
  const slow = grantOf("slow", { messageRate: 1000 });
  using limited = await upgrade(connect(broker, "publishers", slow));
  using free = await upgrade(connect(broker, "publishers", grantOf("free", {})));
  const taking = publish(limited, 2000);
  for (let at = 0; at < 20; at++) await publish(free, 1000);
  assert(broker.broker.snapshot().connections[0]!.waits, "it waits while the other has published 20,000");
  const took = await taking;
  assert(took > 900, `2,000 messages at 1,000 a second after the first took ${took} ms`);
  assertEquals(broker.totals.published, 22_000);
});

Deno.test("the connections of an account share its rate, also one that comes new", async () => {
  await using broker = new TestServer();
  const slow = grantOf("slow", { byteRate: 20_000 });
  using first = await upgrade(connect(broker, "publishers", slow));
  // 11 bytes each: some two seconds' worth
  const taking = publish(first, 3600);
  await broker.event("connection opened");
  while (!broker.broker.snapshot().connections[0]!.waits) await new Promise((done) => setTimeout(done, 5));
  using second = await upgrade(connect(broker, "publishers", slow));
  const published = broker.totals.published;
  await second.send("pub #a 1\ny\n");
  assert(published < 3600, "the first still waits");
  assertMatch(await second.line() ?? "", /^ok 1 /);
  await taking;
});

Deno.test("an account has no more connections than it may, and another as many as it likes", async () => {
  await using broker = new TestServer();
  const grant = grantOf("two", { connections: 2 });
  using a = connect(broker, "subscribers", grant);
  using b = connect(broker, "publishers", grant);
  assertEquals([await a.ask("s sub #a"), await b.ask("p pub #a x")], ["OK", "OK"]);
  using third = connect(broker, "publishers", grant);
  assertEquals(await third.rest(), "");
  const { fields } = await broker.event("connection closed");
  assertEquals(fields["reason"], "account full");
  using other = connect(broker, "publishers", grantOf("other", { connections: 2 }));
  assertEquals(await other.ask("p pub #a x"), "OK");
  a.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  using again = connect(broker, "subscribers", grant);
  assertEquals(await again.ask("s sub #a"), "OK");
});

Deno.test("an account's own limits hold for its connections, and none is more than the broker's", async () => {
  await using broker = new TestServer({ limits: { payload: 10_000 } });
  using small = connect(broker, "publishers", grantOf("small", { payload: 1024 }));
  assertEquals(await small.ask("p hello 2"), "OK_2");
  assertEquals(JSON.parse((await small.line())!.slice("info ".length)).max.payload, 1024);
  assertMatch(await small.ask(`pub #a 1025\n${"x".repeat(1025)}`) ?? "", /^err PAYLOAD_TOO_LARGE .* 1024 /);
  using large = await upgrade(connect(broker, "publishers", grantOf("large", { payload: 1e9 })));
  assertMatch(
    await large.ask(`pub #a 10001\n${"x".repeat(10_001)}`) ?? "",
    /^err PAYLOAD_TOO_LARGE .* 10000 /,
  );
  using narrow = connect(broker, "subscribers", grantOf("narrow", { patterns: 1 }));
  assertEquals(await narrow.ask("s sub #a"), "OK");
  assertEquals(await narrow.ask("s sub #b"), "ERR_TOO_MANY_PATTERNS");
});

Deno.test("an account's outbox is its own: what does not fit in it is left out for it alone", async () => {
  await using broker = new TestServer({ slowConsumer: "drop-new" });
  const connectSmall = (grant: Grant): RawClient => {
    const [mine, theirs] = memoryPair(1000);
    void broker.broker.serve(theirs, { listener: SUBSCRIBERS, grant });
    return new RawClient(mine);
  };
  using small = connectSmall(grantOf("small", { outbox: 100_000 }));
  using large = connectSmall(grantOf("large", {}));
  for (const client of [small, large]) assertEquals(await client.ask("s sub #a"), "OK");
  using publisher = await upgrade(connect(broker, "publishers", UNLIMITED));
  for (let at = 0; at < 20; at++) {
    assertMatch(await publisher.ask(`pub #a 20000\n${"x".repeat(20_000)}`) ?? "", /^ok/);
  }
  const [first, second] = broker.broker.snapshot().connections;
  assert(first!.dropped >= 10 && first!.held <= 150_000, `${first!.dropped} ${first!.held}`);
  assertEquals(second!.dropped, 0);
});

/** Lets in whoever shows credentials, when it is told to. */
class Slow implements Gatekeeper {
  readonly waiting: ((admission: Admission) => void)[] = [];

  admit(_: Credentials, __: Visitor, done: (admission: Admission) => void): void {
    this.waiting.push(done);
  }

  admitClassic(): undefined {
    return undefined;
  }

  renew(grant: Grant): Grant {
    return grant;
  }

  /** How many are being asked by now, at least so many. */
  async asked(count: number): Promise<void> {
    while (this.waiting.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const LOGIN = "c hello 2 user=one token=x\n";

Deno.test("a login beyond an account's connections is refused, and counts for nobody", async () => {
  const gatekeeper = new Slow();
  await using broker = new TestServer({ gatekeeper });
  const grant = grantOf("one", { connections: 1 });
  const logIn = async (client: RawClient): Promise<string | undefined> => {
    await client.send(LOGIN);
    await gatekeeper.asked(1);
    gatekeeper.waiting.pop()!({ kind: "admitted", grant });
    return await client.line();
  };
  using first = broker.connect("publishers");
  assertEquals(await logIn(first), "OK_2");
  using second = broker.connect("publishers");
  assertEquals(await logIn(second), "ERR_TOO_MANY_CONNECTIONS");
  assertEquals(await second.rest(), "");
  first.close();
  while (broker.broker.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  using third = broker.connect("publishers");
  assertEquals(await logIn(third), "OK_2");
});

Deno.test("who leaves while it is asked who it is counts for its account no more, whatever comes of it", () => {
  const accounts = new AccountUses();
  const standing = new Standing({ accounts, limits: DEFAULT_LIMITS }, { most: 0 });
  standing.grant = grantOf("one", {});
  assertEquals(accounts.connectionsOf("one"), 1);
  standing.grant = grantOf("two", {});
  assertEquals([accounts.connectionsOf("one"), accounts.connectionsOf("two")], [0, 1]);
  standing.close();
  standing.grant = grantOf("one", {});
  assertEquals([accounts.connectionsOf("one"), accounts.connectionsOf("two")], [0, 0]);
});

Deno.test("the time it takes to know who somebody is does not count as its own, and it makes no room (F26)", async () => {
  const gatekeeper = new Slow();
  await using broker = new TestServer({ gatekeeper, loginTimeout: 250, limits: { connections: 2 } });
  using asked = broker.connect("publishers");
  await asked.send(LOGIN);
  await gatekeeper.asked(1);
  await new Promise((resolve) => setTimeout(resolve, 900));
  using silent = broker.connect("publishers");
  using next = broker.connect("publishers");
  assertEquals(await silent.rest(), "");
  gatekeeper.waiting[0]!({ kind: "admitted", grant: UNLIMITED });
  assertEquals(await asked.line(), "OK_2");
  next.close();
});
