import { assertEquals, assertMatch } from "@std/assert";
import type { Admission, Credentials, Gatekeeper, Visitor } from "../../../lib/auth/gatekeeper.ts";
import type { Grant } from "../../../lib/auth/grant.ts";
import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { FRAMES } from "../../../lib/protocols/mod.ts";
import { type Comer, Entrance } from "../../../lib/sessions/admission/entrance.ts";
import { TestServer } from "../../support/server.ts";
import { within } from "../../support/within.ts";

/** Who says who it is, and waits for what comes of it. */
interface Asked {
  readonly credentials: Credentials;
  readonly visitor: Visitor;
  readonly decide: (admission: Admission) => void;
}

const ALICE: Grant = { ...UNLIMITED, account: "alice", administrator: false };
const SENSORS: Grant = { ...ALICE, account: "sensors" };
const LET_IN: Admission = { kind: "admitted", grant: ALICE };

/** Decides when a test says so; who comes without credentials is let in where `classic` says. */
class Scripted implements Gatekeeper {
  readonly asked: Asked[] = [];
  readonly looks: Visitor[] = [];
  readonly #classic: Grant | undefined;
  #waiting: (() => void) | undefined;

  constructor(classic?: Grant) {
    this.#classic = classic;
  }

  admit(credentials: Credentials, visitor: Visitor, done: (admission: Admission) => void): void {
    this.asked.push({ credentials, visitor, decide: done });
    this.#waiting?.();
  }

  admitClassic(visitor: Visitor): Grant | undefined {
    this.looks.push(visitor);
    return this.#classic;
  }

  renew(grant: Grant): Grant {
    return grant;
  }

  async next(): Promise<Asked> {
    const asked = new Promise<void>((resolve) => this.#waiting = resolve);
    if (this.asked.length === 0) await within("somebody who says who it is", asked);
    return this.asked.shift()!;
  }
}

const LOGIN = "p1 hello 2 user=alice token=s%20ecret\n";

Deno.test("a login is answered when it is known who it is, and nothing behind it before (A1)", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("publishers");
  await client.send(`${LOGIN}pub #a 2\nhi\nping\n`);
  const { credentials, visitor, decide } = await gatekeeper.next();
  assertEquals(credentials, { user: "alice", secret: "s ecret" });
  assertEquals(visitor, { id: "p1", address: "memory" });
  assertEquals(server.totals.published, 0);
  decide(LET_IN);
  assertEquals(await client.line(), "OK_2");
  assertMatch(await client.line() ?? "", /^info \{.*"account":"alice"/);
  assertEquals(await client.lines(2), ["ok 1 level=memory subs=0", "pong"]);
  assertEquals([gatekeeper.looks, server.totals.loginsRefused], [[], 0]);
});

Deno.test("who is refused is told so, and nothing behind it is read (A4)", async () => {
  for (const [kind, said] of [["denied", "ERR_DENIED\n"], ["busy", "ERR_BUSY\n"]] as const) {
    const gatekeeper = new Scripted(SENSORS);
    await using server = new TestServer({ gatekeeper });
    const client = server.connect("publishers");
    await client.send(`${LOGIN}p1 pub #a hi\n`);
    (await gatekeeper.next()).decide({ kind, reason: "no" });
    assertEquals(await client.rest(), said);
    assertEquals([server.totals.published, server.totals.loginsRefused], [0, 1]);
  }
});

Deno.test("who is not let in may do nothing but log in and quit (A2) (F50)", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  for (const to of ["publishers", "subscribers"] as const) {
    const client = server.connect(to);
    await client.send("p1 pub #a hi\np1 sub #a\np1 unsub #a\np1 pub\np1 nonsense\np1 pub #a hi\np1 quit\n");
    const [, sub, unsub] = ["ERR_DENIED", "ERR_DENIED", "ERR_DENIED"];
    const pub = to === "publishers" ? "ERR_DENIED" : "ERR_WRONG_PORT";
    const expected = [pub, sub, unsub, "ERR_DENIED", "ERR_UNKNOWN_COMMAND", pub, "OK", ""];
    assertEquals((await client.rest()).split("\n"), expected);
    assertEquals([server.totals.published, server.subscriptions], [0, 0]);
  }
  assertEquals(gatekeeper.looks.length, 2, "it is looked once a connection");
});

Deno.test("who was denied something may still log in, with what it calls itself at first (A2)", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("subscribers");
  assertEquals(await client.ask("s1 sub #a"), "ERR_DENIED");
  await client.send("s2 hello 2 user=alice token=x\n");
  const { visitor, decide } = await gatekeeper.next();
  assertEquals(visitor.id, "s1");
  decide(LET_IN);
  assertEquals(await client.line(), "OK_2");
  await client.line();
  assertEquals(await client.ask("sub #a"), "ok 1");
});

