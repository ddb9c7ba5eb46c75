import { assert, assertEquals } from "@std/assert";
import { done, FAILED, NONE } from "../../../support/scripted_streams.ts";
import { consumerOf, GroupsBench } from "./groups_bench.ts";

const GROUP = { name: "g", pattern: "#d.>" };

Deno.test("stored groups are listed with what this broker knows of those that have members here (N11)", () => {
  const bench = new GroupsBench();
  bench.joined();
  bench.join();
  const listings = bench.listed();
  assertEquals([bench.asked(), listings], [["groups"], []]);
  const other = consumerOf("other", { lag: 7, outstanding: 3 });
  bench.streams.lists.shift()!(done([consumerOf("g", { lag: 5, outstanding: 2 }), other]));
  assertEquals(listings, [{
    kind: "groups",
    groups: [
      { ...GROUP, lag: 5, oldest: undefined, members: 2, outstanding: 2, settling: "explicit" },
      { ...GROUP, name: "other", lag: 7, oldest: undefined, members: 0, outstanding: 3, settling: undefined },
    ],
  }]);
});

Deno.test("where the stream does not say which groups there are that is said", () => {
  const bench = new GroupsBench();
  const [one, other] = [bench.listed(), bench.listed()];
  bench.streams.lists.shift()!(FAILED);
  bench.streams.lists.shift()!(NONE);
  assertEquals([one, other], [
    [{ kind: "failed", reason: "no leader" }],
    [{ kind: "failed", reason: "NATS knows no such stream" }],
  ]);
});

Deno.test("a group that is reset has another consumer, and of the one before its members hold nothing", () => {
  const bench = new GroupsBench();
  const worker = bench.joined();
  bench.brings(1, 2);
  bench.said();
  bench.groups.reset(GROUP, { kind: "sequence", sequence: 7 }, bench.changed);
  bench.streams.looks.shift()!(done(consumerOf("g", { settling: "auto" })));
  bench.streams.removes.shift()!(done(true));
  assertEquals(bench.asked(), ["group g #d.>", "remove c-g", "open g #d.> from 7"]);
  assertEquals(bench.streams.opens[0]!.spec.settling, "auto", "as it was");
  assertEquals([bench.changes, worker.membership!.holdsAll("#d.a", { from: 1, end: 3 })], [[], true]);
  const { flushes } = bench;
  bench.opens(consumerOf("g", { created: "two", consumer: "c2" }));
  assertEquals([bench.changes, bench.flushes], [[{ kind: "done" }], flushes + 1]);
  assertEquals([worker.ack("#d.a", 1), bench.said()], [false, ["c2 asks 4"]]);

  bench.groups.reset(GROUP, undefined, bench.changed);
  bench.streams.looks.shift()!(done(consumerOf()));
  bench.streams.removes.shift()!(NONE);
  assertEquals(bench.asked().at(-1), "open g #d.> from now on", "another has removed it meanwhile");
  bench.groups.close();
  bench.said();
  bench.opens(consumerOf("g", { created: "three" }));
  assertEquals([bench.changes.length, bench.said()], [2, []]);
});

Deno.test("a group that nobody here is in is reset, too; what could not be done of it is said", () => {
  const bench = new GroupsBench();
  const reset = (): void => bench.groups.reset(GROUP, { kind: "earliest" }, bench.changed);
  bench.groups.reset(GROUP, { kind: "last", count: 1, asOf: undefined }, bench.changed);
  assertEquals([bench.changes.splice(0), bench.asked()], [
    [{ kind: "failed", reason: "a group does not begin there" }],
    [],
  ]);
  for (const answer of [NONE, FAILED]) {
    reset();
    bench.streams.looks.shift()!(answer);
    assertEquals([bench.changes.splice(0), bench.asked()], [[answer], ["group g #d.>"]]);
  }
  reset();
  bench.streams.looks.shift()!(done(consumerOf()));
  bench.streams.removes.shift()!(FAILED);
  assertEquals([bench.changes.splice(0), bench.streams.opens], [[FAILED], []]);
  for (const answer of [FAILED, done(consumerOf())]) {
    reset();
    bench.streams.looks.shift()!(done(consumerOf()));
    bench.streams.removes.shift()!(done(true));
    bench.streams.opens.shift()!.done(answer);
    assertEquals(bench.changes.splice(0), [answer === FAILED ? FAILED : { kind: "done" }]);
  }
  assertEquals(bench.groups.snapshot(), []);
});

Deno.test("members of a group that is deleted are told, and who comes then opens another (G6)", () => {
  const bench = new GroupsBench();
  const worker = bench.joined();
  bench.brings(1);
  bench.groups.remove(GROUP, bench.changed);
  bench.streams.looks.shift()!(done(consumerOf()));
  const { flushes } = bench;
  bench.streams.removes.shift()!(done(true));
  assertEquals(bench.asked(), ["group g #d.>", "remove c-g"]);
  assertEquals([worker.failure, bench.changes, bench.flushes], [
    "the group g was deleted",
    [{ kind: "done" }],
    flushes + 1,
  ]);
  assertEquals(bench.groups.snapshot(), []);
  bench.join();
  assertEquals(bench.asked(), ["group g #d.>"]);
});

