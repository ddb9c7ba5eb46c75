import { assert, assertEquals } from "@std/assert";
import { ACK_WAIT_MORE_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { Worker } from "../../groups/stored_bench.ts";
import { ACK_TIMEOUT, GroupBench } from "./group_bench.ts";

Deno.test("a group asks for as many as its members have room for, and not for each that is settled anew (N11)", () => {
  const bench = new GroupBench();
  const one = bench.join({ window: 8 });
  assertEquals(bench.said(), ["asks 8"]);
  const other = bench.join({ window: 2 });
  assertEquals(bench.said(), [], "8 of 10 are asked for");
  bench.brings("1", "2", "3", "4", "5", "6");
  assertEquals([one.given.length, other.given.length, bench.said()], [6, 0, ["asks 2"]]);
  bench.brings("7");
  assertEquals(
    [one.given.length, other.shown, bench.said()],
    [6, ["#d.a 7"], []],
    "who holds least comes first",
  );
  for (let sequence = 1; sequence <= 6; sequence++) assert(one.ack("#d.a", sequence));
  assertEquals(bench.said().filter((each) => each.startsWith("asks")), ["asks 1", "asks 2", "asks 2"]);
});

Deno.test("a run goes to members in parts, each settles its own, and nothing is kept of it", () => {
  const bench = new GroupBench();
  const [one, other] = [bench.join({ window: 2 }), bench.join({ window: 3 })];
  bench.said();
  bench.brings("1", "2", "3", "4", "5", "6");
  assertEquals([one.shown, other.shown], [["#d.a 1", "#d.a 2"], ["#d.a 3", "#d.a 4", "#d.a 5"]]);
  const { held, waiting, members, settling } = bench.group.snapshot();
  assertEquals([held, waiting, members, settling], [5, 1, 2, "explicit"]);
  assert(!one.ack("#d.a", 3) && !other.ack("#d.b", 3), "what it does not hold");
  assert(other.membership!.holdsAll("#d.a", { from: 3, end: 6 }));
  assert(!other.membership!.holdsAll("#d.a", { from: 2, end: 6 }));
  assert(other.ack("#d.a", 3, 4));
  const { flushes } = bench;
  assertEquals(bench.said().slice(0, 2), ["3 +ACK", "4 +ACK"]);
  assertEquals([other.shown.at(-1), other.answers], ["#d.a 6", []]);
  bench.link.comes("acks.*", "", "acks.1");
  assertEquals(other.answers, ["ack #d.a 3"]);
  assert(bench.flushes > flushes, "who is answered is written to");
  assertEquals([bench.group.snapshot().held, bench.pool.bytesOut], [4, 0]);
  assert(one.ack("#d.a", 1));
  bench.acks.close();
  assertEquals(one.answers, ["ack #d.a 1: STORE"], "nobody knows");
});

Deno.test("who is full gets nothing until it takes something again", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  worker.full = true;
  bench.brings("1", "2");
  assertEquals([worker.given, bench.group.snapshot().waiting], [[], 2]);
  const { flushes } = bench;
  worker.opens();
  assertEquals([worker.given.length, bench.flushes], [2, flushes + 1]);
});

Deno.test("what waits for a member is not given back, for that would count, while anybody here takes something (G11, N11)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  worker.full = true;
  bench.brings("1", "2");
  bench.said();
  bench.passes(ACK_TIMEOUT / 2);
  assertEquals(bench.said(), []);
  bench.passes(1);
  assertEquals(bench.said(), ["1 +WPI", "2 +WPI"]);
  bench.passes(ACK_TIMEOUT / 2 - 2);
  assertEquals(bench.said(), []);
  worker.opens();
  assertEquals([worker.shown, bench.buried], [["#d.a 1", "#d.a 2"], []]);
  worker.full = true;
  bench.brings("3");
  bench.said();
  bench.passes(ACK_TIMEOUT - 1);
  assertEquals(bench.said(), ["3 +WPI"]);
  worker.dies();
  assertEquals(bench.said(), ["1 -NAK", "2 -NAK", "3 -NAK"]);
  assertEquals([bench.group.snapshot().waiting, bench.pool.bytesOut], [0, 0]);
});

