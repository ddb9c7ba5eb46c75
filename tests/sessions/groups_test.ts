import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer, type TestServerOptions } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";

/** A broker, and clients of protocol 2. */
class Hall implements AsyncDisposable {
  readonly broker: TestServer;

  constructor(options: TestServerOptions = {}) {
    this.broker = new TestServer(options);
  }

  async member(request = "sub #jobs group=g", capacity?: number): Promise<RawClient> {
    const client = await upgrade(this.broker.connect("subscribers", capacity));
    assertEquals(await client.ask(request), "ok 1");
    return client;
  }

  async publisher(): Promise<RawClient> {
    return await upgrade(this.broker.connect("publishers"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
  }
}

function pub(topic: string, ...payloads: readonly (string | number)[]): string {
  return payloads.map((payload) => `pub ${topic} ${`${payload}`.length}\n${payload}\n`).join("");
}

async function acknowledged(publisher: RawClient, messages: number): Promise<void> {
  let count = 0;
  while (count < messages) {
    const parts = /^ok (\d+) level=memory subs=\d+$/.exec(await publisher.line() ?? "end");
    assert(parts !== null);
    count += Number(parts[1]);
  }
  assertEquals(count, messages);
}

/** The next so many messages of a member, as `topic payload`. */
async function take(client: RawClient, count: number, group = "g"): Promise<string[]> {
  const got: string[] = [];
  while (got.length < count) {
    const header = await client.line();
    const parts = new RegExp(`^batch (\\S+) (\\d+) (\\d+) group=${group}$`).exec(header ?? "end");
    assert(parts !== null, `${header}`);
    let bytes = 0;
    for (let left = Number(parts[2]); left > 0; left--) {
      const head = await client.line() ?? "";
      const payload = await client.line() ?? "";
      assertMatch(head, new RegExp(`^pub ${parts[1]} ${payload.length}`));
      bytes += head.length + payload.length + 2;
      got.push(`${parts[1]} ${payload}`);
    }
    assertEquals(bytes, Number(parts[3]));
  }
  return got;
}

Deno.test("members share what comes, and who is none gets all of it (G1, G2)", async () => {
  await using hall = new Hall();
  using one = await hall.member();
  using two = await hall.member();
  using other = await hall.member("sub #jobs group=h window=10");
  using plain = await hall.member("sub #jobs");
  using publisher = await hall.publisher();
  await publisher.send(pub("#jobs", 1, 2, 3, 4));
  assertEquals(await publisher.line(), "ok 4 level=memory subs=3");
  const got = [...await take(one, 2), ...await take(two, 2)];
  assertEquals(got.toSorted(), ["#jobs 1", "#jobs 2", "#jobs 3", "#jobs 4"]);
  assertEquals(await take(other, 4, "h"), ["#jobs 1", "#jobs 2", "#jobs 3", "#jobs 4"]);
  assertEquals(await plain.lines(2), ["pub #jobs 1", "1"]);
  assertEquals(
    hall.broker.broker.snapshot().groups.map(({ name, members }) => [name, members]),
    [["g", 2], ["h", 1]],
  );
});

Deno.test("messages of one key go to one member, whatever their topics are; who has no by= is none (G12)", async () => {
  await using hall = new Hall();
  using one = await hall.member("sub #jobs.* group=g by=key");
  using two = await hall.member("sub #jobs.* group=g by=key");
  using publisher = await hall.publisher();
  for (let key = 0; key < 16; key++) {
    for (const topic of ["#jobs.a", "#jobs.b"]) {
      assertEquals(await publisher.ask(`pub ${topic} 1 key=k${key}\nx`), "ok 1 level=memory subs=1");
    }
  }
  const keys = async (client: RawClient): Promise<string[]> => {
    await client.send("ping\n");
    const found: string[] = [];
    for (let line = await client.line(); line !== "pong" && line !== undefined; line = await client.line()) {
      const key = /^pub #jobs\.[ab] 1 key=(\w+)$/.exec(line ?? "")?.[1];
      if (key !== undefined) found.push(key);
    }
    return found;
  };
  const [first, second] = [await keys(one), await keys(two)];
  assertEquals(first.length + second.length, 32);
  assert(new Set(first).isDisjointFrom(new Set(second)), "none is both's");
  assert(new Set(first).size > 2 && new Set(second).size > 2, `${first} ${second}`);
  using other = await upgrade(hall.broker.connect("subscribers"));
  assertEquals(
    await other.ask("sub #jobs.* group=g"),
    "err BAD_FIELD the members of group g have by=key, and all have the same",
  );
  assertEquals(
    await other.ask("unsub #jobs.* group=g"),
    'err NOT_SUBSCRIBED this connection is not in group "g" for "#jobs.*"',
  );
  assertEquals(hall.broker.broker.snapshot().groups.map(({ members }) => members), [2]);
});

Deno.test("a connection may have both, its own and its share (G1)", async () => {
  await using hall = new Hall();
  using both = await hall.member("sub #jobs");
  assertEquals(await both.ask("sub #jobs group=g"), "ok 1");
  using publisher = await hall.publisher();
  assertEquals(await publisher.ask("pub #jobs 1 h.a=b\nx"), "ok 1 level=memory subs=2");
  assertEquals(
    (await both.lines(5)).toSorted(),
    ["batch #jobs 1 20 group=g", "pub #jobs 1 h.a=b", "pub #jobs 1 h.a=b", "x", "x"],
  );
  assertEquals(await both.ask("unsub #jobs group=g"), "ok 1");
  assertEquals(hall.broker.broker.snapshot().groups, []);
  assertEquals(await publisher.ask("pub #jobs 1\ny"), "ok 1 level=memory subs=1");
  assertEquals(await both.lines(2), ["pub #jobs 1", "y"]);
});

Deno.test("classic publishers' messages are shared as well, patterns and topics that change (G1)", async () => {
  await using hall = new Hall();
  using member = await hall.member("sub #jobs.> group=g");
  using publisher = hall.broker.connect("publishers");
  assertEquals(await publisher.ask("p1 pub #jobs.a one two"), "OK");
  assertEquals(await publisher.ask("p1 pub #jobs.b three"), "OK");
  assertEquals(await take(member, 2), ["#jobs.a one two", "#jobs.b three"]);
});

Deno.test("what is not one, is refused with what is wrong, and nothing changes (G1, G3)", async () => {
  await using hall = new Hall({
    durable: { store: new MemoryStore({ now: Date.now }), patterns: ["#d.>"] },
    limits: { patterns: 3 },
  });
  using client = await hall.member("sub #jobs.* group=g window=7");
  const long = "x".repeat(65);
  for (
    const [request, answer] of [
      ["sub #a group=", "the name of a group is missing"],
      [`sub #a group=${long}`, `the name of a group has at most 64 bytes, "${"x".repeat(57)}..." has more`],
      ["sub #a group=a.b", 'the name of a group has no "#", ".", "*" or ">", "a.b" has'],
      ["sub #a group=#a", 'the name of a group has no "#", ".", "*" or ">", "#a" has'],
      ["sub #a group=a b", 'sub does not know "b"; its fields: group=, window=, ack=, from=, by='],
      [
        "sub #a group=a\u00a0b",
        "the name of a group has no white space, control or invisible characters, " +
        '"a\u00a0b" has',
      ],
      ["sub #a group=g window=0", 'window= is a number from 1 to 65536, not "0"'],
      ["sub #a group=g window=65537", 'window= is a number from 1 to 65536, not "65537"'],
      ["sub #a group=g window=1e3", 'window= is a number from 1 to 65536, not "1e3"'],
      [
        "sub #a group=g slow=block",
        'sub does not know "slow=block"; its fields: group=, window=, ack=, from=, by=',
      ],
      ["sub #a group=g to=9", 'sub does not know "to=9"; its fields: group=, window=, ack=, from=, by='],
      [
        "sub #d.a group=g from=-10",
        "from= of a group, where it is new, is now, earliest, a sequence number, a time or -10m, " +
        'not "-10"',
      ],
      [
        "sub #d.a group=g from=2999-01-01T00:00:00Z",
        'from= of a group is where it begins at once, and "2999-01-01T00:00:00Z" lies in the future: leave it out',
      ],
      ["sub #d.a group=g ack=never", 'ack= is auto or explicit, not "never"'],
      ["sub #a group=g by=name", 'by= is key, not "name"'],
      [
        "sub #jobs.* group=g by=key",
        'group "g" has no by=, and all of its members have the same',
      ],
      ["sub #a window=1", 'sub does not know "window=1"; its fields: slow=, from=, to=, group='],
      [
        "sub #jobs.a group=g",
        'this connection is in group "g" for "#jobs.*", which has topics of "#jobs.a", too: ' +
        "it could not tell them apart",
      ],
    ] as const
  ) {
    const said = await client.ask(request);
    assertEquals(said, `err BAD_FIELD ${answer}`, request);
  }
  assertEquals(
    await client.ask("sub #a group=g ack=explicit"),
    'err NOT_DURABLE nothing of "#a" is stored: there is nothing to acknowledge',
  );
  assertEquals(
    await client.ask("sub #a group=g from=1"),
    'err NOT_DURABLE nothing of "#a" is stored: there is nothing to begin with',
  );
  assertEquals(
    await client.ask("unsub #jobs.a group=g"),
    'err NOT_SUBSCRIBED this connection is not in group "g" for "#jobs.a"',
  );
  assertMatch(await client.ask("unsub #jobs.*") ?? "", /^err NOT_SUBSCRIBED/);
  assertMatch(await client.ask("unsub #jobs.* group=g window=1") ?? "", /^err BAD_FIELD/);
  const [connection] = hall.broker.broker.snapshot().connections;
  assertEquals(connection?.groups, [{ name: "g", pattern: "#jobs.*", window: 7, ack: "auto" }]);
  assertEquals(await client.ask("sub #jobs.a group=h"), "ok 1");
  assertEquals(await client.ask("sub #x"), "ok 1");
  assertMatch(await client.ask("sub #y group=h") ?? "", /^err TOO_MANY_PATTERNS/);
  assertMatch(await client.ask("sub #y") ?? "", /^err TOO_MANY_PATTERNS/);
  assertEquals(await client.ask("sub #jobs.* group=g"), "ok 1", "once more is no more");
  using publisher = await hall.publisher();
  assertMatch(await publisher.ask("sub #a group=g") ?? "", /^err WRONG_PORT/);
  using classic = hall.broker.connect("subscribers");
  assertEquals(await classic.ask("s1 sub #a group=g"), "ERR_BAD_PATTERN");
});

/** Each is written by itself. */
const LARGE = 20_000;

function large(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `${from + at}`.padStart(LARGE, "."));
}

Deno.test("what a connection had not been written when it ended goes to the others (G4)", async () => {
  await using hall = new Hall();
  const slow = await hall.member("sub #jobs group=g window=100", LARGE);
  using publisher = await hall.publisher();
  await publisher.send(pub("#jobs", ...large(0, 20)));
  await acknowledged(publisher, 20);
  using quick = await hall.member("sub #jobs group=g window=100");
  const written = await take(slow, 2);
  slow.close();
  await publisher.send(pub("#jobs", ...large(20, 40)));
  const got: string[] = [];
  while (!got.at(-1)?.endsWith(".39")) got.push(...await take(quick, 1));
  const numbers = [...written, ...got].map((each) => Number(each.replace(/^#jobs \.*/, "")));
  assertEquals(numbers, numbers.toSorted((one, other) => one - other), "in order");
  assertEquals(new Set(numbers).size, numbers.length, "none twice");
  // what is missing had been read, or was being written
  assert(numbers.length >= 36, `${numbers.length}`);
});

Deno.test("who takes nothing is given up, and what waited for it goes to the others (G4, G5)", async () => {
  await using hall = new Hall({ stallTimeout: 2_000 });
  using hung = await hall.member("sub #jobs group=g window=8", LARGE);
  using publisher = await hall.publisher();
  for (const job of large(0, 8)) {
    await publisher.send(pub("#jobs", job));
    await acknowledged(publisher, 1);
  }
  using quick = await hall.member("sub #jobs group=g window=8");
  const got = await take(quick, 7);
  assertEquals(got.map((each) => each.slice(-2)), [".1", ".2", ".3", ".4", ".5", ".6", ".7"]);
  assertEquals(hall.broker.broker.snapshot().groups[0]?.members, 1);
  void hung;
});

Deno.test("where all have as many as they may, publishers wait until one has less (G3, G5)", async () => {
  await using hall = new Hall();
  using member = await hall.member("sub #jobs group=g window=2", 300);
  using publisher = await hall.publisher();
  const jobs = Array.from({ length: 20 }, (_, at) => `${at}`.padStart(200, "."));
  for (const job of jobs) await publisher.send(pub("#jobs", job));
  const waits = (): boolean => hall.broker.broker.snapshot().connections.some((each) => each.waits);
  while (!waits()) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(await take(member, 20), jobs.map((job) => `#jobs ${job}`));
  await acknowledged(publisher, 20);
  assert(!waits());
});

Deno.test("who joins where something waits is told so first, and then given it (G1, G4)", async () => {
  await using hall = new Hall();
  const slow = await hall.member("sub #jobs group=g window=8", LARGE);
  using publisher = await hall.publisher();
  for (const job of large(0, 8)) {
    await publisher.send(pub("#jobs", job));
    await acknowledged(publisher, 1);
  }
  using narrow = await hall.member("sub #jobs group=g window=1", LARGE);
  slow.close();
  const waiting = (): number => hall.broker.broker.snapshot().groups[0]?.waiting ?? 0;
  while (waiting() < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  const left = waiting();
  using quick = await hall.member("sub #jobs group=g window=64");
  const numbers = (await take(quick, left)).map((each) => Number(each.replace(/^#jobs \.*/, "")));
  assertEquals(numbers, Array.from({ length: left }, (_, at) => 8 - left + at));
  void narrow;
});

Deno.test("what has outlived its time is not sent, and does not stand for what a member holds (G3, V10)", async () => {
  await using hall = new Hall();
  using member = await hall.member("sub #jobs group=g window=2", 300);
  using publisher = await hall.publisher();
  await publisher.send(pub("#jobs", "x".repeat(280)));
  await publisher.send("pub #jobs 3 ttl=0.001\nold\n");
  await new Promise((resolve) => setTimeout(resolve, 20));
  await publisher.send(pub("#jobs", "new"));
  assertEquals(await take(member, 2), [`#jobs ${"x".repeat(280)}`, "#jobs new"]);
  assertEquals(hall.broker.totals.expired, 1);
});

Deno.test("after unsub and quit what waits is still sent, and nothing is added (G4)", async () => {
  await using hall = new Hall();
  for (const last of ["unsub #jobs group=g\n", "quit\n"]) {
    using leaving = await hall.member("sub #jobs group=g window=100", 300);
    using publisher = await hall.publisher();
    await publisher.send(pub("#jobs", ...Array.from({ length: 10 }, () => "x".repeat(200))));
    await acknowledged(publisher, 10);
    await leaving.send(last);
    // until it is known that it leaves
    const [group] = [() => hall.broker.broker.snapshot().groups[0]];
    if (last === "quit\n") {
      using staying = await hall.member();
      await publisher.send(pub("#jobs", "for the other"));
      assertEquals(await take(staying, 1), ["#jobs for the other"]);
    }
    assertEquals((await take(leaving, 10)).length, 10);
    leaving.close();
    while (group() !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  }
});

Deno.test("a drain sends what waits for a member (G4)", async () => {
  const hall = new Hall();
  using member = await hall.member("sub #jobs group=g", 300);
  using publisher = await hall.publisher();
  await publisher.send(pub("#jobs", ...Array.from({ length: 10 }, () => "x".repeat(200))));
  await acknowledged(publisher, 10);
  const drained = hall.broker.broker.drain(5000);
  assertEquals((await take(member, 10)).length, 10);
  await drained;
});

Deno.test("groups count for the memory of all, are refused where it is used up, and let it go", async () => {
  await using hall = new Hall({ limits: { memory: 4 * 1024 * 1024, patterns: 10_000 } });
  const before = hall.broker.broker.snapshot().held;
  const client = await upgrade(hall.broker.connect("subscribers"));
  let joined = 0;
  let said: string | undefined = "ok 1";
  while (said === "ok 1" && joined < 10_000) {
    said = await client.ask(`sub #jobs group=g${joined}`);
    if (said === "ok 1") joined++;
  }
  assertMatch(`${said}`, /^err BUSY /);
  // nobody may hold more than what is still free: half
  assert(joined > 1000 && joined < 1400, `${joined}`);
  client.close();
  while (hall.broker.broker.snapshot().connections.length > 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals([hall.broker.broker.snapshot().groups, hall.broker.broker.snapshot().held], [[], before]);
});

for (const stored of [false, true]) {
  Deno.test(`who publishes waits for no member that is going, ${stored ? "beside" : "without"} a store (G4, G5)`, async () => {
    await using hall = new Hall(
      stored ? { durable: { store: new MemoryStore({ now: () => 0 }), patterns: ["#d.>"] } } : {},
    );
    using publisher = await hall.publisher();
    for (let round = 0; round < 3; round++) {
      using going = await hall.member("sub #> group=g window=1");
      await going.send("quit\n");
      assertMatch(await going.line() ?? "", /^bye /);
      const { connections } = hall.broker.broker;
      await publisher.send(pub("#m", round));
      assertEquals(await publisher.line(), "ok 1 level=memory subs=0");
      assertEquals(hall.broker.broker.connections, connections, "it is still there");
    }
    using member = await hall.member("sub #> group=g window=1");
    await publisher.send(pub("#m", "stays"));
    assertEquals(await publisher.line(), "ok 1 level=memory subs=1");
    assertEquals(await take(member, 1), ["#m stays"]);
  });
}

Deno.test("what outlives its time on its way to a member takes no place of its window (G7, V10)", async () => {
  await using hall = new Hall({
    durable: { store: new MemoryStore({ now: Date.now }), patterns: ["#d.>"] },
  });
  using member = await hall.member("sub #d.a group=g window=2 ack=explicit", 64);
  using publisher = await hall.publisher();
  const large = "x".repeat(5000);
  await publisher.send(pub("#d.a", large) + "pub #d.a 5 ttl=0.05\nshort\n" + pub("#d.a", "next"));
  let acknowledged = 0;
  while (acknowledged < 3) acknowledged += Number((await publisher.line())?.split(" ")[1]);
  // the first is being written, the second waits behind it, and there is no place for the third
  await new Promise((resolve) => setTimeout(resolve, 100));
  const payloads: string[] = [];
  while (!payloads.includes("next")) {
    const line = await member.line() ?? "end";
    if (!/^(?:batch|pub) /.test(line)) payloads.push(line);
  }
  assertEquals(payloads, [large, "next"]);
});
