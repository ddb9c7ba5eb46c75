/**
 * Every way by which a message comes, for all rules and patterns of a small alphabet, beside a reference that
 * tries (P1 to P6).
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MemoryStore } from "../../lib/store/memory.ts";
import {
  type Account,
  grantOf,
  mayReceive,
  permits,
  type Rules,
  takesIn,
  TriedGrant,
} from "../support/accounts.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

const TOPICS = ["#a", "#b", "#a.a", "#a.b", "#b.a", "#b.b"];
const PATTERNS = ["#a", "#b.a", "#a.*", "#*.b", "#b.>", "#*", "#*.*", "#>"];
const DURABLE = ["#b", "#b.>"];

/** One pattern allowed, and none or one denied. */
const RULES: readonly Rules[] = PATTERNS.flatMap((allow) =>
  [[], ...PATTERNS.map((deny) => [deny])].map((deny) => ({ allow: [allow], deny }))
);
const EVERYTHING: Account = { publish: { allow: ["#>"] }, receive: { allow: ["#>"] }, administrator: true };

/** A connection that asked for one pattern. */
interface Asked {
  readonly rules: Rules;
  readonly pattern: string;
  readonly client: RawClient;
}

function durableServer(options: { readonly maxAttempts?: number } = {}): TestServer {
  const store = new MemoryStore({ now: Date.now });
  return new TestServer({ ...options, durable: { store, patterns: DURABLE } });
}

/** Upgraded, and let in with these rights. */
async function enter(server: TestServer, to: "publishers" | "subscribers", may: Account): Promise<RawClient> {
  const client = server.connect(to, undefined, grantOf("somebody", may));
  await client.send("c hello 2\n");
  assertEquals(await client.line(), "OK_2");
  await client.line();
  return client;
}

/** All that has come until now. */
async function heard(client: RawClient): Promise<string[]> {
  const lines: string[] = [];
  await client.send("ping\n");
  for (let line = await client.line(); line !== "pong"; line = await client.line()) lines.push(line ?? "end");
  return lines;
}

/** The topics of what has come, once each message. */
function topicsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^pub (\S+) /.exec(line)?.[1] ?? []).sort();
}

async function publishAll(server: TestServer, fields = ""): Promise<void> {
  const publisher = await enter(server, "publishers", EVERYTHING);
  for (const topic of TOPICS) await publisher.send(`pub ${topic} 1${fields}\nx\n`);
  for (let answered = 0; answered < TOPICS.length;) {
    answered += Number(/^ok (\d+) /.exec(await publisher.line() ?? "")?.[1] ?? NaN);
  }
}

/** A connection for each of the rules and each pattern, of which those are kept that are let in. */
async function askAll(
  server: TestServer,
  request: (pattern: string, number: number) => string,
  { may, until }: {
    readonly may: (rules: Rules, pattern: string) => boolean;
    /** Behind what comes at once, where it is not refused; undefined: nothing does. */
    readonly until?: (pattern: string, expected: readonly string[]) => string | undefined;
  },
): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const [at, rules] of RULES.entries()) {
    for (const [number, pattern] of PATTERNS.entries()) {
      const client = await enter(server, "subscribers", { receive: rules });
      const answer = await client.ask(request(pattern, at * PATTERNS.length + number)) ?? "";
      const what = `${JSON.stringify(rules)} ${pattern}: ${answer}`;
      assertEquals(answer.startsWith("err DENIED "), !may(rules, pattern), what);
      if (answer.startsWith("err")) continue;
      asked.push({ rules, pattern, client });
      const expected = expectedOf({ rules, pattern, client }, DURABLE_TOPICS);
      const last = until?.(pattern, expected);
      if (last !== undefined) assertEquals(topicsOf(await linesUntil(client, last)), expected, what);
    }
  }
  return asked;
}

const DURABLE_TOPICS = TOPICS.filter((topic) => DURABLE.some((pattern) => takesIn(pattern, topic)));

async function linesUntil(client: RawClient, last: string): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await client.line(); line !== last; line = await client.line()) lines.push(line ?? "end");
  return lines;
}

/** What the reference says comes of the topics. */
function expectedOf({ rules, pattern }: Asked, topics: readonly string[]): string[] {
  return topics.filter((topic) => takesIn(pattern, topic) && mayReceive(rules, topic)).sort();
}

function some(rules: Rules, pattern: string): boolean {
  return new TriedGrant("", { receive: rules }).maySubscribe(pattern);
}

function all(rules: Rules, pattern: string): boolean {
  // who shares what takes in all answers gets those of others (P5)
  const answers = ["#_reply.one", "#_reply.one.1"].some((topic) => takesIn(pattern, topic));
  return new TriedGrant("", { receive: rules }).mayShare(pattern) && !answers;
}

