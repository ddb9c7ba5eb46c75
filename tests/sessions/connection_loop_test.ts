/** What a connection does between what it reads and what it writes, step by step. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Admission, Gatekeeper } from "../../lib/auth/gatekeeper.ts";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import type { Publisher, Receipt, Run } from "../../lib/engine/types.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import type { Ticket } from "../../lib/sessions/ticket.ts";
import { settled } from "../support/handed_clock.ts";
import { ScriptedEngine } from "../support/scripted_engine.ts";
import { Line } from "./connection_bench.ts";
import { Bench } from "./session_bench.ts";

/** An engine that answers what is published when the test says so. */
class LateEngine extends ScriptedEngine {
  readonly tickets: Ticket[] = [];

  override publish(run: Run, publisher?: Publisher): Receipt {
    this.tickets.push(publisher!.hold(run.count) as Ticket);
    run.release();
    // what is typed for an engine that answers at once
    return undefined as unknown as Receipt;
  }
}

const SYNCED = { reached: 0, level: "synced", last: undefined, topic: undefined } as const;

/** Somebody who is full, and says no more than so often that he is. */
class FullOne {
  full = true;
  waiting: (() => void)[] = [];

  whenNotFull(callback: () => void): void {
    if (this.waiting.length > 100) throw new Error("nobody waits a hundred times");
    this.waiting.push(callback);
  }
}

Deno.test("who stands still at a full subscriber reads nothing until that has room, and then goes on", async () => {
  const line = new Line();
  const { engine } = line.bench;
  const gate = new FullOne();
  let asked = 0;
  engine.gateOf = () => {
    if (++asked > 100) throw new Error("who waits does not ask all the time");
    return gate.full ? gate : undefined;
  };
  await line.wire.comes("pub #a 1\nx\nping\n");
  assertEquals([line.wire.reads, gate.waiting.length, line.wire.written], [false, 1, ""]);
  assertEquals(line.connection.snapshot().waits, true);
  // it was told too soon: it waits again
  gate.waiting.shift()!();
  await settled();
  assertEquals([line.wire.reads, gate.waiting.length], [false, 1]);
  gate.full = false;
  gate.waiting.shift()!();
  await settled();
  assertEquals([line.wire.reads, line.wire.written], [true, "ok 1 level=memory subs=0\npong\n"]);
  assertEquals(line.connection.snapshot().waits, false);
  await line.wire.comes(null);
  await line.isOver("end of input");
});

Deno.test("a turn that comes when its connection has been closed does nothing", async () => {
  const line = new Line();
  const { turns, counters } = line.bench;
  turns.busy = true;
  await line.wire.comes("pub #a 1\nx\n");
  line.connection.cut("closed");
  turns.queued[0]!.turn();
  await line.isOver("closed");
  assertEquals([counters.totals.published, turns.begun], [0, []]);
});

Deno.test("each turn is told when it begins, with little to do or much, and when it ends", async () => {
  const line = new Line();
  const { turns } = line.bench;
  for (const bytes of [63, 255, 1023, 4095, 4096]) await line.wire.comes("\n".repeat(bytes));
  assertEquals([turns.begun, turns.ended], [[true, true, true, true, false], 5]);
  await line.wire.comes(null);
  await line.isOver("end of input");
});

Deno.test("what one turn brings to a subscriber leaves in one write, though somebody flushes in the middle of it", async () => {
  const bench = new Bench();
  const subscriber = new Line({ bench, to: "subscribers" });
  await subscriber.wire.comes("sub #>\n");
  const publisher = new Line({ bench });
  const publish = bench.engine.publish.bind(bench.engine);
  bench.engine.publish = (run) => {
    const receipt = publish(run);
    bench.flushes.flush();
    return receipt;
  };
  subscriber.wire.writes.length = 0;
  await publisher.wire.comes("pub #a 1 ttl=1\n1\npub #a 1 ttl=2\n2\npub #a 1 ttl=3\n3\n");
  const each = [1, 2, 3].map((at) => `pub #a 1 ttl=${at}\n${at}\n`);
  // the first lies by itself, and is written with nothing that came behind it
  assertEquals(subscriber.wire.writes, [each[0]!, `${each[1]}${each[2]}`]);
  assertEquals(publisher.wire.writes, ["ok 3 level=memory subs=1\n"]);
  for (const line of [subscriber, publisher]) {
    line.connection.cut("closed");
    await line.over;
  }
});

