import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RawClient } from "../support/raw_client.ts";
import { type ScriptedMembership, ScriptedServer, SETTLED } from "../support/scripted_engine.ts";
import { upgrade } from "../support/v2.ts";
import { within } from "../support/within.ts";

/** A client that has asked for a place in a group, and the place. */
async function asked(
  server: ScriptedServer,
  request = "sub #d.jobs group=g ack=explicit",
  capacity?: number,
): Promise<[RawClient, ScriptedMembership]> {
  const client = await upgrade(server.connect("subscribers", capacity));
  const { memberships } = server.engine;
  const before = memberships.length;
  await client.send(`${request}\n`);
  await until(() => memberships.length !== before);
  return [client, memberships.at(-1)!];
}

/** A member. */
async function joined(
  server: ScriptedServer,
  request?: string,
  capacity?: number,
): Promise<[RawClient, ScriptedMembership]> {
  const [client, place] = await asked(server, request, capacity);
  place.joining.joined({ kind: "joined" });
  server.engine.flush();
  assertEquals(await client.line(), "ok 1");
  return [client, place];
}

/** Resolves when it is so. */
async function until(isSo: () => boolean): Promise<void> {
  const waiting = async (): Promise<void> => {
    while (!isSo()) await pause();
  };
  await within("what is asked of the engine", waiting());
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a place in a group is asked for as it is written, and answered when it is there (G6)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await asked(
    server,
    "sub d.jobs group=g ack=explicit window=7 from=2026-01-31T09:00:00Z",
  );
  using _ = client;
  const { joined, ...terms } = place.joining;
  assertEquals(terms, {
    name: "g",
    pattern: "#d.jobs",
    window: 7,
    blocks: true,
    settling: "explicit",
    from: { kind: "time", time: Date.UTC(2026, 0, 31, 9) },
  });
  // what is asked behind it is answered behind it
  await client.send("ping\nsub #d.jobs group=g ack=explicit window=9\nsub #x\n");
  await until(() => place.said.length !== 0);
  joined({ kind: "joined" });
  server.engine.flush();
  assertEquals(await client.lines(3), ["ok 1", "pong", "ok 2"]);
  assertEquals(place.said, ["resize 9"]);
  const [group] = server.server.snapshot()[0]!.groups;
  assertEquals(group, { name: "g", pattern: "#d.jobs", window: 9, ack: "explicit" });
});

Deno.test("who is refused a place is none, and what it asked for again meanwhile is refused, too (G6)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await asked(server);
  using _ = client;
  await client.send("sub #d.jobs group=g ack=explicit\n");
  await until(() => place.said.length !== 0);
  place.joining.joined({
    kind: "refused",
    code: "BAD_FIELD",
    reason: 'group "g" has ack=auto, and all of its members have the same',
  });
  const why = 'err BAD_FIELD group "g" has ack=auto, and all of its members have the same';
  server.engine.flush();
  assertEquals(await client.lines(2), [why, why]);
  assertEquals(server.server.snapshot()[0]?.groups, []);
  assertMatch(await client.ask("unsub #d.jobs group=g") ?? "", /^err NOT_SUBSCRIBED /);
  await client.send("sub #d.jobs group=g\n");
  await until(() => server.engine.memberships.length !== 1);
  server.engine.memberships[1]!.joining.joined({ kind: "joined" });
  server.engine.flush();
  assertEquals(await client.line(), "ok 1");
  assertEquals(
    await client.ask("sub #d.jobs group=g ack=explicit"),
    'err BAD_FIELD group "g" has ack=auto, and all of its members have the same',
  );
});

Deno.test("who leaves before it is known whether it is a member is answered (G6)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await asked(server);
  using _ = client;
  await client.send("unsub #d.jobs group=g\n");
  assertEquals(await client.lines(2), ["ok 1", "ok 1"]);
  assertEquals(place.said, ["leave"]);
  place.joining.joined({ kind: "refused", code: "STORE", reason: "late" });
  assertEquals(await client.ask("ping"), "pong");
});

Deno.test("stored messages come behind their numbers, and the attempt from the second on (G7)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await joined(server, "sub #> group=g ack=explicit");
  using _ = client;
  server.engine.give(place, "#d.jobs", { payloads: ["one", "two"], first: 7 });
  server.engine.give(place, "#d.jobs", { payloads: ["six"], first: 6, attempt: 3 });
  server.engine.give(place, "#memory", { payloads: ["x"] });
  assertEquals(await client.lines(10), [
    "batch #d.jobs 2 36 group=g seq=7 ts=1700000000000",
    "pub #d.jobs 3",
    "one",
    "pub #d.jobs 3",
    "two",
    "batch #d.jobs 1 18 group=g seq=6 ts=1700000000000 attempt=3",
    "pub #d.jobs 3",
    "six",
    "batch #memory 1 16 group=g",
    "pub #memory 1",
  ]);
  assertEquals(place.said, ["passed 2", "passed 1", "passed 1"]);
});