Deno.test("live, by a topic and by wildcards, each gets what it may of its pattern (P2, P3)", async () => {
  await using server = durableServer();
  const asked = await askAll(server, (pattern) => `sub ${pattern}`, { may: some });
  await publishAll(server);
  for (const each of asked) {
    assertEquals(topicsOf(await heard(each.client)), expectedOf(each, TOPICS), JSON.stringify(each.rules));
  }
});

Deno.test("a replay brings what it may of what is stored, and then of what is live (P3)", async () => {
  await using server = durableServer();
  await publishAll(server);
  const asked = await askAll(server, (pattern) => `sub ${pattern} from=earliest`, {
    may: some,
    until: (pattern) => `info {"live":"${pattern}"}`,
  });
  await publishAll(server);
  for (const each of asked) {
    const expected = expectedOf(each, DURABLE_TOPICS);
    assertEquals(topicsOf(await heard(each.client)), expected, JSON.stringify(each.rules));
  }
});

Deno.test("the end of a replay is that of what may be received, as if there were nothing else (P3)", async () => {
  await using server = durableServer();
  await publishAll(server);
  const denied = await enter(server, "publishers", EVERYTHING);
  const ends = (pattern: string, expected: readonly string[]): string | undefined =>
    expected.length === 0 ? undefined : `info {"end":"${pattern}"}`;
  await askAll(server, (pattern) => `sub ${pattern} from=latest to=1`, { may: some, until: ends });
  // of a topic that some may not receive there is more, which they are not told of
  for (let times = 0; times < 4; times++) await denied.ask("pub #b.b 1\nx");
  const rules = { allow: ["#b.>"], deny: ["#b.b"] };
  const client = await enter(server, "subscribers", { receive: rules });
  assertEquals(await client.ask("sub #b.> from=9"), "ok 1 last=1");
});

Deno.test("a member of a group gets all of its pattern, stored or not, or is none (P4)", async () => {
  await using server = durableServer();
  await publishAll(server);
  const asked = await askAll(server, (pattern, at) => `sub ${pattern} group=g${at}`, { may: all });
  await publishAll(server);
  for (const each of asked) {
    const expected = TOPICS.filter((topic) => takesIn(each.pattern, topic)).sort();
    assertEquals(topicsOf(await heard(each.client)), expected, JSON.stringify(each.rules));
  }
});

Deno.test("who publishes is refused what it may not, in its place, delayed or not (P1)", async () => {
  await using server = durableServer();
  for (const rules of RULES) {
    const publisher = await enter(server, "publishers", { publish: rules });
    for (const fields of ["", " delay=60"]) {
      for (const topic of fields === "" ? TOPICS : DURABLE_TOPICS) {
        const answer = await publisher.ask(`pub ${topic} 1${fields}\nx`) ?? "";
        const refused = `err DENIED account "somebody" may not publish to "${topic}"`;
        if (permits(rules, topic)) assertEquals(answer.slice(0, 5), "ok 1 ");
        else assertEquals(answer, refused);
      }
    }
  }
});

