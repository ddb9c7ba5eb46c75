/** A connection's places in groups, whose engine does as the test says. */
import { assertEquals } from "@std/assert";
import { UNLIMITED } from "../../lib/auth/grant.ts";
import type { Run } from "../../lib/engine/types.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { decodeText } from "../../lib/text.ts";
import { type ScriptedMembership, SETTLED } from "../support/scripted_engine.ts";
import { Bench, type Peer } from "./session_bench.ts";

/** A place that was asked for; it is not known yet whether it is there. */
function asks(bench: Bench, peer: Peer, request: string): ScriptedMembership {
  const { memberships } = bench.engine;
  const before = memberships.length;
  peer.send(`${request}\n`);
  assertEquals(memberships.length, before + 1, request);
  return memberships.at(-1)!;
}

/** A place in a group. */
function joins(
  bench: Bench,
  peer: Peer,
  request = "sub #> group=g ack=explicit",
): ScriptedMembership {
  const place = asks(bench, peer, request);
  place.joining.joined({ kind: "joined" });
  assertEquals(peer.taken(), "ok 1\n");
  return place;
}

function record(topic: string, ...payloads: readonly string[]): string {
  return payloads.map((payload) => `pub ${topic} ${payload.length}\n${payload}\n`).join("");
}

Deno.test("what waits together goes back apart, each with its topic, its numbers and its time (G4, G9)", () => {
  const bench = new Bench();
  const { engine } = bench;
  const peer = bench.connect();
  const place = joins(bench, peer);
  engine.give(place, "#d.a", { payloads: ["1", "22"], first: 7 });
  engine.give(place, "#d.b", { payloads: ["333"], first: 1, attempt: 2 });
  engine.give(place, "#d.a", { payloads: ["4", "5", "6"], first: 9, expires: 5000 });
  engine.give(place, "#m", { payloads: ["mm", "m"] });
  engine.give(place, "#m", { payloads: ["n"] });
  peer.close();
  assertEquals(place.said, ["leave #d.a*2@7 #d.b*1@1 #d.a*3@9 #m*2 #m*1"]);
  assertEquals(place.returned, [
    record("#d.a", "1", "22"),
    record("#d.b", "333"),
    `${record("#d.a", "4", "5", "6")} until 5000`,
    record("#m", "mm", "m"),
    record("#m", "n"),
  ]);
  const { unsent, delivered } = bench.counters.totals;
  assertEquals([unsent, delivered, bench.pool.bytesOut, bench.memory.held], [0, 0, 0, 0]);
  assertEquals(engine.pool.bytesOut, 0);
});

Deno.test("what goes back lies in memory that nobody else is given until it is let go of (G4)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = joins(bench, peer);
  // the first lies where it came, the others are gathered
  for (const first of [1, 3]) bench.engine.give(place, "#d.a", { payloads: ["one", "two"], first });
  let left: readonly Run[] = [];
  place.leave = (unsent) => void (left = unsent);
  peer.close();
  for (const pool of [bench.pool, bench.engine.pool]) {
    for (const size of [64, 128, 256, 2048]) pool.take(size).bytes.fill(0);
  }
  assertEquals(left.map((run) => decodeText(run.records.view)), Array(2).fill(record("#d.a", "one", "two")));
  const out = bench.pool.bytesOut + bench.engine.pool.bytesOut;
  for (const run of left) run.release();
  assertEquals(bench.pool.bytesOut + bench.engine.pool.bytesOut, 2 * (64 + 128 + 256 + 2048));
  assertEquals(out > 2 * (64 + 128 + 256 + 2048), true);
});

Deno.test("who leaves is still sent what is stored nowhere, and its group is told of it no more (G4)", () => {
  const bench = new Bench();
  const { engine } = bench;
  const peer = bench.connect();
  const place = joins(bench, peer);
  engine.give(place, "#m", { payloads: ["one", "two"] });
  assertEquals(peer.taken(), `batch #m 2 26 group=g\n${record("#m", "one", "two")}`);
  engine.give(place, "#m", { payloads: ["three"] });
  engine.give(place, "#d.a", { payloads: ["four"], first: 1 });
  assertEquals(peer.ask("unsub #> group=g\n"), `batch #m 1 15 group=g\n${record("#m", "three")}ok 1\n`);
  assertEquals(place.said, ["passed 2", "leave #d.a*1@1"]);
  peer.close();
  assertEquals([bench.counters.totals.unsent, bench.pool.bytesOut, bench.memory.held], [0, 0, 0]);
});

