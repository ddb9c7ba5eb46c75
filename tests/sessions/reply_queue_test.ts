import type { ConnectionSnapshot } from "../../lib/sessions/mod.ts";
import { assert, assertEquals } from "@std/assert";
import { HIGH_WATER, HOLD_ROUNDS, REPLIES_HIGH_WATER } from "../../lib/limits.ts";
import { DONE, type Success } from "../../lib/protocols/types.ts";
import { refusal } from "../../lib/sessions/refusal.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { SeekOutcome } from "../../lib/store/types.ts";
import { HeldStore } from "../support/held_store.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";
import { Bench, STORED } from "./reply_bench.ts";

Deno.test("in a crowd a success waits for the next one, and both are told together", () => {
  const bench = new Bench();
  const { queue, turns, said } = bench;
  queue.ok(1, DONE);
  queue.flushOrHold();
  assertEquals(said.splice(0), ["ok 1"]);
  turns.holds = true;
  for (let at = 0; at < 5; at++) {
    queue.ok(1, DONE);
    queue.flushOrHold();
    assertEquals(said.splice(0), [], "it waits");
    turns.rounds++;
    assert(queue.staysIn(turns.rounds));
    queue.ok(1, DONE);
    queue.flushOrHold();
    assertEquals(said.splice(0), ["ok 2"]);
  }
  assertEquals(bench.asked, 1, "it is in the list once");
});

Deno.test("a success that waited for nothing leaves alone, and those behind it wait ever less often", () => {
  const { queue, turns, said } = new Bench();
  turns.holds = true;
  let waited = 0;
  for (let at = 0; at < 2000; at++) {
    queue.ok(1, DONE);
    queue.flushOrHold();
    if (said.length === 0) {
      waited++;
      for (let round = 1; round < HOLD_ROUNDS; round++) assert(queue.staysIn(++turns.rounds));
      assertEquals(said, [], "it has its rounds");
      assert(!queue.staysIn(++turns.rounds));
    }
    assertEquals(said.splice(0), ["ok 1"]);
  }
  assert(waited > 3 && waited < 20, `${waited} of 2,000`);
});

Deno.test("whatever else is said takes a success along that waits (C2)", () => {
  const { queue, turns, said } = new Bench();
  turns.holds = true;
  queue.ok(1, DONE);
  queue.flushOrHold();
  queue.say((replies) => replies.pong());
  queue.flushOrHold();
  assertEquals(said, ["ok 1", "pong"]);
  assert(!queue.staysIn(turns.rounds));
  queue.ok(1, DONE);
  queue.flushOrHold();
  queue.flush();
  assertEquals(said, ["ok 1", "pong", "ok 1"]);
});

/** The reference store, whose seeks are answered when the test says so. */
class SlowSeeks extends HeldStore {
  readonly seeks: Array<() => void> = [];
  most = 0;

  constructor() {
    super(new MemoryStore({ now: () => Date.now() }));
  }

  override seek(...[pattern, range, done]: Parameters<HeldStore["seek"]>): void {
    this.seeks.push(() => super.seek(pattern, range, (outcome: SeekOutcome) => done(outcome)));
    this.most = Math.max(this.most, this.seeks.length);
  }
}

Deno.test("nothing overtakes a ticket, and what was answered together is told together (C2, V2)", () => {
  const { queue, said, flushes } = new Bench();
  const [one, two, three] = [queue.hold(1), queue.hold(2), queue.hold(1)];
  queue.say((replies) => replies.pong());
  three.acknowledge({ ...STORED, last: 4 });
  flushes.flush();
  assertEquals(said, []);
  one.acknowledge({ ...STORED, last: 1 });
  two.acknowledge({ ...STORED, last: 3 });
  assertEquals(said, [], "not before the others of its commit are answered");
  flushes.flush();
  assertEquals(said, ["ok 4 seq=4", "pong"]);
  assert(!queue.answers.full);
});

Deno.test("replies that wait are told one by one in time that grows with their number alone", () => {
  const { queue, said, flushes } = new Bench();
  const tickets = Array.from({ length: 200_000 }, () => queue.hold(1));
  // each by itself: what was quadratic here took a minute
  for (const [at, ticket] of tickets.entries()) {
    ticket.acknowledge({ ...STORED, last: 2 * at });
    flushes.flush();
  }
  assertEquals(said.length, 200_000);
});