Deno.test("what was published for later comes when it is due, to who may receive it (P3)", async () => {
  await using server = durableServer();
  const asked = await askAll(server, (pattern) => `sub ${pattern}`, { may: some });
  const watch = await enter(server, "subscribers", EVERYTHING);
  await watch.ask("sub #b.>");
  const publisher = await enter(server, "publishers", EVERYTHING);
  for (const topic of DURABLE_TOPICS) await publisher.ask(`pub ${topic} 1 delay=0.05\nx`);
  for (let seen = 0; seen < 2;) if (/^pub #b\./.test(await watch.line() ?? "")) seen++;
  for (const each of asked) {
    const expected = expectedOf(each, DURABLE_TOPICS);
    assertEquals(topicsOf(await heard(each.client)), expected, JSON.stringify(each.rules));
  }
});

Deno.test("a dead letter comes to who may receive it and the message it was (P6)", async () => {
  await using server = durableServer({ maxAttempts: 1 });
  const worker = await enter(server, "subscribers", EVERYTHING);
  await worker.ask("sub #b.> group=g ack=explicit");
  const publisher = await enter(server, "publishers", EVERYTHING);
  for (const topic of ["#b.a", "#b.b"]) await publisher.ask(`pub ${topic} 1\nx`);
  for (const topic of ["#b.a", "#b.b"]) await worker.send(`nack g ${topic} 1\n`);
  for (let dead = 0; dead < 2;) if (await worker.line() === "ok 1") dead++;
  const letters = ["#dead.g.b.a", "#dead.g.b.b"];
  const watch = await enter(server, "subscribers", EVERYTHING);
  await watch.ask("sub #dead.> from=earliest");
  for (let seen = 0; seen < 2;) if (/^pub #dead\./.test(await watch.line() ?? "")) seen++;
  for (const rules of RULES) {
    const receive = { allow: [...rules.allow, "#dead.>"], deny: rules.deny ?? [] };
    for (const pattern of ["#dead.g.b.a", "#dead.>", "#*.g.*.b", "#>"]) {
      const client = await enter(server, "subscribers", { receive });
      const expected = expectedOf({ rules: receive, pattern, client }, letters);
      const answer = await client.ask(`sub ${pattern} from=earliest`) ?? "";
      const what = `${JSON.stringify(receive)} ${pattern}: ${answer}`;
      if (answer.startsWith("err DENIED ")) assertEquals(expected, [], what);
      else {
        const lines = await linesUntil(client, `info {"live":"${pattern}"}`);
        assertEquals(topicsOf(lines).filter((topic) => topic.startsWith("#dead.")), expected, what);
      }
    }
  }
});

Deno.test("answers come to who names the requester, whatever else may be received (P5)", async () => {
  await using server = durableServer();
  const everything = { allow: ["#>"] };
  const requester = await enter(server, "subscribers", { receive: { allow: ["#_reply.>"] } });
  assertEquals(await requester.ask("sub #_reply.Zr8.*"), "ok 1");
  const curious = await enter(server, "subscribers", { receive: everything });
  assertEquals(await curious.ask("sub #>"), "ok 1");
  assertEquals(await curious.ask("sub #*.*.7"), "ok 1");
  assertEquals(await curious.ask("sub #*.Zr9.*"), "ok 1");
  for (const pattern of ["#_reply.>", "#_reply.*.7"]) {
    const answer = await curious.ask(`sub ${pattern}`);
    assertEquals(answer, `err DENIED answers are for who asked: "${pattern}" does not name who that is`);
  }
  assertEquals(
    await curious.ask("sub #> group=g"),
    'err DENIED a group of "#>" would get the answers to others\' requests',
  );
  const stranger = await enter(server, "subscribers", { receive: { allow: ["#a"] } });
  assertEquals((await stranger.ask("sub #_reply.Zr8.*"))?.slice(0, 11), "err DENIED ");
  const administrator = await enter(server, "subscribers", EVERYTHING);
  assertEquals(await administrator.ask("sub #>"), "ok 1");
  const responder = await enter(server, "publishers", { publish: { allow: ["#_reply.>"] } });
  for (const topic of ["#_reply.Zr8.7", "#_reply.Zr9.7"]) await responder.ask(`pub ${topic} 2\nok`);
  assertEquals(topicsOf(await heard(requester)), ["#_reply.Zr8.7"]);
  assertEquals(topicsOf(await heard(curious)), ["#_reply.Zr9.7"]);
  assertEquals(topicsOf(await heard(administrator)), ["#_reply.Zr8.7", "#_reply.Zr9.7"]);
});

Deno.test("several subscriptions of a connection bring what it may of all of them, each message once", async () => {
  await using server = durableServer();
  const pattern = fc.constantFrom(...PATTERNS);
  const rules = fc.record({
    allow: fc.array(pattern, { maxLength: 3 }),
    deny: fc.array(pattern, { maxLength: 2 }),
  });
  const subs = fc.uniqueArray(fc.record({ pattern, stored: fc.boolean() }), {
    selector: (each) => each.pattern,
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(rules, subs, async (rules, subs) => {
      using client = await enter(server, "subscribers", { receive: rules });
      const accepted = subs.filter(({ pattern }) => some(rules, pattern));
      const waited = new Set<string>();
      for (const { pattern, stored } of subs) {
        await client.send(`sub ${pattern}${stored ? " from=latest" : ""}\n`);
        waited.add(some(rules, pattern) ? "ok 1" : "err DENIED");
        if (stored && some(rules, pattern)) waited.add(`info {"live":"${pattern}"}`);
      }
      while (waited.size > 0) {
        const line = await client.line() ?? "";
        waited.delete(/^(?:ok 1|err DENIED)/.exec(line.replace(/^ok \d+/, "ok 1"))?.[0] ?? line);
      }
      await heard(client);
      await publishAll(server);
      const expected = TOPICS.filter((topic) =>
        mayReceive(rules, topic) &&
        accepted.some(({ pattern, stored }) => takesIn(pattern, topic) && (!stored || isDurable(topic)))
      ).sort();
      assertEquals(topicsOf(await heard(client)), expected);
    }),
    { numRuns: 60 },
  );
});

function isDurable(topic: string): boolean {
  return DURABLE_TOPICS.includes(topic);
}