Deno.test("what was left to be sent when its member left is lost with the connection, and counted (G4)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = joins(bench, peer);
  bench.engine.give(place, "#m", { payloads: ["one", "two"] });
  peer.send("unsub #> group=g\n");
  peer.close();
  assertEquals([place.said, place.returned], [["leave"], []]);
  assertEquals([bench.counters.totals.unsent, bench.pool.bytesOut, bench.memory.held], [2, 0, 0]);
});

Deno.test("what a member is given that cannot be sent any more goes back whole when it leaves (G4)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = joins(bench, peer);
  peer.outbox.giveUp();
  bench.engine.give(place, "#d.a", { payloads: ["1", "2"], first: 3 });
  bench.engine.give(place, "#m", { payloads: ["x", "y", "z"] });
  assertEquals([peer.outbox.queued, peer.outbox.held], [0, 0]);
  peer.close();
  assertEquals(place.said, ["leave #d.a*2@3 #m*3"]);
  assertEquals(place.returned, [record("#d.a", "1", "2"), record("#m", "x", "y", "z")]);
  assertEquals([bench.counters.totals.unsent, bench.pool.bytesOut, bench.memory.held], [0, 0, 0]);
});

Deno.test("what has outlived its time before it was sent is settled by its numbers, stored nowhere it has passed (G7, V10)", () => {
  const bench = new Bench();
  const { engine } = bench;
  const peer = bench.connect();
  const place = joins(bench, peer);
  engine.give(place, "#d.a", { payloads: ["1", "2"], first: 7, expires: 100 });
  engine.give(place, "#m", { payloads: ["x", "y", "z"], expires: 100 });
  engine.give(place, "#d.b", { payloads: ["3"], first: 1, expires: 101 });
  engine.give(place, "#d.a", { payloads: ["4"], first: 9, expires: 100 });
  bench.now = 100;
  assertEquals(peer.taken(), `batch #d.b 1 13 group=g seq=1 ts=1700000000000\n${record("#d.b", "3")}`);
  assertEquals(place.said, [
    "passed 2",
    "settle #d.a 7-8",
    "passed 3",
    "passed 1",
    "passed 1",
    "settle #d.a 9-9",
  ]);
  assertEquals([...place.held], ["#d.b 1"]);
  // nobody has asked for it, and nobody is told
  place.asked[0]!.answer.acknowledge(SETTLED);
  place.asked[1]!.answer.refuse("STORE", "the disk is full");
  assertEquals(peer.taken(), "");
  assertEquals([bench.counters.totals.expired, bench.counters.totals.delivered], [6, 1]);
});

Deno.test("several that wait as one and are too old are settled each by its own numbers (G7, V10)", () => {
  const bench = new Bench();
  const { engine } = bench;
  const peer = bench.connect();
  const place = joins(bench, peer);
  // the first lies by itself, the others together
  for (const [topic, first] of [["#d.a", 1], ["#d.a", 3], ["#d.b", 5]] as const) {
    engine.give(place, topic, { payloads: ["x", "y"], first, expires: 100 });
  }
  bench.now = 200;
  assertEquals(peer.taken(), "");
  assertEquals(place.said.filter((each) => each.startsWith("settle")), [
    "settle #d.a 1-2",
    "settle #d.a 3-4",
    "settle #d.b 5-6",
  ]);
  assertEquals(bench.counters.totals.expired, 6);
});

Deno.test("what is too old when its member has left settles nothing, and stands for nobody (G9, V10)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = joins(bench, peer);
  bench.engine.give(place, "#m", { payloads: ["x"], expires: 100 });
  peer.send("unsub #> group=g\n");
  bench.now = 100;
  assertEquals(peer.taken(), "ok 1\n");
  assertEquals([place.said, bench.counters.totals.expired], [["leave"], 1]);
});

Deno.test("a member is full as its connection is, and whoever waits is called when that has room (G5)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = joins(bench, peer);
  const { member } = place;
  assertEquals(member.full, false);
  bench.engine.give(place, "#m", { payloads: ["x".repeat(1024 * 1024)] });
  assertEquals(member.full, true);
  let called = 0;
  member.whenNotFull(() => called++);
  assertEquals(called, 0);
  peer.taken();
  assertEquals([member.full, called], [false, 1]);
  member.whenNotFull(() => called++);
  assertEquals(called, 2);
});

Deno.test("what retention has deleted is told in its place, and counts as left out (G10)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = joins(bench, peer);
  bench.engine.give(place, "#m", { payloads: ["x"] });
  place.member.missed(12);
  bench.engine.give(place, "#m", { payloads: ["y"] });
  place.member.failed("a page is damaged");
  assertEquals(
    peer.taken(),
    `batch #m 1 11 group=g\n${record("#m", "x")}gap #> 12 group=g\n` +
      `batch #m 1 11 group=g\n${record("#m", "y")}` +
      'info {"failed":"#>","group":"g","reason":"a page is damaged"}\n',
  );
  assertEquals([bench.counters.totals.dropped, peer.outbox.dropped], [12, 12]);
});

