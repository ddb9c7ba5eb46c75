import { assert, assertEquals } from "@std/assert";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import { newPrefix } from "../../support/nats_engine.ts";
import { HAS_NATS, type NatsServers, NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { become } from "../../support/within.ts";
import { Recorder, Sender, started, subscribed } from "../case_parts.ts";
import type { GroupsListing } from "../../../lib/engine/types.ts";
import { member, StoredOnNats } from "./stored_bench.ts";

// one for all of them: each test has a prefix of its own
let nats: NatsServers | undefined;

if (HAS_NATS) {
  Deno.test.beforeAll(async () => {
    nats = await startNats({ jetstream: true });
  });
  Deno.test.afterAll(() => nats![Symbol.asyncDispose]());
}

/** Two brokers. */
async function two(
  options: Parameters<typeof StoredOnNats.open>[1] = {},
): Promise<[StoredOnNats, StoredOnNats]> {
  const of = { prefix: newPrefix(), ...options };
  return [await StoredOnNats.open(nats!.server, of), await StoredOnNats.open(nats!.server, of)];
}

Deno.test(
  "what one broker stores comes to the subscribers of all, live and replayed, once (N7)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two();
    await using _one = one;
    await using _other = other;
    const [a, b] = [new Recorder(), new Recorder()];
    await subscribed(one, "#d.>", a);
    await subscribed(other, "#d.*", b);
    const sender = new Sender(one);
    const receipt = await sender.publish("#d.x", "one", "two");
    assert(typeof receipt === "object");
    assertEquals([receipt.level, receipt.topic, receipt.last], ["engine", "#d.x", 2]);
    await a.has(2);
    await b.has(2);
    assertEquals([a.got, b.got], [["one", "two"], ["one", "two"]]);
    const replay = new Recorder();
    await started(other, replay, { pattern: "#d.x", from: { kind: "earliest" }, to: undefined });
    await replay.has(2, 1);
    await new Sender(other).publish("#d.x", "three");
    await replay.has(3);
    assertEquals([replay.got, replay.said], [["one", "two", "three"], ["live after 2"]]);
  },
);

Deno.test(
  "the last of each topic before a time comes, and all that was stored since (D3)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two();
    await using _one = one;
    await using _other = other;
    const sender = new Sender(one);
    for (const text of ["a0", "a1", "b1", "c1"]) await sender.publish(`#d.${text[0]}`, text);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const asOf = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const text of ["a2", "a3", "b2", "a4"]) await sender.publish(`#d.${text[0]}`, text);
    const replay = new Recorder();
    await started(other, replay, { pattern: "#d.*", from: { kind: "last", count: 1, asOf }, to: undefined });
    await replay.has(7, 1);
    assertEquals(replay.got, ["a1", "b1", "c1", "a2", "a3", "b2", "a4"]);
  },
);

Deno.test("a replay ends behind its number where that is another topic's (D4, N7)", NEEDS_NATS, async () => {
  const [one, other] = await two();
  await using _one = one;
  await using _other = other;
  const sender = new Sender(one);
  await sender.publish("#d.a", "1");
  const replay = new Recorder();
  const to = { kind: "sequence", sequence: 2 } as const;
  await started(other, replay, { pattern: "#d.a", from: { kind: "earliest" }, to });
  await replay.has(1);
  await sender.publish("#d.b", "2");
  await sender.publish("#d.a", "3");
  await replay.has(1, 1);
  assertEquals([replay.got, replay.said[0]], [["1"], "end after 1"]);
});

Deno.test("an id is stored once, whichever broker it comes to (D6, N9)", NEEDS_NATS, async () => {
  const [one, other] = await two();
  await using _one = one;
  await using _other = other;
  const first = await new Sender(one).publish("#d.x", { text: "a", id: "p-1" });
  const again = await new Sender(other).publish("#d.x", { text: "a", id: "p-1" });
  const elsewhere = await new Sender(other).publish("#d.y", { text: "a", id: "p-1" });
  const lasts = [first, again, elsewhere].map((each) => typeof each === "object" ? each.last : each);
  assertEquals(lasts, [1, undefined, 2], "of its topic");
});