Deno.test("what could not be deleted goes on, and that is said", () => {
  const bench = new GroupsBench();
  const worker = bench.joined();
  const remove = (): void => bench.groups.remove(GROUP, bench.changed);
  for (const answer of [NONE, FAILED]) {
    remove();
    bench.streams.looks.shift()!(answer);
    assertEquals(bench.changes.splice(0), [answer]);
    remove();
    bench.streams.looks.shift()!(done(consumerOf()));
    bench.streams.removes.shift()!(answer);
    assertEquals(bench.changes.splice(0), [answer]);
  }
  bench.brings(1);
  assertEquals([worker.failure, worker.shown], [undefined, ["#d.a 1"]]);
});

Deno.test("other brokers are told of a group that is made anew, or deleted, before it is (N11)", () => {
  const bench = new GroupsBench();
  const told = (): string[] => bench.link.takeAsked().filter((each) => each.startsWith("pub p.broker."));
  for (const change of ["reset", "remove"] as const) {
    if (change === "reset") bench.groups.reset(GROUP, undefined, bench.changed);
    else bench.groups.remove(GROUP, bench.changed);
    bench.streams.looks.shift()!(done(consumerOf()));
    assertEquals([told(), bench.asked().at(-1)], [["pub p.broker.groups g #d.>"], "remove c-g"]);
    bench.link.goDown();
    if (change === "reset") bench.groups.reset(GROUP, undefined, bench.changed);
    else bench.groups.remove(GROUP, bench.changed);
    bench.streams.looks.shift()!(done(consumerOf()));
    assertEquals(told(), [], "there is nobody to be told");
    bench.link.goUp();
  }
});

Deno.test("members of a group that another broker makes anew hold nothing of the one before, though nothing is asked for", () => {
  const bench = new GroupsBench();
  const worker = bench.joined({ window: 1 });
  bench.brings(1);
  bench.said();
  bench.link.comes("p.broker.groups", "other #d.>");
  assertEquals(worker.membership!.holdsAll("#d.a", { from: 1, end: 2 }), true);
  bench.link.comes("p.broker.groups", "g #d.>");
  assertEquals([worker.ack("#d.a", 1), bench.said(), bench.asked()], [false, [], []]);
  for (const go of bench.later.splice(0)) go();
  assertEquals(bench.asked(), ["group g #d.>"]);
  bench.streams.looks.shift()!(done(consumerOf("g", { created: "two" })));
  assertEquals(bench.said(), ["c-g asks 1"]);
  bench.brings(1);
  assertEquals([worker.shown, worker.ack("#d.a", 1)], [["#d.a 1", "#d.a 1"], true]);
});

Deno.test("who was told that a group changes, and knows it by then, looks for nothing", () => {
  const bench = new GroupsBench();
  const worker = bench.joined({ window: 1 });
  bench.link.comes("p.broker.groups", "g #d.>");
  bench.link.goDown();
  bench.link.goUp();
  for (const go of bench.later.splice(0)) go();
  assertEquals(bench.asked(), []);
  bench.link.comes("p.broker.groups", "g #d.>");
  worker.dies();
  for (const go of bench.later.splice(0)) go();
  assertEquals(bench.asked(), []);
});

Deno.test("who joins a group that was deleted at another broker opens another, whoever is in the one before (G6)", () => {
  const bench = new GroupsBench();
  const worker = bench.joined();
  bench.link.comes("p.broker.groups", "g #d.>");
  for (let look = 0; look < 2; look++) {
    for (const go of bench.later.splice(0)) go();
    bench.streams.looks.shift()!(NONE);
  }
  for (const go of bench.later.splice(0)) go();
  bench.asked();
  assertEquals(worker.failure, "the group g was deleted");
  const next = bench.join();
  assertEquals(bench.asked(), ["group g #d.>"]);
  bench.isNew();
  bench.opens(consumerOf("g", { created: "two" }));
  assertEquals(next.outcome, { kind: "joined" });
  worker.dies();
  bench.brings(1);
  assertEquals([next.shown, next.ack("#d.a", 1), worker.shown], [["#d.a 1"], true, []]);
});

Deno.test("what was settled of a group that is made anew, or deleted, here or elsewhere, is said no more (N11)", () => {
  for (const how of ["here", "elsewhere", "found", "deleted", "nobody", "nobody, deleted"] as const) {
    const bench = new GroupsBench();
    const one = consumerOf("g", { consumer: "c" });
    const worker = bench.join();
    bench.isNew();
    bench.opens(one);
    bench.brings(1);
    assert(worker.ack("#d.a", 1));
    if (how.startsWith("nobody")) worker.dies();
    if (how === "elsewhere") bench.link.comes("p.broker.groups", "g #d.>");
    else if (how === "found") {
      bench.link.comes("in.1", "", "in.1", { status: 503 });
      bench.streams.looks.shift()!(done(consumerOf("g", { consumer: "c", created: "two" })));
    } else {
      if (how.endsWith("deleted")) bench.groups.remove(GROUP, bench.changed);
      else bench.groups.reset(GROUP, undefined, bench.changed);
      bench.streams.looks.shift()!(done(one));
      bench.streams.removes.shift()!(done(true));
    }
    bench.said();
    bench.link.goUp();
    assertEquals([how, bench.said().filter((each) => each.endsWith("+ACK"))], [how, []]);
    assertEquals(worker.answers, ["ack #d.a 1: STORE"]);
  }
});