Deno.test("however often a place is asked for meanwhile, each is answered when it is there (G6)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const place = asks(bench, peer, "sub #> group=g");
  const other = bench.connect();
  const second = asks(bench, other, "sub #> group=h");
  for (const window of [1, 2, 3]) peer.send(`sub #> group=g window=${window}\n`);
  assertEquals([peer.taken(), place.said], ["", ["resize 1", "resize 2", "resize 3"]]);
  place.joining.joined({ kind: "joined" });
  assertEquals(peer.taken(), "ok 1\n".repeat(4));
  assertEquals(peer.ask("sub #> group=g\n"), "ok 1\n", "and at once from then on");
  assertEquals(other.taken(), "");
  second.joining.joined({ kind: "refused", code: "STORE", reason: "no" });
  assertEquals(other.taken(), "err STORE no\n");
});

Deno.test("a refusal that comes when its member has left and come again is nothing to the new one (G6)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const first = asks(bench, peer, "sub #> group=g");
  assertEquals(peer.ask("unsub #> group=g\n"), "ok 1\n".repeat(2));
  const second = joins(bench, peer, "sub #> group=g");
  first.joining.joined({ kind: "refused", code: "STORE", reason: "late" });
  assertEquals([peer.taken(), peer.session.snapshot().groups.length], ["", 1]);
  bench.engine.give(second, "#m", { payloads: ["x"] });
  assertEquals(peer.taken(), `batch #m 1 11 group=g\n${record("#m", "x")}`);
  assertEquals(second.said, ["passed 1"]);
});

Deno.test("a place counts for its connection's patterns and its memory until it is given up, however that ends", () => {
  const bench = new Bench({ slowConsumer: "drop-new" });
  const peer = bench.connect();
  const nothing = bench.memory.held;
  assertEquals([nothing, peer.outbox.watchesStalls], [0, false]);
  const held = (): number => bench.memory.held - nothing;
  const known = (): number[] => [peer.session.memberships.size, peer.session.subscriptions.groups];
  // what a pattern takes, a queue of its own, what a member takes, and its five characters twice
  const each = 170 + 180 + 1280 + 10;
  joins(bench, peer, "sub #d.aa group=g");
  assertEquals([held(), known(), peer.outbox.watchesStalls], [each, [1, 1], true]);
  joins(bench, peer, "sub #d.aa group=h");
  assertEquals([held(), known()], [2 * each, [2, 2]]);
  assertEquals(peer.ask("unsub #d.aa group=g\n"), "ok 1\n");
  assertEquals([held(), known(), peer.outbox.watchesStalls], [each, [1, 1], true]);
  bench.engine.refuses = "it is closed";
  assertEquals(peer.ask("sub #d.aa group=i\n"), "err STORE it is closed\n");
  bench.engine.refuses = undefined;
  assertEquals([held(), known()], [each, [1, 1]]);
  const late = asks(bench, peer, "sub #d.bb group=i");
  assertEquals(known(), [2, 2]);
  late.joining.joined({ kind: "refused", code: "STORE", reason: "no" });
  assertEquals([peer.taken(), held(), known()], ["err STORE no\n", each, [1, 1]]);
  peer.close();
  assertEquals([held(), known(), peer.outbox.watchesStalls], [0, [0, 0], false]);
});

Deno.test("a group is refused where less is free than its connection would have with it", () => {
  const bench = new Bench();
  const peer = bench.connect();
  joins(bench, peer, "sub #a group=g");
  // its place, what the pattern of the second takes, and the read it comes in
  const needed = 170 + 180 + 1280 + 4 + 170 + 180 + 4 + 64;
  bench.memory.hold(bench.memory.share - needed + 1);
  const said = peer.ask("sub #b group=g\n");
  assertEquals(said.slice(0, 9), "err BUSY ", said);
  assertEquals(peer.ask("sub #a group=g window=3\n"), "ok 1\n", "it is there already");
  assertEquals(peer.session.memberships.size, 1);
  bench.memory.letGo(1);
  joins(bench, peer, "sub #b group=g");
});

Deno.test("groups and patterns are bounded as one sum", () => {
  const bench = new Bench({ limits: { ...DEFAULT_LIMITS, patterns: 3 } });
  const peer = bench.connect();
  joins(bench, peer, "sub #a group=g");
  assertEquals(peer.ask("sub #a\nsub #b\n"), "ok 2\n");
  for (const request of ["sub #c group=g", "sub #c"]) {
    assertEquals(peer.ask(`${request}\n`).split(" ")[1], "TOO_MANY_PATTERNS", request);
  }
  assertEquals(peer.ask("unsub #b\n"), "ok 1\n");
  joins(bench, peer, "sub #c group=g");
});