Deno.test("a queue is full while its tickets keep too much, is counted, and lets go when they are answered", () => {
  const { queue, memory, flushes } = new Bench();
  const tickets = [];
  while (!queue.full) tickets.push(queue.ask());
  assert(tickets.length <= 64, `${tickets.length} requests that take work at a time`);
  assertEquals(memory.held, REPLIES_HIGH_WATER);
  let free = 0;
  queue.whenNotFull(() => free++);
  assertEquals(free, 0);
  for (const ticket of tickets) ticket.refuse("STORE");
  flushes.flush();
  assertEquals([free, memory.held, queue.full], [1, 0, false]);
});

Deno.test("nobody waits for more than what is still free of the memory of all", () => {
  const { queue, memory } = new Bench(REPLIES_HIGH_WATER);
  while (!queue.full) queue.hold(1);
  assert(memory.held < REPLIES_HIGH_WATER * 0.51);
});

Deno.test("what was asked by who has left is let go of, and whoever waits is told", () => {
  const { queue, memory, said, flushes } = new Bench();
  const tickets = Array.from({ length: 100 }, () => queue.hold(1));
  let [answered, free] = [0, 0];
  queue.say(() => answered++);
  queue.whenNotFull(() => free++);
  queue.close();
  assertEquals([answered, memory.held], [1, 0]);
  for (const ticket of tickets) ticket.acknowledge({ ...STORED, last: 1 });
  queue.hold(1).refuse("STORE");
  flushes.flush();
  assertEquals([said, memory.held], [[], 0]);
});

Deno.test("many refusals of one read leave as there is room, in their place", () => {
  const { queue, said, outlet, room, flushes } = new Bench();
  outlet.aboveHighWater = true;
  queue.refuse(refusal("BAD_TOPIC"), 1000);
  queue.refuse(refusal("BAD_TOPIC"), 1000);
  queue.ok(1, { ...STORED, last: undefined });
  flushes.flush();
  assertEquals(said, []);
  outlet.aboveHighWater = false;
  for (const call of room.splice(0)) call();
  flushes.flush();
  const refused = said.slice(0, -1).map((line) => Number(line.split(" ")[2]));
  assertEquals(refused.reduce((sum, count) => sum + count, 0), 2000);
  assertEquals(said.at(-1), "ok 1");
});

Deno.test("successes are told as one as long as what is said of them holds for each (V2)", () => {
  const { queue, said } = new Bench();
  const at = (last: number, more: Partial<Success> = {}): Success => ({ ...STORED, last, ...more });
  queue.ok(2, at(2));
  queue.ok(1, at(3));
  queue.ok(2, at(5));
  queue.ok(1, at(7)); // a number is left out between them
  queue.ok(1, at(8, { topic: "#b" }));
  queue.ok(1, at(9, { topic: "#b", reached: 1 }));
  queue.ok(1, at(10, { topic: "#b", reached: 1, level: "memory" }));
  queue.ok(1, { ...DONE, reached: 1, level: "memory" });
  queue.ok(1, at(11, { reached: 1, level: "memory" }));
  queue.flush();
  assertEquals(said, [
    "ok 5 seq=5",
    "ok 1 seq=7",
    "ok 1 seq=8",
    "ok 1 seq=9",
    "ok 1 seq=10",
    "ok 1",
    "ok 1 seq=11",
  ]);
  said.length = 0;
  for (let times = 0; times < 3; times++) queue.ok(2, DONE);
  queue.flush();
  assertEquals(said, ["ok 6"]);
  said.length = 0;
  // what begins a replay says where it begins, and is said alone
  for (const begun of [{ from: 3 }, { newest: 3 }]) {
    for (let times = 0; times < 2; times++) queue.ok(1, { ...DONE, ...begun } as Success);
    queue.ok(1, DONE);
  }
  queue.flush();
  assertEquals(said, ["ok 1", "ok 1", "ok 1", "ok 1", "ok 1", "ok 1"]);
});