Deno.test("who shows nothing comes in as what it is, where it may, in either protocol (A3)", async () => {
  const gatekeeper = new Scripted(SENSORS);
  await using server = new TestServer({ gatekeeper });
  const classic = server.connect("publishers");
  assertEquals(await classic.ask("p1 pub #a hi"), "OK");
  const v2 = server.connect("publishers");
  assertEquals(await v2.ask("p2 hello 2"), "OK_2");
  assertMatch(await v2.line() ?? "", /"account":"sensors"/);
  assertEquals(gatekeeper.looks.map(({ id }) => id), ["p1", "p2"]);
  assertEquals(gatekeeper.asked, []);
});

Deno.test("hello without credentials is refused where nobody comes in so (A4)", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("publishers");
  await client.send("p1 hello 2\npub #a 2\nhi\n");
  assertEquals(await client.rest(), "ERR_DENIED\n");
  assertEquals(server.totals.loginsRefused, 1);
});

Deno.test("who is in already cannot become another (A4)", async () => {
  const gatekeeper = new Scripted(SENSORS);
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("subscribers");
  assertEquals(await client.ask("s1 sub #a"), "OK");
  await client.send(LOGIN);
  assertEquals(await client.rest(), "ERR_DENIED\n");
  assertEquals(gatekeeper.asked, [], "the secret is not even looked at");
});

Deno.test("half of the credentials, or one of them twice, is none of an account (A1)", async () => {
  const halves = ["user=alice", "token=x", "user=alice token=", "user= token=x", "user=a user=b token=x"];
  for (const shown of [...halves, "token=x token=y user=alice"]) {
    const gatekeeper = new Scripted(SENSORS);
    await using server = new TestServer({ gatekeeper });
    const client = server.connect("publishers");
    await client.send(`p1 hello 2 ${shown}\n`);
    const { credentials, decide } = await gatekeeper.next();
    assertEquals(credentials.user === "" || credentials.secret === "", true, shown);
    decide({ kind: "denied", reason: "no" });
    assertEquals(await client.rest(), "ERR_DENIED\n", shown);
  }
});

Deno.test("another version than 2 is unknown, whatever is shown with it (A1)", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("publishers");
  assertEquals(await client.ask("p1 hello 3 user=alice token=x"), "ERR_UNKNOWN_COMMAND");
  assertEquals(gatekeeper.asked, []);
});

Deno.test("a second login is an unknown command (A1) (F50)", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("publishers");
  await client.send(LOGIN);
  (await gatekeeper.next()).decide(LET_IN);
  await client.lines(2);
  assertMatch(await client.ask("hello 2 user=bob token=x") ?? "", /^err UNKNOWN_COMMAND /);
  assertEquals(gatekeeper.asked, []);
});

Deno.test("a broker without accounts takes no notice of credentials, and says of no account (A5)", async () => {
  await using server = new TestServer();
  const client = server.connect("publishers");
  await client.send(LOGIN);
  assertEquals(await client.line(), "OK_2");
  const info = JSON.parse((await client.line())!.slice("info ".length));
  assertEquals("account" in info, false);
});

Deno.test("who is gone before it is known who it was leaves nothing behind", async () => {
  const gatekeeper = new Scripted();
  await using server = new TestServer({ gatekeeper });
  const client = server.connect("publishers");
  await client.send(LOGIN);
  const { decide } = await gatekeeper.next();
  client.close();
  decide(LET_IN);
  await server.broker.drain(1000);
  assertEquals(server.broker.connections, 0);
});

Deno.test("a broker that stops does not wait for who is not let in", async () => {
  const gatekeeper = new Scripted();
  const server = new TestServer({ gatekeeper });
  const client = server.connect("publishers");
  await client.send(LOGIN);
  await gatekeeper.next();
  assertEquals(await server.broker.drain(60_000), 0);
  assertEquals(await client.rest(), "");
});

Deno.test("who waits for one that nobody is waiting for goes on at once, who waits for a login behind it", async () => {
  const gatekeeper = new Scripted();
  const comer: Comer = { grant: undefined, id: "p1", standing: { isTooMany: false } };
  const entrance = new Entrance(gatekeeper, { comer, address: "memory" });
  const called: string[] = [];
  entrance.whenNotFull(() => called.push("before"));
  assertEquals([entrance.full, called], [false, ["before"]]);
  entrance.ask({ user: "alice", secret: "x" }, FRAMES);
  entrance.whenNotFull(() => called.push("behind"));
  assertEquals([entrance.full, called], [true, ["before"]]);
  (await gatekeeper.next()).decide(LET_IN);
  assertEquals([entrance.full, called], [false, ["before", "behind"]]);
});