Deno.test("what nobody here takes for as long as a member may hold it goes to other brokers, and is not buried by that (G11, N11)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  worker.full = true;
  bench.passes(2 * ACK_TIMEOUT);
  bench.brings("1", "2*2", "3");
  bench.beats();
  bench.passes(ACK_TIMEOUT - 1);
  bench.beats();
  bench.link.takeAsked();
  bench.passes(1);
  const [first] = bench.link.asked;
  assertEquals(first, "unsub in.1", "or they come to who asked before");
  assertEquals(bench.said(), ["1 -NAK", "3 -NAK"], "the other one was given out for the last time");
  assertEquals(bench.group.snapshot().waiting, 1);
  bench.beats();
  bench.passes(ACK_TIMEOUT);
  assertEquals(bench.said(), ["2 +WPI"]);
  worker.opens();
  assertEquals([worker.shown, bench.said()], [["#d.a 2 (2)"], ["asks 15"]]);
  assert(worker.ack("#d.a", 2));
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("what waits while NATS is away is given to nobody when another broker may have it (G6, N11)", () => {
  const MORE = ACK_WAIT_MORE_MS;
  for (const away of [MORE - 1, MORE]) {
    const bench = new GroupBench({}, { ackTimeout: 2 * MORE });
    const worker = bench.join();
    worker.full = true;
    bench.brings("1");
    bench.link.goDown();
    bench.group.down();
    bench.said();
    bench.passes(away);
    worker.opens();
    assertEquals(worker.shown, away < MORE ? ["#d.a 1"] : [], "its member may hold it as long as any other");
    bench.link.goUp();
    bench.group.up();
    assertEquals([worker.shown, bench.said()], [
      ["#d.a 1"],
      away < MORE ? ["asks 15"] : ["1 +WPI", "asks 15"],
    ]);
  }
  const bench = new GroupBench();
  const worker = bench.join();
  worker.full = true;
  bench.brings("1");
  bench.link.goDown();
  bench.group.down();
  for (let turn = 0; turn < 4; turn++) bench.passes(ACK_TIMEOUT / 4);
  assertEquals([bench.group.snapshot().waiting, bench.pool.bytesOut], [0, 0], "NATS was not told of it");
  bench.link.goUp();
  bench.group.up();
  worker.opens();
  bench.brings("1*2");
  assertEquals(worker.shown, ["#d.a 1 (2)"]);
});

Deno.test("nothing is asked for members that are full, until they are not: other brokers' get it meanwhile (N11)", () => {
  const bench = new GroupBench();
  const [one, other] = [new Worker(), new Worker()];
  one.full = true;
  bench.join({ window: 8 }, one);
  assertEquals(bench.said(), []);
  bench.join({ window: 2 }, other);
  assertEquals(bench.said(), ["asks 2"]);
  bench.passes(1);
  assertEquals(bench.said(), []);
  one.opens();
  assertEquals(bench.said(), ["asks 8"]);
});

Deno.test("what is given back comes again, when its member says, and is dead when that was the last time (G9, G11)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.brings("1", "2", "3*2", "4*2");
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 3 (2)", "#d.a 4 (2)"]);
  bench.said();
  assert(worker.nack("#d.a", 1) && worker.nack("#d.a", 2, { delay: 5 }) && worker.nack("#d.a", 3));
  assert(worker.membership!.giveBack("#d.a", { from: 4, end: 5 }, { delay: 0, unused: true }));
  assert(!worker.nack("#d.a", 1));
  assertEquals(bench.said(), ["1 -NAK", '2 -NAK {"delay":5000000}', "4 -NAK", "asks 4"]);
  assertEquals(bench.buried, ["g c 3 3 2 nack"]);
  assertEquals([bench.group.snapshot().held, bench.pool.bytesOut], [0, 0]);
  bench.brings("5*3");
  assertEquals(
    [worker.given.length, bench.buried.at(-1)],
    [4, "g c 5 5 2 lost connection"],
    "it comes once too often",
  );
});

Deno.test("what is not settled in time comes again, unless its member asks for longer (G9)", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 3 });
  bench.brings("1", "2", "3*2");
  bench.passes(ACK_TIMEOUT - 1);
  bench.said();
  assert(worker.extend("#d.a", 1) && !worker.extend("#d.a", 9));
  assertEquals(bench.said(), ["1 +WPI"]);
  bench.passes(1);
  assertEquals([bench.said(), bench.buried], [["2 -NAK", "asks 2"], ["g c 3 3 2 timeout"]]);
  assertEquals(bench.group.snapshot().held, 1);
  assert(!worker.ack("#d.a", 2));
  bench.brings("4", "5");
  assertEquals(worker.shown.slice(3), ["#d.a 4", "#d.a 5"], "it has room again");
  bench.passes(ACK_TIMEOUT - 2);
  assertEquals(bench.said(), []);
  bench.passes(1);
  assertEquals(bench.said()[0], "1 -NAK");
});