Deno.test("behind a ticket successes and refusals of one kind are one entry, and what they keep is counted", () => {
  const { queue, memory, said, flushes } = new Bench();
  const before = queue.hold(1);
  const ticket = memory.held;
  for (let times = 0; times < 100; times++) queue.ok(2, DONE);
  assertEquals(memory.held, 2 * ticket);
  for (let times = 0; times < 100; times++) queue.refuse(refusal("BAD_TOPIC"), 3);
  const refused = memory.held;
  assertEquals(refused, 3 * ticket + refusal("BAD_TOPIC").text.length);
  queue.refuse(refusal("BAD_TOPIC", "another"), 1);
  queue.refuse(refusal("DENIED", "another"), 1);
  queue.ok(1, DONE);
  before.refuse("STORE");
  flushes.flush();
  assertEquals(said, [
    "err STORE 1",
    "ok 200",
    ...[256, 44].map((count) => `err BAD_TOPIC ${count}`),
    "err BAD_TOPIC 1",
    "err DENIED 1",
    "ok 1",
  ]);
  assertEquals([memory.held, !queue.answers.full], [0, true]);
});

Deno.test("the commits of one flush announce themselves once, whatever they answer", () => {
  const { queue, said, flushes } = new Bench();
  const tickets = [queue.hold(1), queue.hold(1)];
  for (const [at, ticket] of tickets.entries()) ticket.acknowledge({ ...STORED, last: at + 1 });
  const added: unknown[] = [];
  const { add } = flushes;
  flushes.add = (each) => void added.push(each);
  queue.ready();
  flushes.add = add;
  assertEquals([said, added], [["ok 2 seq=2"], []]);
});

Deno.test("a client that asks for replays without end has some under way, and is read from as they are found", async () => {
  const store = new SlowSeeks();
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  using client = await upgrade(broker.connect("subscribers"));
  const asked = 20_000;
  const sent = client.send("sub #d.a from=1\n".repeat(asked) + "ping\n");
  while (store.seeks.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  assert(store.most > 0 && store.most <= 64, `${store.most} seeks at a time`);
  const seen = (async () => {
    let answers = 0;
    for (let line = await client.line(); line !== "pong"; line = await client.line()) {
      if (line?.startsWith("ok ") === true) answers += Number(line.split(" ")[1]);
    }
    return answers;
  })();
  let over = false;
  void seen.then(() => over = true);
  while (!over) {
    for (const find of store.seeks.splice(0)) find();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await sent;
  assertEquals(await seen, asked);
  assert(store.most <= 64, `${store.most} seeks at a time`);
});

Deno.test("a client that asks for replays without end and leaves costs nothing any more", async () => {
  const store = new SlowSeeks();
  await using broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  const client = await upgrade(broker.connect("subscribers"));
  const sent = client.send("sub #d.a from=1\n".repeat(20_000)).catch(() => {});
  while (store.seeks.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  client.close();
  await sent;
  while (broker.broker.connections > 0) await new Promise((resolve) => setTimeout(resolve, 0));
  const { length } = store.seeks;
  for (const find of store.seeks.splice(0)) find();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(store.seeks.length, 0, "nothing that was sent behind it is asked for");
  assert(length <= 64);
  assertEquals(broker.subscriptions, 0);
});

for (
  const [what, request] of Object.entries({
    "pings": "ping\n",
    "unsubs of what it has not": "unsub #x\n",
    "what is refused with a long text": `sub #x ${"y".repeat(40)}=\n`,
    "publishes of a bad topic": "pub a*b 0\n\n",
    "a second hello": "hello 2\n",
  })
) {
  Deno.test(`who does not read the replies to ${what} is not read from any more`, async () => {
    await using broker = new TestServer();
    const port = request.startsWith("pub") ? "publishers" : "subscribers";
    using client = await upgrade(broker.connect(port, 512 * 1024));
    let sent = 0;
    const block = request.repeat(Math.ceil(300_000 / request.length));
    const sending = (async () => {
      for (; sent < 100; sent++) await client.send(block);
    })().catch(() => {});
    const looked = (): ConnectionSnapshot => broker.broker.snapshot().connections[0]!;
    while (!looked().waits) await new Promise((resolve) => setTimeout(resolve, 20));
    // whatever comes now is not taken
    await new Promise((resolve) => setTimeout(resolve, 100));
    const connection = looked();
    assert(sent < 20, `${sent} blocks were taken`);
    assert(connection.queued <= 1.2 * HIGH_WATER, `${connection.queued} bytes of replies are kept`);
    assert(connection.waits);
    client.close();
    await sending;
  });
}