Deno.test("for what there is no memory is refused at once, though nothing more comes (V6)", async () => {
  const line = new Line({ settings: { limits: { ...DEFAULT_LIMITS, memory: 40_000 } } });
  await line.wire.comes(`pub #a 1000000\n${"x".repeat(17_000)}`);
  await settled();
  assertMatch(line.wire.written, /^err BUSY [^\n]*\n$/);
  assertEquals(line.wire.reads, true);
  line.connection.cut("closed");
  await line.over;
});

Deno.test("what is unanswered when the input ends is answered before the end, and nobody is subscribed meanwhile (C11)", async () => {
  const bench = new Bench({}, LateEngine);
  const line = new Line({ bench });
  await line.wire.comes("pub #a 1\nx\n");
  await line.wire.comes(null);
  assertEquals([line.wire.written, line.wire.closes], ["", 0]);
  (bench.engine as LateEngine).tickets[0]!.acknowledge(SYNCED);
  bench.flushes.flush();
  await line.over;
  assertEquals([line.wire.written, line.wire.closes, line.reason], [
    "ok 1 level=synced subs=0\n",
    1,
    "end of input",
  ]);
});

Deno.test("in a crowd what waits for the next reply is told when the input ends", async () => {
  const line = new Line();
  line.bench.turns.crowd = true;
  await line.wire.comes("pub #a 1\nx\n");
  assertEquals(line.wire.written, "");
  await line.wire.comes(null);
  await line.isOver("end of input");
  assertEquals(line.wire.written, "ok 1 level=memory subs=0\n");
});

/** A subscriber that may leave messages out, to which one is being written and nothing is taken of it. */
async function stuck(): Promise<Line> {
  const line = new Line({ to: "subscribers" });
  await line.wire.comes("sub #a slow=drop-new\n");
  line.wire.takes = false;
  const publisher = line.bench.connect();
  publisher.send("pub #a 1\nx\n");
  line.bench.flushes.flush();
  publisher.close();
  await settled();
  assertEquals(line.connection.tick(60_000), false);
  assertEquals([line.wire.closes, line.connection.outbox.stalledFor], [0, 0], "nobody waits for it");
  return line;
}

Deno.test("who takes nothing while its last messages leave is given up like any other, at the end of its input", async () => {
  const line = await stuck();
  await line.wire.comes(null);
  assertEquals(line.bench.engine.snapshot().subscriptions, 0, "nothing is added to what leaves");
  line.connection.tick(999);
  assertEquals(line.connection.outbox.stalledFor, 999);
  line.connection.tick(1);
  line.clock.pass(500);
  await line.over;
  assertEquals([line.wire.closes, line.reason], [1, "end of input"]);
});

Deno.test("who takes nothing while its last messages leave is given up like any other, in a drain", async () => {
  const line = await stuck();
  const drained = line.connection.drain();
  await settled();
  assertEquals(line.bench.engine.snapshot().subscriptions, 1);
  line.connection.tick(999);
  assertEquals(line.connection.outbox.stalledFor, 999);
  line.connection.tick(1);
  line.clock.pass(500);
  await drained;
  await line.over;
  assertEquals([line.wire.closes, line.reason], [1, "stalled"]);
});

Deno.test("a drain is over when the end of the output is there", async () => {
  const line = new Line();
  await settled();
  let over = false;
  const drained = line.connection.drain().then(() => over = true);
  for (let turns = 0; turns < 3; turns++) await settled();
  assertEquals([line.wire.ends, over], [1, false]);
  await line.wire.ended();
  assertEquals(over, true);
  await line.wire.comes(null);
  await drained;
  await line.isOver("drained");
});