Deno.test("where it settles what is written, that is settled, and what still waits to be is nobody else's (G6)", () => {
  const bench = new GroupBench({ settling: "auto" });
  const worker = bench.join({ window: 2 });
  worker.writes = false;
  bench.brings("1", "2", "3");
  bench.said();
  bench.passes(ACK_TIMEOUT);
  assertEquals(bench.said(), ["1 +WPI", "2 +WPI", "3 -NAK"]);
  bench.passes(1);
  assertEquals([bench.said(), bench.group.snapshot().held], [[], 2]);
  worker.membership!.passed(1);
  assertEquals(bench.said(), ["1 +ACK", "asks 1"]);
  bench.brings("3*2");
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 3 (2)"]);
  worker.dies();
  assertEquals(bench.said().sort(), ["2 -NAK", "3 -NAK"], "what was not written");
  bench.join({}, new Worker()).dies();
  assertEquals(
    bench.link.takeAsked().filter((each) => each === "ping"),
    [],
    "who held nothing settles nothing",
  );
});

Deno.test("what was written while NATS was away for long is settled when it is back (G6)", () => {
  const bench = new GroupBench({ settling: "auto" });
  const worker = bench.join({ window: 2 });
  worker.writes = false;
  bench.brings("1");
  bench.link.goDown();
  bench.group.down();
  worker.write();
  for (let seconds = 0; seconds < 60; seconds++) {
    bench.passes(1_000);
    bench.acks.tick(bench.now);
  }
  bench.said();
  bench.link.goUp();
  bench.group.up();
  assertEquals(bench.said(), ["1 +ACK", "asks 2"]);
});

Deno.test("what a member has not been written and does not hold any more goes to nobody when it leaves", () => {
  const bench = new GroupBench();
  const worker = new Worker();
  worker.writes = false;
  bench.join({ window: 2 }, worker);
  bench.brings("1", "2");
  bench.passes(ACK_TIMEOUT - 1);
  assert(worker.extend("#d.a", 2));
  bench.passes(1);
  const other = bench.join();
  bench.said();
  worker.dies();
  assertEquals([bench.said().filter((each) => !each.startsWith("asks")), other.given], [["2 -NAK"], []]);
  bench.brings("3");
  assertEquals([other.shown, bench.pool.bytesOut], [["#d.a 3"], 0], "and who has left gets nothing more");
  assertEquals(worker.given.length, 2);
});

Deno.test("what a member that leaves had not been written goes to another, and the rest comes again (G4)", () => {
  const bench = new GroupBench();
  const worker = new Worker();
  worker.writes = false;
  bench.join({ window: 4 }, worker);
  bench.brings("1", "2*2");
  bench.brings("3");
  const other = bench.join();
  bench.said();
  assertEquals(worker.unsent.length, 3);
  worker.unsent.shift()!.release();
  worker.dies();
  assertEquals(other.shown, ["#d.a 2 (2)", "#d.a 3"]);
  assertEquals([bench.said().filter((each) => !each.startsWith("asks")), bench.buried], [["1 -NAK"], []]);
  assertEquals(bench.group.snapshot().held, 2);
  assert(other.ack("#d.a", 2, 3));
  assertEquals(bench.pool.bytesOut, 0);
  worker.dies();
  assertEquals(bench.group.snapshot().members, 1);
  bench.said();
  bench.brings("4", "5", "6", "7", "8", "9");
  assertEquals([other.given.at(-1)!.sequence, worker.given.length], [9, 3]);
  assert(other.ack("#d.a", 4, 9));
  assert(bench.said().some((each) => each.startsWith("asks")), "for those who are still there");
});

Deno.test("when the last has left all goes back to NATS, also what is still on its way (N11)", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 3 });
  worker.writes = false;
  bench.brings("1");
  bench.brings("2", "3", "4");
  bench.said();
  worker.dies();
  assertEquals(bench.link.asked[0], "unsub in.1", "or what is given back comes to who asked before");
  assertEquals(bench.said().sort(), ["1 -NAK", "2 -NAK", "3 -NAK", "4 -NAK"]);
  assertEquals([bench.group.isEmpty, bench.pool.bytesOut, bench.group.snapshot().waiting], [true, 0, 0]);
  bench.brings("5");
  assertEquals(bench.said(), ["5 -NAK"]);
});

