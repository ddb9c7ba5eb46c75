import { assert, assertEquals } from "@std/assert";
import { RESEND_MS, RETRY_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { done, FAILED, NONE, stateOf } from "../../../support/scripted_streams.ts";
import { Recorder } from "../../case_parts.ts";
import { ACK_TIMEOUT, followed, MEMORY, SideBench } from "./side_bench.ts";

/** A replay of `#d.a` that has read the messages 1 and 2 and is live. */
function replayed(to?: { kind: "time"; time: number }): {
  bench: SideBench;
  replay: Recorder;
  /** Where the feed's messages go. */
  inbox: string;
} {
  const bench = new SideBench();
  const replay = bench.replay(new Recorder(), { to });
  assertEquals(bench.asked(), ["state"]);
  bench.ends(2);
  const inbox = bench.opens("f");
  assertEquals(bench.asked(), ["reader p.stored.d.a from 3", "last p.stored.d.a", "f asks 511"]);
  bench.finds(2);
  bench.ends(2);
  const reader = bench.opens("r");
  bench.comes(reader, [1, 2]);
  bench.hasNoMore(reader);
  bench.finds();
  assertEquals([replay.got, replay.said], [
    ["1", "2"],
    to === undefined ? ["started", "live after 2"] : ["started"],
  ]);
  bench.asked();
  return { bench, replay, inbox };
}

Deno.test("each broker has inboxes that nobody else has, for what is answered and for what comes", () => {
  const bench = new SideBench();
  const inboxes = ["sub p.broker.inbox.me.1.*", "sub p.broker.inbox.me.2.*"];
  assertEquals(bench.link.takeAsked(), [...inboxes, "sub p.broker.groups"]);
  bench.subscribe("#d.a");
  bench.ends(0);
  assertEquals(bench.opens("f"), "p.broker.inbox.me.3");
  assertEquals([bench.side.ackTimeout, bench.side.maxAttempts], [ACK_TIMEOUT, 3]);
});

Deno.test("what somebody has subscribed to is in force when the feed brings it, and followed as long as it is wanted", () => {
  const bench = new SideBench();
  let live = 0;
  assert(bench.side.subscribed(() => live++), "nothing is wanted");
  const recorder = bench.subscribe("#d.a");
  assert(!bench.side.subscribed(() => live++));
  bench.ends(0);
  assertEquals(live, 0);
  const inbox = bench.opens("f");
  assertEquals([live, bench.side.subscribed(() => live++)], [1, true]);
  bench.comes(inbox, [1]);
  assertEquals(recorder.got, ["1"]);
  assertEquals([bench.side.unsubscribe("#d.a", recorder), bench.side.unsubscribe("#d.a", recorder)], [
    true,
    false,
  ]);
  bench.asked();
  bench.side.interest("#d.a", "removed");
  assertEquals(bench.asked(), ["remove f", `unsub ${inbox}`]);
});

Deno.test("a replay brings what is stored and then what is live, and no more of it once it is ended", () => {
  const { bench, replay, inbox } = replayed();
  assertEquals([bench.side.replays(replay), bench.side.state.replays], [true, 1]);
  bench.comes(inbox, [3]);
  assertEquals(replay.got, ["1", "2", "3"]);
  const other = new Recorder();
  assertEquals([bench.side.endReplay("#d.a", other), bench.side.unsubscribe("#d.a", replay)], [false, false]);
  assert(bench.side.endReplay("#d.a", replay));
  assertEquals([bench.side.replays(replay), bench.side.state.replays], [false, 0]);
  assertEquals(bench.asked(), ["remove f", `unsub ${inbox}`], "nobody wants anything");
  bench.comes(inbox, [4]);
  assertEquals([replay.got.length, bench.side.endReplay("#d.a", replay)], [3, false]);
});

Deno.test("a replay goes on for another subscriber, and what it wants is wanted until that one's has ended", () => {
  const { bench, replay, inbox } = replayed();
  const next = new Recorder(replay.connection);
  assertEquals([bench.side.replace(next, replay), bench.side.replace(replay, next)], [false, true]);
  bench.passes(0);
  bench.comes(inbox, [3]);
  assertEquals([replay.got.length, next.got], [2, ["3"]]);
  assert(!bench.asked().includes("remove f"));
  assert(bench.side.endReplay("#d.a", next));
  assertEquals(bench.asked(), ["remove f", `unsub ${inbox}`]);
});

Deno.test("a live replay that has a time as its end is over when that is past, and then nothing is followed", () => {
  const { bench, replay, inbox } = replayed({ kind: "time", time: 100_500 });
  bench.passes(500);
  bench.asked();
  bench.passes(1);
  assertEquals(bench.asked(), ["last p.stored.d.a"], "whether there is more by then");
  bench.finds(2);
  bench.hasNoMore("p.broker.inbox.me.4");
  bench.finds();
  assertEquals(replay.said, ["started", "end after 2", "over"]);
  bench.asked();
  bench.passes(1);
  assertEquals(bench.asked(), ["remove f", `unsub ${inbox}`]);
});

Deno.test("a replay whose subscriber is full behind a live message reads on, once that is handed on to all", async () => {
  const { bench, replay, inbox } = replayed();
  replay.full = true;
  bench.comes(inbox, [3]);
  replay.full = false;
  await Promise.resolve();
  assertEquals([replay.got, replay.said.slice(2)], [["1", "2", "3"], ["behind after 3", "live after 3"]]);
});

Deno.test("what could not be asked of the stream is asked half a second later", () => {
  const bench = new SideBench();
  bench.replay(new Recorder());
  bench.ends(2);
  bench.opens("f");
  bench.passes(0);
  bench.asked();
  bench.streams.edges.shift()!(FAILED);
  bench.passes(RETRY_MS - 1);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  assertEquals(bench.asked(), ["last p.stored.d.a"]);
  bench.streams.edges.shift()!(FAILED);
  bench.passes(1);
  assertEquals(bench.asked(), [], "once");
  bench.passes(RETRY_MS);
  assertEquals(bench.asked(), ["last p.stored.d.a"]);
});

Deno.test("what waits in line to be asked again waits for its own time", () => {
  const bench = new SideBench();
  for (let at = 0; at < 2; at++) bench.replay(new Recorder({}));
  bench.ends(0);
  bench.opens("f");
  bench.passes(0);
  bench.streams.edges.shift()!(FAILED);
  bench.now += 100;
  bench.streams.edges.shift()!(FAILED);
  bench.asked();
  bench.passes(RETRY_MS - 100);
  assertEquals(bench.asked(), ["last p.stored.d.a"]);
  bench.passes(100);
  assertEquals(bench.asked(), ["last p.stored.d.a"]);
});

Deno.test("while memory is short a replay is not read for, and when it is not any more it is", () => {
  const bench = new SideBench();
  bench.replay(new Recorder());
  bench.ends(2);
  bench.opens("f");
  bench.passes(0);
  bench.finds(2);
  bench.asked();
  bench.memory.hold(MEMORY);
  bench.ends(2);
  bench.ends(2);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  assertEquals(bench.asked(), []);
  bench.memory.letGo(MEMORY);
  bench.passes(1);
  assertEquals(bench.asked(), ["reader p.stored.d.a from 1"]);
});

Deno.test("what has no answer is said again as time passes, and a time that was far is none that has passed", () => {
  const { bench } = followed();
  bench.publish("x");
  assertEquals(bench.asked(), ["pub p.stored.d.a x"]);
  bench.streams.states.length = 0;
  bench.passes(RESEND_MS - 1);
  const first = bench.asked();
  bench.passes(1);
  assertEquals([first.includes("pub p.stored.d.a x"), bench.asked().includes("pub p.stored.d.a x")], [
    false,
    true,
  ]);
  bench.stores("1", 7);
  assertEquals(bench.answers, ["7"]);

  const late = followed().bench;
  late.passes(1_000_000);
  for (let at = 0; at < 3; at++) late.passes(1_000_000);
  assert(!late.asked().includes("remove f"), "three seconds of silence, as far as is known");
  late.passes(-1_000_000);
  for (let at = 0; at < 1_000; at++) late.passes(0);
  assert(!late.asked().includes("remove f"));
  late.passes(999);
  assert(!late.asked().includes("remove f"));
  late.passes(1);
  assert(late.asked().includes("remove f"));
});

Deno.test("members of a group get what its consumer gives, and what they settle is said until it is known", () => {
  const bench = new SideBench();
  const worker = bench.join();
  bench.streams.looks.shift()!(NONE);
  bench.streams.lists.shift()!(done([]));
  const group = { name: "g", pattern: "#d.>" };
  const consumer = {
    group,
    settling: "explicit",
    consumer: "g",
    created: "1",
    lag: 0,
    outstanding: 0,
  } as const;
  assertEquals(bench.asked(), ["group g #d.>", "groups", "open g #d.> from now on"]);
  bench.streams.opens.shift()!.done(done(consumer));
  assertEquals([worker.outcome, bench.asked()], [{ kind: "joined" }, ["g asks 4"]]);
  bench.comes("p.broker.inbox.me.3", [5, 6]);
  assertEquals(worker.shown, ["#d.a 5", "#d.a 6"]);
  assert(worker.ack("#d.a", 5));
  assertEquals(bench.asked(), ["5 +ACK", "g asks 1"]);
  bench.passes(RESEND_MS);
  assert(bench.asked().includes("5 +ACK"));
  bench.link.comes("p.broker.inbox.me.2.*", "", "p.broker.inbox.me.2.1");
  assertEquals(worker.answers, ["ack #d.a 5"]);
  assertEquals(bench.side.state.groups.map(({ name, held }) => [name, held]), [["g", 1]]);
  bench.passes(ACK_TIMEOUT - RESEND_MS);
  assert(bench.asked().includes("6 -NAK"));
  const changes: unknown[] = [];
  bench.side.groups((listing) => void changes.push(listing.kind));
  bench.streams.lists.shift()!(done([consumer]));
  bench.side.resetGroup(group, undefined, ({ kind }) => void changes.push(kind));
  bench.streams.looks.shift()!(NONE);
  bench.side.deleteGroup(group, ({ kind }) => void changes.push(kind));
  bench.streams.looks.shift()!(FAILED);
  assertEquals(changes, ["groups", "none", "failed"]);
});

Deno.test("a message that is given back too often goes to where dead letters are stored (G11)", () => {
  const bench = new SideBench();
  const worker = bench.join();
  const group = { name: "g", pattern: "#d.>" };
  bench.streams.looks.shift()!(
    done({ group, settling: "explicit", consumer: "c", created: "1", lag: 0, outstanding: 0 }),
  );
  bench.streams.opens.shift()!.done(
    done({ group, settling: "explicit", consumer: "c", created: "1", lag: 0, outstanding: 0 }),
  );
  bench.asked();
  bench.link.comes("p.broker.inbox.me.3", "x", "p.stored.d.a", { reply: "$JS.ACK.s.c.3.5.1.1000000.0" });
  bench.link.read();
  assert(worker.nack("#d.a", 5));
  assert(
    bench.link.asked.some((each) => each.startsWith("pub p.stored.dead.g.d.a x ")),
    bench.link.asked.join(),
  );
  bench.link.takeAsked();
  bench.stores("1", 9);
  assert(bench.link.asked.some((each) => each.startsWith("pub $JS.ACK.s.c.3.5.1.1000000.0 +ACK")));
});

Deno.test("publishers wait while so much has no answer, and while the link is lost", () => {
  const { bench } = followed();
  const route = bench.routing.routeOf("#d.a");
  assertEquals([bench.side.gateOf(route), bench.side.trouble()], [undefined, undefined]);
  bench.link.goDown();
  const gate = bench.side.gateOf(route);
  assertEquals(bench.side.trouble(), "NATS is away");
  let free = 0;
  gate!.whenNotFull(() => free++);
  bench.link.goUp();
  assertEquals([free, bench.side.gateOf(route)], [1, undefined]);
});

Deno.test("what is stored is looked at every two seconds, while the link is there", () => {
  const bench = new SideBench();
  assertEquals(bench.side.state, { replays: 0, groups: [], store: undefined, commits: undefined });
  bench.passes(0);
  assertEquals(bench.asked(), ["state"]);
  bench.publish("x");
  bench.streams.states.shift()!(stateOf(9, { messages: 7, bytes: 55, subjects: 3 }));
  const store = {
    topics: 3,
    batches: 7,
    bytes: 55,
    last: 9,
    commits: 0,
    commitTime: 0,
    committing: 1,
    trimmed: 0,
    delayed: 0,
    delayedBytes: 0,
  };
  assertEquals(bench.side.state.store, store);
  bench.asked();
  bench.passes(1_999);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  assertEquals(bench.asked(), ["state"]);
  bench.streams.states.shift()!(FAILED);
  assertEquals(bench.side.state.store, store, "the last that is known");
  bench.link.goDown();
  bench.passes(2_000);
  assertEquals(bench.asked(), []);
  bench.link.goUp();
  bench.asked();
  bench.passes(0);
  assertEquals(bench.asked(), ["state"]);
});

Deno.test("topics of which something is stored are listed", () => {
  const bench = new SideBench();
  const listed: unknown[] = [];
  bench.side.storedTopics({ most: 5 }, (outcome) => void listed.push(outcome));
  bench.streams.named.shift()!(done(new Map([["p.stored.d.a", 3]])));
  bench.finds(4);
  bench.finds(6);
  assertEquals(listed, [{ kind: "topics", topics: [{ topic: "#d.a", first: 4, last: 6 }], next: undefined }]);
});

Deno.test("a reader that nothing is heard of for five seconds is another's turn", () => {
  const bench = new SideBench();
  bench.replay(new Recorder());
  bench.ends(2);
  bench.opens("f");
  bench.finds(2);
  bench.ends(2);
  bench.opens("r");
  bench.passes(0);
  for (let at = 0; at < 4; at++) bench.passes(1_000);
  assert(!bench.asked().includes("remove r"));
  bench.passes(1_000);
  assert(bench.asked().includes("remove r"));
});

Deno.test("behind a read of the link what waits for its end is set going", () => {
  const bench = new SideBench();
  let ready = 0;
  bench.flushes.add({ ready: () => ready++ });
  bench.link.read();
  assertEquals(ready, 1);
});