Deno.test("members of a group at two brokers share it: each message once (N11)", NEEDS_NATS, async () => {
  const [one, other] = await two();
  await using _one = one;
  await using _other = other;
  const workers = [await member(one, { window: 4 }), await member(other, { window: 4 })];
  const sender = new Sender(one);
  for (let at = 1; at <= 12; at++) sender.send("#d.a", `${at}`);
  const given = (): string[] => workers.flatMap(({ given }) => given.map(({ payload }) => payload));
  const acked = new Set<number>();
  await become(() => {
    for (const worker of workers) {
      for (const { sequence } of worker.given) {
        if (acked.has(sequence)) continue;
        acked.add(sequence);
        assert(worker.ack("#d.a", sequence));
      }
    }
    return acked.size === 12;
  });
  assertEquals(given().map(Number).sort((a, b) => a - b), Array.from({ length: 12 }, (_, at) => at + 1));
  await become(() => workers[0]!.answers.length + workers[1]!.answers.length === 12);
  assert(workers.every((worker) => worker.given.length > 0), "both work");
});

Deno.test(
  "who settles by having written gets more than its window, a window at a time (G3, G6, N11)",
  NEEDS_NATS,
  async () => {
    await using one = await StoredOnNats.open(nats!.server, { prefix: newPrefix() });
    const worker = await member(one, { window: 2, settling: "auto" });
    worker.writes = false;
    await new Sender(one).publish("#d.a", "1", "2", "3", "4", "5");
    for (const count of [2, 4, 5]) {
      await become(() => worker.given.length === count);
      worker.write();
      worker.writes = false;
    }
    assertEquals(worker.given.map(({ payload, attempt }) => [payload, attempt]), [
      ["1", 1],
      ["2", 1],
      ["3", 1],
      ["4", 1],
      ["5", 1],
    ]);
  },
);

Deno.test(
  "what a member that leaves had not settled goes to one at another broker (N11)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two();
    await using _one = one;
    await using _other = other;
    const first = await member(one);
    await new Sender(other).publish("#d.a", "x");
    await become(() => first.given.length === 1);
    const second = await member(other);
    first.dies();
    await become(() => second.given.length === 1);
    assertEquals([second.given[0]!.topic, second.given[0]!.sequence], ["#d.a", 1]);
  },
);

Deno.test(
  "what is on its way to a broker whose last member leaves goes to one at another broker, at once (N11)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two();
    await using _one = one;
    await using _other = other;
    const count = 400;
    const sender = new Sender(other);
    for (let at = 0; at < count; at++) sender.send("#d.a", `${at} ${"x".repeat(4096)}`);
    await become(() => sender.answers.length === count);
    const first = await member(one, { window: count, from: { kind: "earliest" } });
    const gives = first.give.bind(first);
    let dead = false;
    first.give = (run, attempt) => {
      gives(run, attempt);
      if (!dead) queueMicrotask(() => first.dies());
      dead = true;
    };
    await become(() => dead);
    assert(first.given.length < count, "some is on its way");
    const second = await member(other, { window: count });
    await become(() => second.given.length === count);
    assertEquals(new Set(second.given.map(({ sequence }) => sequence)).size, count);
  },
);

Deno.test(
  "no more groups are stored than may be, those that are go on, and a deleted one makes room (G6)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two({ limits: { groups: 2 } });
    await using _one = one;
    await using _other = other;
    const [a, , c] = await Promise.all(["a", "b", "c"].map((name) => member(one, { name })));
    assertEquals(a!.outcome, { kind: "joined" });
    assertEquals(c!.outcome, {
      kind: "refused",
      code: "TOO_MANY_GROUPS",
      reason: "there are 2 groups already, as many as may be stored (--max-groups): " +
        "who runs the broker can delete what nobody needs (--groups, --delete-group)",
    });
    assertEquals((await member(other, { name: "a" })).outcome, { kind: "joined" }, "it is there already");
    await new Promise<void>((resolve) =>
      one.engine.deleteGroup({ name: "a", pattern: "#d.>" }, () => resolve())
    );
    assertEquals((await member(other, { name: "c" })).outcome, { kind: "joined" });
  },
);

Deno.test(
  "a listing says what members of all brokers hold, and how many members this one has (N11)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two();
    await using _one = one;
    await using _other = other;
    const worker = await member(one, { window: 2 });
    await new Sender(one).publish("#d.a", "1", "2", "3");
    await become(() => worker.given.length === 2);
    const listed = async ({ engine }: StoredOnNats): Promise<unknown> => {
      const listing = await new Promise<GroupsListing>((resolve) => engine.groups(resolve));
      assert(listing.kind === "groups");
      return listing.groups.map(({ name, lag, outstanding, members }) => [name, lag, outstanding, members]);
    };
    assertEquals(await listed(one), [["g", 3, 2, 1]]);
    assertEquals(await listed(other), [["g", 3, 2, 0]]);
  },
);