Deno.test("in a group that settles what is written, what was written is told (G7)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await joined(server, "sub #d.jobs group=g");
  using _ = client;
  server.engine.give(place, "#d.jobs", { payloads: ["one", "two"], first: 7 });
  await client.lines(5);
  assertEquals(place.said, ["passed 2"]);
});

Deno.test("an acknowledgement is answered when it is stored, many as one (G8)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await joined(server);
  using _ = client;
  server.engine.give(place, "#d.jobs", { payloads: ["1", "2", "3", "4", "5", "6"], first: 1 });
  await client.lines(13);
  await client.send("ack g #d.jobs 1\nack g #d.jobs 2\nack g d.jobs 4-5\nack g #d.jobs 6 upto\nping\n");
  await until(() => place.asked.length >= 3);
  assertEquals(place.said.slice(1), ["settle #d.jobs 1-2", "settle #d.jobs 4-5", "settle #d.jobs 1-6"]);
  for (const { answer } of place.asked.slice(0, 2)) answer.acknowledge(SETTLED);
  server.engine.flush();
  assertEquals(await client.line(), "ok 3 level=synced");
  place.asked[2]!.answer.refuse("STORE", "the disk is full");
  server.engine.flush();
  assertEquals(await client.lines(2), ["err STORE the disk is full", "pong"]);
});

Deno.test("of acknowledgements that come together each has its own answer (G8)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await joined(server);
  using _ = client;
  server.engine.give(place, "#d.jobs", { payloads: ["1", "2", "3", "4"], first: 1 });
  await client.lines(9);
  place.held.delete("#d.jobs 2");
  await client.send("ack g #d.jobs 1\nack g #d.jobs 2\nack g #d.jobs 3\nack g #d.jobs 2-4 all\n");
  await until(() => place.asked.length >= 2);
  for (const { answer } of place.asked) answer.acknowledge(SETTLED);
  server.engine.flush();
  const text = "settled, out of time, or never given to it";
  assertEquals(await client.lines(4), [
    "ok 1 level=synced",
    `err NOT_HELD this connection does not hold message 2 of "#d.jobs" in group "g": ${text}`,
    "ok 1 level=synced",
    `err NOT_HELD this connection does not hold any of the messages 2 to 4 of "#d.jobs" in group "g": ${text}`,
  ]);
  assert(place.held.has("#d.jobs 4"), "all or none");
  // of a range what it holds counts
  await client.send("ack g #d.jobs 2-9\n");
  await until(() => place.asked.length >= 3);
  place.asked[2]!.answer.acknowledge(SETTLED);
  server.engine.flush();
  assertEquals(await client.line(), "ok 1 level=synced");
  assertEquals([...place.held], []);
});

Deno.test("messages are given back, at once or later, and their time begins anew (G9)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await joined(server);
  using _ = client;
  server.engine.give(place, "#d.jobs", { payloads: ["1", "2", "3", "4"], first: 1 });
  await client.lines(9);
  assertEquals(await client.ask("extend g #d.jobs 1-4"), "ok 1");
  assertEquals(await client.ask("nack g #d.jobs 1"), "ok 1");
  assertEquals(await client.ask("nack g d.jobs 2-3 delay=1.5"), "ok 1");
  assertEquals(await client.ask("nack g #d.jobs 4 delay=0 unused"), "ok 1");
  assertEquals(place.said.slice(1), [
    "extend #d.jobs 1-4",
    "give back #d.jobs 1-1 0",
    "give back #d.jobs 2-3 1500",
    "give back #d.jobs 4-4 0 unused",
  ]);
  for (const verb of ["ack", "nack", "extend"]) {
    assertMatch(await client.ask(`${verb} g #d.jobs 1`) ?? "", /^err NOT_HELD /, verb);
  }
});