/** Lets in who is asked about when the test says so. */
class Doorkeeper implements Gatekeeper {
  readonly asked: ((admission: Admission) => void)[] = [];

  admit(...[, , done]: Parameters<Gatekeeper["admit"]>): void {
    this.asked.push(done);
  }
  admitClassic(): undefined {}
  renew(): undefined {}
}

const LOGIN = "c hello 2 user=a token=b\n";

Deno.test("who is let in later is read as its account may be, and leaves the lobby", async () => {
  const gatekeeper = new Doorkeeper();
  const line = new Line({ settings: { gatekeeper }, asked: true, classic: true });
  const { lobby } = line.bench.settings;
  assertEquals(lobby.size, 1);
  await line.wire.comes(LOGIN);
  assertEquals([gatekeeper.asked.length, line.wire.reads, lobby.size], [1, false, 1]);
  const grant = { ...UNLIMITED, account: "a", limits: { messageRate: 4 } };
  gatekeeper.asked[0]!({ kind: "admitted", grant });
  await settled();
  assertMatch(line.wire.written, /^OK_2\ninfo \{[^\n]*\}\n$/);
  assertEquals([lobby.size, line.connection.snapshot().account], [0, "a"]);
  for (let times = 0; times < 4; times++) await line.wire.comes("\n".repeat(line.wire.rooms.at(-1)!));
  assertEquals(new Set(line.wire.rooms), new Set([63]));
  line.connection.cut("closed");
  await line.over;
});

Deno.test("who is one too many of its account when it is let in is told so", async () => {
  const gatekeeper = new Doorkeeper();
  const bench = new Bench({ gatekeeper });
  const grant = { ...UNLIMITED, account: "a", limits: { connections: 1 } };
  const first = new Line({ bench, grant });
  const line = new Line({ bench, asked: true, classic: true });
  await line.wire.comes(LOGIN);
  gatekeeper.asked[0]!({ kind: "admitted", grant });
  await settled();
  assertMatch(line.wire.written, /^ERR_TOO_MANY_CONNECTIONS\n/);
  for (const each of [first, line]) {
    each.connection.cut("closed");
    await each.over;
  }
});

Deno.test("who brings too much before it is let in is told so, and who is being drained before that is cut off", async () => {
  const line = new Line({ settings: { gatekeeper: new Doorkeeper() }, asked: true, classic: true });
  const { lobby } = line.bench.settings;
  for (let left = 8192; left > 0;) {
    const bytes = Math.min(left, line.wire.rooms.at(-1)!);
    await line.wire.comes("\n".repeat(bytes));
    left -= bytes;
  }
  assertEquals(line.wire.written, "");
  await line.wire.comes("\n");
  assertEquals([line.wire.written, lobby.size], ["ERR_DENIED\n", 1]);
  await line.wire.ended();
  await line.wire.comes(null);
  await line.over;
  assertEquals([line.reason, lobby.size, lobby.held], ["too much before login", 0, 0]);
  const drained = new Line({ settings: { gatekeeper: new Doorkeeper() }, asked: true, classic: true });
  await drained.connection.drain();
  await drained.over;
  assertEquals([drained.wire.written, drained.wire.closes, drained.reason], ["", 1, "drained"]);
});

Deno.test("of who is gone while it is known who it is nothing is kept in the lobby (A8)", async () => {
  const line = new Line({ settings: { gatekeeper: new Doorkeeper() }, asked: true, classic: true });
  const { lobby } = line.bench.settings;
  line.wire.takes = false;
  await line.wire.comes(`c what\n${LOGIN}`);
  await line.wire.wrote(new Deno.errors.ConnectionReset("gone"));
  await line.over;
  assertEquals([line.reason, lobby.size, lobby.held], ["connection lost", 0, 0]);
});