Deno.test(
  "what is given back too often is a dead letter, once, with what it was (G11, N11)",
  NEEDS_NATS,
  async () => {
    const [one, other] = await two({ maxAttempts: 2 });
    await using _one = one;
    await using _other = other;
    const dead = new Recorder();
    await subscribed(other, "#dead.>", dead);
    const worker = await member(one);
    await new Sender(one).publish("#d.a", { text: "x", id: "i1" });
    for (let attempt = 1; attempt <= 2; attempt++) {
      await become(() => worker.given.length === attempt);
      assert(worker.nack("#d.a", 1));
      one.flush();
    }
    await dead.has(1);
    assertEquals([dead.got, worker.given.length], [["x"], 2]);
    const letters = await member(other, { name: "l", pattern: "#dead.>", from: { kind: "earliest" } });
    await become(() => letters.given.length === 1);
    const { topic, fields } = letters.given[0]!;
    assertEquals(topic, "#dead.g.d.a");
    for (const field of ["id=i1", "h.dead-topic=#d.a", "h.dead-attempts=2", "h.dead-reason=nack"]) {
      assert(fields.split(" ").includes(field), fields);
    }
  },
);

Deno.test(
  "NATS gives out again what a broker that is gone held, and not before the broker would",
  NEEDS_NATS,
  async () => {
    const prefix = newPrefix();
    await using made = await StoredOnNats.open(nats!.server, { prefix, ackTimeout: 2_000 });
    await member(made);
    const connection = await connect({ servers: nats!.server });
    const { consumers } = await jetstreamManager(connection);
    const waits: number[] = [];
    for await (const { config } of consumers.list(prefix)) {
      if (config.ack_policy === "explicit") waits.push(config.ack_wait! / 1_000_000);
    }
    assertEquals(waits, [7_000]);
    await connection.close();
  },
);

Deno.test("programs of NATS read and write durable topics (N10)", NEEDS_NATS, async () => {
  const prefix = newPrefix();
  await using made = await StoredOnNats.open(nats!.server, { prefix });
  const recorder = new Recorder();
  await subscribed(made, "#d.>", recorder);
  const connection = await connect({ servers: nats!.server });
  const js = jetstream(connection);
  const named = headers();
  named.append("Hashbus-Key", "k");
  const { seq } = await js.publish(`${prefix}.stored.d.x`, "theirs", { headers: named });
  await recorder.has(1);
  await new Sender(made).publish("#d.x", { text: "ours", id: "i1" });
  const consumer = await js.consumers.get(prefix, { filter_subjects: `${prefix}.stored.d.>` });
  const read: string[] = [];
  for await (const message of await consumer.fetch({ max_messages: 2, expires: 5_000 })) {
    read.push(`${message.seq} ${message.string()} ${message.headers?.get("Hashbus-Id") ?? ""}`);
  }
  assertEquals([seq, recorder.got[0], read], [1, "theirs", ["1 theirs ", "2 ours i1"]]);
  await connection.close();
});

Deno.test(
  "a stream with other terms than a broker asks for is not taken, in one line",
  NEEDS_NATS,
  async () => {
    const prefix = newPrefix();
    await using _made = await StoredOnNats.open(nats!.server, { prefix });
    const refusal = await StoredOnNats.open(nats!.server, { prefix, durable: ["#e"] }).then(
      () => "it was taken",
      (error: Error) => error.message,
    );
    assert(/^the stream .* has description .*--durable/.test(refusal), refusal);
  },
);

Deno.test("of the last of each topic one can be had, several are refused (N12)", NEEDS_NATS, async () => {
  await using made = await StoredOnNats.open(nats!.server, { prefix: newPrefix() });
  await subscribed(made, "#d.>", new Recorder());
  const sender = new Sender(made);
  for (const [at, topic] of ["#d.a", "#d.b", "#d.a"].entries()) await sender.publish(topic, `${at}`);
  const recorder = new Recorder();
  const from = { kind: "last", count: 1, asOf: undefined } as const;
  const how = await started(made, recorder, { pattern: "#d.>", from, to: undefined });
  assertEquals(how, { kind: "started", trimmedTo: undefined, ahead: undefined });
  await recorder.has(2, 1);
  assertEquals(recorder.got, ["1", "2"], "in the order of the stream");
  const several = { pattern: "#d.>", from: { ...from, count: 2 }, to: undefined };
  assertEquals((await started(made, new Recorder(), several)).kind, "failed");
});