Deno.test("what is none is refused with what is wrong, and nothing changes (G6, G8, G9)", async () => {
  await using server = new ScriptedServer();
  const [client, place] = await joined(server);
  using _ = client;
  server.engine.give(place, "#d.jobs", { payloads: ["1"], first: 1 });
  await client.lines(3);
  const numbers = (verb: string, wrong: string): string =>
    `BAD_FIELD ${verb} <group> <topic> <seq> names a sequence number, or several as in 7-9, not "${wrong}"`;
  const delay = (wrong: string): string =>
    `BAD_FIELD delay= is seconds with at most three decimals, a day (86400) at most, not "${wrong}"`;
  for (
    const [request, answer] of [
      ["ack g #d.jobs", numbers("ack", "")],
      ["ack g #d.jobs 0", numbers("ack", "0")],
      ["ack g #d.jobs 2-1", numbers("ack", "2-1")],
      ["ack g #d.jobs 1e3", numbers("ack", "1e3")],
      ["nack g #d.jobs -1", numbers("nack", "-1")],
      ["extend g #d.jobs 1000000000000000", numbers("extend", "1000000000000000")],
      ["ack g #d.jobs 1 up", 'BAD_FIELD behind its numbers ack has all, upto or nothing, not "up"'],
      ["ack g #d.jobs 1 upto all", 'BAD_FIELD behind its numbers ack has all, upto or nothing, not "upto"'],
      ["nack g #d.jobs 1 now", 'BAD_FIELD behind its numbers nack has delay= and unused, not "now"'],
      ["nack g #d.jobs 1 delay=31536000", delay("31536000")],
      ["nack g #d.jobs 1 delay=86400.001", delay("86400.001")],
      ["nack g #d.jobs 1 delay=-1", delay("-1")],
      ["nack g #d.jobs 1 delay=", delay("")],
      ["extend g #d.jobs 1 2", 'BAD_FIELD nothing follows the numbers of extend, not "2"'],
      ["ack g #d.*.x 1", 'BAD_TOPIC "#d.*.x" is a pattern, not a topic'],
      ["ack", "BAD_TOPIC the topic is missing"],
      [
        `ack ${"x".repeat(65)} #d.jobs 1`,
        `BAD_FIELD the name of a group has at most 64 bytes, "${"x".repeat(57)}..." has more`,
      ],
      ["ack h #d.jobs 1", 'NOT_HELD this connection is in no group "h" that takes in "#d.jobs"'],
      ["ack g #d.other 1", 'NOT_HELD this connection is in no group "g" that takes in "#d.other"'],
      [
        "nack g #d.jobs 9-10",
        'NOT_HELD this connection does not hold any of the messages 9 to 10 of "#d.jobs" in group "g": ' +
        "settled, out of time, or never given to it",
      ],
      ["nack h #d.jobs 1", 'NOT_HELD this connection is in no group "h" that takes in "#d.jobs"'],
    ] as const
  ) {
    const said = await client.ask(request);
    if (!answer.startsWith('BAD_TOPIC "')) assertEquals(said, `err ${answer}`, request);
    else assertMatch(said ?? "", /^err BAD_TOPIC /);
  }
  assertEquals([place.said, [...place.held]], [["passed 1"], ["#d.jobs 1"]]);
  using publisher = await upgrade(server.connect("publishers"));
  await publisher.send(
    "ack g #d.jobs 1\nack g #d.jobs 2\nack g #d.jobs 1 upto\nnack g #d.jobs 1\nextend g #d.jobs 1\n",
  );
  for (const line of await publisher.lines(5)) assertMatch(line, /^err WRONG_PORT /);
  using classic = server.connect("subscribers");
  assertEquals(await classic.ask("s1 ack g #d.jobs 1"), "ERR_UNKNOWN_COMMAND");
});

Deno.test("what a member has not been sent when it leaves goes back as it was given (G4, G9)", async () => {
  await using server = new ScriptedServer();
  const large = "x".repeat(20_000);
  for (const last of ["unsub", "close"] as const) {
    const [client, place] = await joined(server, "sub #> group=g ack=explicit", large.length);
    using _ = client;
    const give = (topic: string, first?: number): void =>
      server.engine.give(place, topic, { payloads: [large], ...(first === undefined ? {} : { first }) });
    // one that is being written, and more than two that wait
    for (const first of [1, 2, 3, 4]) give("#d.jobs", first);
    give("#memory");
    give("#d.other", 1);
    if (last === "close") client.close();
    else await client.send("unsub #> group=g\n");
    await until(() => place.said.some((each) => each.startsWith("leave")));
    const left = place.said.find((each) => each.startsWith("leave"));
    const memory = last === "close" ? " #memory*1" : "";
    assertEquals(left, `leave #d.jobs*1@2 #d.jobs*1@3 #d.jobs*1@4 #d.other*1@1${memory}`, last);
    if (last === "close") continue;
    // what is in memory was given to it alone, and still comes
    const lines: string[] = [];
    while (lines.at(-1) !== "ok 1") lines.push(await client.line() ?? "end");
    assertEquals(lines.filter((line) => line.startsWith("batch")).map((line) => line.split(" ")[1]), [
      "#d.jobs",
      "#memory",
    ]);
  }
});

Deno.test("what retention deleted is told to the group as a gap, what cannot be read as a notice (G10)", async () => {
  await using server = new ScriptedServer();
  const [client, { member }] = await joined(server);
  using _ = client;
  member.missed(12);
  member.failed("a page is damaged");
  server.engine.flush();
  assertEquals(await client.lines(2), [
    "gap #d.jobs 12 group=g",
    'info {"failed":"#d.jobs","group":"g","reason":"a page is damaged"}',
  ]);
});

Deno.test("who is refused a place at once is none, and may ask again (G6)", async () => {
  await using server = new ScriptedServer();
  server.engine.refuses = "it is closed";
  using client = await upgrade(server.connect("subscribers"));
  for (let times = 2; times > 0; times--) {
    assertEquals(await client.ask("sub #d.jobs group=g"), "err STORE it is closed");
    assertEquals(server.server.snapshot()[0]?.groups, []);
  }
});
