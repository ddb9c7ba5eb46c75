import { assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { Store } from "../../lib/store/types.ts";
import { type Account, TestAccounts, TriedGrant } from "../support/accounts.ts";
import { HeldStore } from "../support/held_store.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

/** A broker with accounts, and one that may do everything. */
class Accounts implements AsyncDisposable {
  readonly accounts = new TestAccounts();
  readonly server: TestServer;

  constructor(durable: readonly string[] = [], store: Store = new MemoryStore({ now: Date.now })) {
    this.server = new TestServer({
      gatekeeper: this.accounts,
      ...(durable.length === 0 ? {} : { durable: { store, patterns: durable } }),
    });
    this.accounts.set("all", { publish: ALL, receive: ALL, administrator: true });
  }

  async enter(to: "publishers" | "subscribers", account: string, may?: Account): Promise<RawClient> {
    if (may !== undefined) this.accounts.set(account, may);
    const grant = await new Promise<TriedGrant>((resolve) =>
      this.accounts.admit({ user: account }, undefined, (admission) => {
        if (admission.kind === "admitted") resolve(admission.grant as TriedGrant);
      })
    );
    const client = this.server.connect(to, undefined, grant);
    await client.send(`${account} hello 2\n`);
    await client.lines(2);
    return client;
  }

  /** From now on it may do this; undefined: nothing, and not be here. */
  change(account: string, may: Account | undefined): void {
    if (may === undefined) this.accounts.remove(account);
    else this.accounts.set(account, may);
    this.server.broker.permissionsChanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

const ALL = { allow: ["#>"] };
const ENDED = "this account may not receive it any more";

async function publish(broker: Accounts, ...topics: string[]): Promise<void> {
  const publisher = await broker.enter("publishers", "all");
  for (const topic of topics) assertMatch(await publisher.ask(`pub ${topic} 1\nx`) ?? "", /^ok 1 /);
  publisher.close();
}

/** What has come until now, without payloads and the pong. */
async function heard(client: RawClient): Promise<string[]> {
  const lines: string[] = [];
  await client.send("ping\n");
  for (let line = await client.line(); line !== "pong" && line !== undefined; line = await client.line()) {
    if (line !== "x") lines.push(line);
  }
  return lines;
}

Deno.test("a flood of publishes asks once a topic, allowed or not, whoever else publishes there (P1)", async () => {
  await using broker = new Accounts();
  const one = broker.accounts.set("one", { publish: { allow: ["#a.*"] } });
  const other = broker.accounts.set("other", { publish: { allow: ["#b.*"] } });
  const clients = [await broker.enter("publishers", "one"), await broker.enter("publishers", "other")];
  const round = "pub #a.1 1\nx\npub #a.2 1\nx\npub #b.1 1\nx\npub #b.2 1\nx\n";
  // a topic is known when it is named for the second time
  for (const client of clients) await client.send(round.repeat(2));
  for (const client of clients) await heard(client);
  const asked = one.asked + other.asked;
  for (let times = 0; times < 3; times++) {
    for (const client of clients) await client.send(round.repeat(100));
    for (const client of clients) {
      const refused = (await heard(client)).filter((line) => line.startsWith("err DENIED "));
      assertEquals(refused.length, 200);
    }
  }
  assertEquals(one.asked + other.asked, asked);
});

Deno.test("what may not be published is refused in its place, and a run of it with one answer (P1)", async () => {
  await using broker = new Accounts();
  const subscriber = await broker.enter("subscribers", "all");
  await subscriber.ask("sub #>");
  const publisher = await broker.enter("publishers", "p", { publish: { allow: ["#>"], deny: ["#b"] } });
  await publisher.send("pub #a 1\nx\n" + "pub #b 1\nx\n".repeat(3) + "pub #a 1\nx\nping\n");
  const denied = 'err DENIED account "p" may not publish to "#b"';
  const answers = await publisher.lines(6);
  assertEquals(answers, [
    "ok 1 level=memory subs=1",
    denied,
    denied,
    denied,
    "ok 1 level=memory subs=1",
    "pong",
  ]);
  assertEquals(await heard(subscriber), ["pub #a 1", "pub #a 1"]);
});

Deno.test("what reply= names is judged when somebody answers there, by what that one may (P7)", async () => {
  await using broker = new Accounts();
  const asking = { publish: { allow: ["#jobs"] }, receive: { allow: ["#_reply.>"] } };
  const requester = await broker.enter("publishers", "asks", asking);
  const secret = await broker.enter("subscribers", "all");
  await secret.ask("sub #secret");
  const answering = { publish: { allow: ["#_reply.>"] }, receive: { allow: ["#jobs"] } };
  const jobs = await broker.enter("subscribers", "answers", answering);
  await jobs.ask("sub #jobs");
  assertMatch(await requester.ask("pub #jobs 1 reply=#secret\nx") ?? "", /^ok 1 /);
  assertEquals(await heard(jobs), ["pub #jobs 1 reply=#secret"]);
  const answers = await broker.enter("publishers", "answers");
  assertEquals(
    await answers.ask("pub #secret 1\nx"),
    'err DENIED account "answers" may not publish to "#secret"',
  );
  assertEquals(await heard(secret), []);
});

Deno.test("who has lost the right to all of a pattern is told that its subscription has ended (P8)", async () => {
  await using broker = new Accounts();
  const may = { receive: { allow: ["#a.>", "#b"] } };
  const subscriber = await broker.enter("subscribers", "s", may);
  for (const pattern of ["#a.>", "#b", "#*.c"]) assertEquals(await subscriber.ask(`sub ${pattern}`), "ok 1");
  broker.change("s", { receive: { allow: ["#a.c"] } });
  assertEquals(await subscriber.line(), `info {"ended":"#b","reason":"${ENDED}"}`);
  await publish(broker, "#a.b", "#a.c", "#b");
  assertEquals(await heard(subscriber), ["pub #a.c 1"]);
  assertEquals(
    await subscriber.ask("sub #b"),
    'err DENIED account "s" may receive nothing of "#b"',
  );
  assertEquals(await subscriber.ask("unsub #b"), "err NOT_SUBSCRIBED " + NOT_SUBSCRIBED);
});

const NOT_SUBSCRIBED =
  "this connection is not subscribed to that pattern; unsubscribe with the pattern that " +
  "was subscribed to";

Deno.test("a right that is given back is in force at once, for subscriptions that are left (P8)", async () => {
  await using broker = new Accounts();
  const subscriber = await broker.enter("subscribers", "s", { receive: { allow: ["#a.>"] } });
  await subscriber.ask("sub #a.>");
  await publish(broker, "#a.b");
  broker.change("s", { receive: { allow: ["#a.>"], deny: ["#a.b"] } });
  await publish(broker, "#a.b", "#a.c");
  broker.change("s", { receive: { allow: ["#a.>"] } });
  await publish(broker, "#a.b");
  assertEquals(await heard(subscriber), ["pub #a.b 1", "pub #a.c 1", "pub #a.b 1"]);
});

Deno.test("a right to publish that is taken away is gone with the next publish (P8)", async () => {
  await using broker = new Accounts();
  const publisher = await broker.enter("publishers", "p", { publish: { allow: ["#a"] } });
  for (let times = 0; times < 3; times++) assertMatch(await publisher.ask("pub #a 1\nx") ?? "", /^ok 1 /);
  broker.change("p", { publish: { allow: ["#b"] } });
  assertMatch(await publisher.ask("pub #a 1\nx") ?? "", /^err DENIED /);
  assertMatch(await publisher.ask("pub #b 1\nx") ?? "", /^ok 1 /);
});

Deno.test("an account that is gone ends its connections, which are told why (P8)", async () => {
  await using broker = new Accounts();
  const [subscriber, kept] = [
    await broker.enter("subscribers", "s", { receive: ALL }),
    await broker.enter("subscribers", "other", { receive: ALL }),
  ];
  for (const client of [subscriber, kept]) await client.ask("sub #a");
  broker.change("s", undefined);
  assertEquals(await subscriber.rest(), "bye DENIED this account has no place here any more\n");
  await publish(broker, "#a");
  assertEquals(await heard(kept), ["pub #a 1"]);
});

Deno.test("a member that may not have all of its group's pattern any more leaves it to the others (P8)", async () => {
  await using broker = new Accounts(["#b.>"]);
  const may = { receive: { allow: ["#b.>", "#a.>"] } };
  const [member, other] = [
    await broker.enter("subscribers", "m", may),
    await broker.enter("subscribers", "all"),
  ];
  await member.ask("sub #b.> group=g ack=explicit");
  await member.ask("sub #a.> group=g ack=auto");
  await publish(broker, "#b.a", "#b.b");
  assertEquals((await heard(member)).filter((line) => line.startsWith("pub")).length, 2);
  for (const group of ["#b.> group=g ack=explicit", "#a.> group=g ack=auto"]) await other.ask(`sub ${group}`);
  broker.change("m", { receive: { allow: ["#b.>", "#a.>"], deny: ["#b.a"] } });
  assertEquals(await member.line(), `info {"ended":"#b.>","group":"g","reason":"${ENDED}"}`);
  const given: string[] = [];
  while (given.length < 2) {
    const line = await other.line() ?? "";
    if (line.startsWith("pub #b.")) given.push(line);
  }
  assertEquals(given, ["pub #b.a 1", "pub #b.b 1"]);
  assertMatch(await member.ask("ack g #b.a 1") ?? "", /^err NOT_HELD /);
  await publish(broker, "#a.a", "#a.b");
  const got = [await heard(member), await heard(other)].flat().filter((line) => line.startsWith("pub"));
  assertEquals(got.sort(), ["pub #a.a 1", "pub #a.b 1"]);
});

Deno.test("a member that is given what it may not receive leaves, and another gets it", async () => {
  await using broker = new Accounts();
  // it says that all of #a.> may be shared, and then not
  const grant = new (class extends TriedGrant {
    override mayShare(): boolean {
      return true;
    }
  })("m", { receive: { allow: ["#a.>"], deny: ["#a.b"] } });
  const member = broker.server.connect("subscribers", undefined, grant);
  await member.send("m hello 2\n");
  await member.lines(2);
  await member.ask("sub #a.> group=g");
  await publish(broker, "#a.a", "#a.b");
  assertEquals((await member.lines(3)).at(1), "pub #a.a 1");
  assertEquals(await member.line(), `info {"ended":"#a.>","group":"g","reason":"${ENDED}"}`);
  assertEquals(await heard(member), []);
});

/** A store whose reads are answered when the test says so. */
class KeptAnswers extends HeldStore {
  readonly kept: Array<() => void> = [];
  keeps = false;

  override seek(...[pattern, range, done]: Parameters<HeldStore["seek"]>): void {
    super.seek(pattern, range, (outcome) => this.#answer(() => done(outcome)));
  }

  override read(...[cursors, extent, done]: Parameters<HeldStore["read"]>): void {
    super.read(cursors, extent, (outcome) => this.#answer(() => done(outcome)));
  }

  /** Answers until something else has come that is answered. */
  release(): void {
    this.keeps = false;
    for (const answer of this.kept.splice(0)) answer();
  }

  #answer(answer: () => void): void {
    if (this.keeps) this.kept.push(answer);
    else answer();
  }
}

for (const [what, from] of [["read", "earliest"], ["sought", "latest"]] as const) {
  Deno.test(`what was being ${what} for a replay when a right was taken away does not come (P8)`, async () => {
    const store = new KeptAnswers();
    await using broker = new Accounts(["#b.>"], store);
    await publish(broker, "#b.a", "#b.b", "#b.a");
    const subscriber = await broker.enter("subscribers", "s", { receive: { allow: ["#b.>"] } });
    if (what === "read") assertEquals(await subscriber.ask("sub #b.b from=earliest"), "ok 1");
    await heard(subscriber);
    store.keeps = true;
    await subscriber.send(`sub #b.> from=${from}\nping\n`);
    while (store.kept.length === 0) await new Promise((resolve) => setTimeout(resolve));
    if (what === "read") {
      // the search for its beginning; then it reads
      store.kept.shift()!();
      while (store.kept.length === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    broker.change("s", { receive: { allow: ["#b.>"], deny: ["#b.b"] } });
    store.release();
    const lines: string[] = [];
    while (lines.at(-1) !== 'info {"live":"#b.>"}') lines.push(await subscriber.line() ?? "end");
    const topics = lines.flatMap((line) => /^pub (\S+) /.exec(line)?.[1] ?? []);
    assertEquals(topics, from === "latest" ? ["#b.a"] : ["#b.a", "#b.a"]);
  });
}

Deno.test("without accounts everybody may hear and share what is answered to others (P5)", async () => {
  await using server = new TestServer();
  using client = server.connect("subscribers");
  await client.send("s1 hello 2\n");
  await client.lines(2);
  for (const asked of ["sub #_reply.>", "sub #_reply.*.1", "sub #_reply.> group=g"]) {
    assertEquals(await client.ask(asked), "ok 1", asked);
  }
});