Deno.test("a consumer that has gone is looked for, and one that was made anew owns nothing of the one before", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 4 });
  bench.brings("1", "2");
  bench.link.comes("in.1", "", "in.1", { status: 503 });
  assertEquals(bench.looks.length, 1);
  bench.said();
  bench.looks.shift()!({ kind: "done", value: bench.consumer });
  assertEquals(bench.said(), ["asks 2"]);
  assertEquals([bench.group.snapshot().held, worker.ack("#d.a", 1)], [2, true], "it is the one it was");
  bench.brings("3", "4", "5", "6");
  assertEquals([worker.given.length, bench.group.snapshot().waiting], [5, 1]);
  bench.link.comes("in.2", "7", "p.stored.d.a", { reply: "$JS.ACK.s.c.1.7.1.1000000.0" });
  bench.link.comes("in.2", "", "in.2", { status: 503 });
  bench.said();
  bench.looks.shift()!({ kind: "done", value: { ...bench.consumer, created: "two" } });
  assertEquals(bench.said(), ["asks 4"]);
  const { held, waiting } = bench.group.snapshot();
  assertEquals([held, waiting, worker.ack("#d.a", 2), bench.pool.bytesOut], [0, 0, false, 0]);
  bench.brings("2", "3", "4", "5");
  assertEquals(worker.given.length, 9, "who had no room has it");
});

Deno.test("a consumer that nothing is heard of is looked for, and one that is not needed any more is asked no more", () => {
  const bench = new GroupBench();
  assertEquals([bench.group.name, bench.group.pattern], ["g", "#d.>"]);
  const worker = bench.join({ window: 2 });
  bench.passes(4000);
  assertEquals(bench.looks.length, 1);
  bench.looks.shift()!({ kind: "done", value: bench.consumer });
  bench.brings("1", "2", "3");
  bench.said();
  bench.group.dissolve("over");
  assertEquals([worker.failure, bench.link.takeAsked(), bench.pool.bytesOut], ["over", ["unsub in.2"], 0]);
  bench.brings("4");
  assertEquals(bench.said(), ["4 -NAK"]);
});

Deno.test("a group whose consumer is nowhere, twice, was deleted, and its members are told; where nobody can tell it asks on", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 4 });
  bench.brings("1");
  bench.said();
  bench.link.comes("in.1", "", "in.1", { status: 503 });
  bench.looks.shift()!({ kind: "failed", reason: "no leader" });
  assertEquals([bench.said(), bench.looks.length], [[], 0], "not at once: nobody may answer for long");
  for (const go of bench.later.splice(0)) go();
  assertEquals(bench.said(), ["asks 3"]);
  bench.link.comes("in.2", "", "in.2", { status: 503 });
  bench.looks.shift()!({ kind: "none" });
  assertEquals([worker.failure, bench.looks.length, bench.said()], [undefined, 0, []]);
  for (const go of bench.later.splice(0)) go();
  bench.looks.shift()!({ kind: "failed", reason: "no leader" });
  assertEquals(bench.said(), ["asks 3"]);
  bench.link.comes("in.3", "", "in.3", { status: 503 });
  bench.looks.shift()!({ kind: "none" });
  for (const go of bench.later.splice(0)) go();
  bench.looks.shift()!({ kind: "none" });
  assertEquals([worker.failure, bench.group.isOver], ["the group g was deleted", true]);
  assertEquals(bench.group.snapshot().held, 0);
});

Deno.test("when the link is lost nothing is asked, and when it is back as much as there is room for", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 4 });
  bench.brings("1");
  bench.link.goDown();
  bench.said();
  bench.group.down();
  assertEquals(bench.link.takeAsked(), ["unsub in.1"]);
  assert(worker.ack("#d.a", 1));
  bench.passes(10_000);
  assertEquals(bench.said(), []);
  bench.link.goUp();
  bench.group.up();
  assertEquals(bench.said().filter((each) => each.startsWith("asks")), ["asks 4"]);
});

Deno.test("who joins a group has what its members have (G6)", () => {
  const bench = new GroupBench();
  const other = bench.join({ settling: "auto" });
  assert(bench.group.isEmpty);
  assertEquals(other.outcome, {
    kind: "refused",
    code: "BAD_FIELD",
    reason: "the members of group g have ack=explicit, and all have the same",
  });
  other.membership!.resize(5);
  bench.join();
  bench.brings("1");
  assertEquals([other.given, bench.group.snapshot().members], [[], 1]);
  other.dies();
  assertEquals(bench.group.isEmpty, false);
});