Deno.test("what is settled is so in the group that is named, and of those of a name in the one with that topic (G8)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const places = [
    joins(bench, peer, "sub #d.a.* group=g ack=explicit"),
    joins(bench, peer, "sub #d.b.* group=g ack=explicit"),
    joins(bench, peer, "sub #d.b.* group=h ack=explicit"),
  ];
  const said = (): string[] => places.map((place) => place.said.splice(0).join());
  places.forEach((place, at) => {
    bench.engine.give(place, at === 0 ? "#d.a.x" : "#d.b.x", { payloads: ["1", "2", "3"], first: 1 });
  });
  peer.taken();
  assertEquals(said(), ["passed 3", "passed 3", "passed 3"]);
  peer.send("ack g #d.b.x 1\n");
  assertEquals(said(), ["", "settle #d.b.x 1-1", ""]);
  peer.send("ack h #d.b.x 1-2\n");
  assertEquals(said(), ["", "", "settle #d.b.x 1-2"]);
  assertEquals(peer.ask("ack h #d.a.x 1\n").slice(0, 13), "", "behind what is not answered yet");
  peer.send("nack g #d.a.x 2\n");
  assertEquals(said(), ["give back #d.a.x 2-2 0", "", ""]);
});

Deno.test("groups of one name that have topics in common are refused, those of another name are not (G1)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  joins(bench, peer, "sub #a.* group=g");
  joins(bench, peer, "sub #b.c group=g");
  joins(bench, peer, "sub #*.c group=h");
  const refused = peer.ask("sub #b.* group=g\n");
  assertEquals(refused.includes('in group "g" for "#b.c", which has topics of "#b.*"'), true, refused);
  assertEquals(peer.session.memberships.size, 3);
  joins(bench, peer, "sub #a.* group=i");
});

Deno.test("a session that has ended takes no more from its groups, and leaves them when it is gone (G4)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  const places = [joins(bench, peer, "sub #a group=g"), joins(bench, peer, "sub #b group=h")];
  for (const place of places) bench.engine.give(place, "#m", { payloads: ["x"] });
  peer.session.close({ gone: false });
  assertEquals(places.map(({ said }) => said), [["resize 0"], ["resize 0"]]);
  assertEquals(peer.taken().split("\n").filter((line) => line.startsWith("batch")).length, 2);
  peer.close();
  assertEquals(places.map(({ said }) => said), Array(2).fill(["resize 0", "passed 1", "leave"]));
});

Deno.test("who may not receive all of its pattern any more leaves that group, and is told so; no other (P8)", () => {
  const bench = new Bench();
  const grant = { ...UNLIMITED, account: "a", administrator: false };
  const peer = bench.connect({ grant });
  const [one, two] = [joins(bench, peer, "sub #a.> group=g"), joins(bench, peer, "sub #b.> group=g")];
  for (const [place, topic] of [[one, "#a.x"], [two, "#b.x"]] as const) {
    bench.engine.give(place, topic, { payloads: ["1", "2"] });
  }
  peer.session.grant = { ...grant, mayShare: (pattern) => pattern !== "#a.>" };
  peer.session.memberships.leaveDenied();
  assertEquals([one.said, two.said], [["leave #a.x*2"], []]);
  assertEquals(
    peer.taken(),
    `batch #b.x 2 26 group=g\n${record("#b.x", "1", "2")}` +
      'info {"ended":"#a.>","group":"g","reason":"this account may not receive it any more"}\n',
  );
  assertEquals(peer.session.snapshot().groups.map(({ pattern }) => pattern), ["#b.>"]);
});

Deno.test("what a member may not receive goes back with what waits, once, behind what is being handled (P4)", () => {
  const bench = new Bench();
  const grant = { ...UNLIMITED, account: "a", mayReceive: (topic: string) => topic !== "#d.b" };
  const peer = bench.connect({ grant });
  const place = joins(bench, peer);
  bench.flushes.hold();
  bench.engine.give(place, "#d.b", { payloads: ["1", "2"], first: 3 });
  bench.engine.give(place, "#d.b", { payloads: ["5"], first: 5 });
  bench.engine.give(place, "#d.a", { payloads: ["6"], first: 6 });
  assertEquals(place.said, [], "not while it is given anything");
  bench.flushes.release();
  bench.flushes.flush();
  assertEquals(place.said, ["leave #d.b*2@3 #d.b*1@5 #d.a*1@6"]);
  assertEquals(
    peer.taken(),
    'info {"ended":"#>","group":"g","reason":"this account may not receive it any more"}\n',
  );
  assertEquals(peer.session.memberships.size, 0);
});
