import { assert, assertEquals } from "@std/assert";
import type { From } from "../../../../lib/store/types.ts";
import { done, FAILED, NONE } from "../../../support/scripted_streams.ts";
import { runOf } from "../../case_parts.ts";
import { Worker } from "../../groups/stored_bench.ts";
import { ACK_TIMEOUT, consumerOf, GroupsBench } from "./groups_bench.ts";

const JOINED = { kind: "joined" } as const;

function refused(code: string, reason: string): object {
  return { kind: "refused", code, reason };
}

Deno.test("a group that is not stored yet is opened for who joins it first, and others of it wait with that one (N11)", () => {
  const bench = new GroupsBench();
  const one = bench.join();
  const other = bench.join({ window: 2 });
  assertEquals(bench.asked(), ["group g #d.>"]);
  bench.streams.looks.shift()!(NONE);
  assertEquals(bench.asked(), ["groups"]);
  bench.streams.lists.shift()!(done([]));
  const [{ spec }] = bench.streams.opens as [typeof bench.streams.opens[0]];
  assertEquals([bench.asked(), one.outcome, other.outcome], [
    ["open g #d.> from now on"],
    undefined,
    undefined,
  ]);
  const group = { name: "g", pattern: "#d.>" };
  assertEquals(spec, {
    group,
    filter: "p.stored.d.>",
    settling: "explicit",
    start: undefined,
    ackWait: 6_000,
  });
  const { flushes } = bench;
  bench.opens();
  assertEquals([one.outcome, other.outcome], [JOINED, JOINED]);
  assertEquals([bench.flushes, bench.said()], [flushes + 1, ["c-g asks 6"]]);
  assertEquals(bench.join().outcome, JOINED, "at once");
  assertEquals(bench.asked(), []);
  bench.brings(1, 2);
  assertEquals(one.given.length + other.given.length, 2);
  assertEquals(bench.groups.snapshot().map(({ name, members, held }) => [name, members, held]), [[
    "g",
    3,
    2,
  ]]);
});

Deno.test("a group that is stored is gone on with, however many there may be", () => {
  const bench = new GroupsBench({ most: 0 });
  const worker = bench.join();
  bench.streams.looks.shift()!(done(consumerOf()));
  assertEquals(bench.asked(), ["group g #d.>", "open g #d.> from now on"]);
  bench.opens();
  assertEquals(worker.outcome, JOINED);
});

Deno.test("who cannot be let into a group is told why, and nothing is asked of the stream (N11)", () => {
  const bench = new GroupsBench();
  const pattern = "with an engine on NATS a group's topics are all durable or all in memory; those of";
  const last = { kind: "last", count: 1, asOf: undefined } as const;
  for (
    const [terms, reason] of [
      [{ by: "key" }, "group g: by=key is not for topics on NATS (--engine)"],
      [{ from: last }, "a group does not begin with the last of each topic"],
      [{ pattern: "#>" }, `group g: ${pattern} #> are not`],
      [{ pattern: "#e.x" }, `group g: ${pattern} #e.x are not`],
    ] as const
  ) {
    const { outcome, membership } = bench.join(terms);
    assertEquals(outcome, refused("BAD_FIELD", reason) as typeof outcome);
    assertEquals(membership!.extend("#d.a", { from: 1, end: 2 }), false);
  }
  assertEquals(bench.asked(), []);
  bench.join({ pattern: "#e" });
  assertEquals(bench.asked(), ["group g #e"]);
});

Deno.test("where the stream cannot say what there is, or open a group, who waits is told, and may try again", () => {
  const none = "NATS knows no such stream";
  const steps: readonly [(bench: GroupsBench) => void, string][] = [
    [({ streams }) => streams.looks.shift()!(FAILED), "no leader"],
    [({ streams }) => {
      streams.looks.shift()!(NONE);
      streams.lists.shift()!(FAILED);
    }, "no leader"],
    [({ streams }) => {
      streams.looks.shift()!(NONE);
      streams.lists.shift()!(NONE);
    }, none],
    [(bench) => {
      bench.isNew();
      bench.streams.opens.shift()!.done(FAILED);
    }, "no leader"],
    [(bench) => {
      bench.isNew();
      bench.streams.opens.shift()!.done(NONE);
    }, none],
  ];
  const bench = new GroupsBench();
  for (const [answer, reason] of steps) {
    const { flushes } = bench;
    const workers = [bench.join(), bench.join()];
    const gone = bench.join();
    gone.dies();
    answer(bench);
    for (const { outcome } of workers) assertEquals(outcome, refused("STORE", reason) as typeof outcome);
    assertEquals([gone.outcome, bench.flushes], [undefined, flushes + 1]);
    assertEquals(bench.groups.snapshot(), []);
  }
  bench.asked();
  bench.join();
  assertEquals(bench.asked(), ["group g #d.>"]);
});

Deno.test("no more groups are opened than may be stored; those that were asked for before count as stored (G6)", () => {
  const bench = new GroupsBench({ most: 2 });
  const [a, b, c] = ["a", "b", "c"].map((name) => bench.join({ name }));
  for (let at = 0; at < 3; at++) bench.streams.looks.shift()!(NONE);
  // a is in the list and being opened: once
  for (let at = 0; at < 3; at++) bench.streams.lists.shift()!(done([consumerOf("a")]));
  assertEquals(bench.asked().filter((each) => each.startsWith("open")), [
    "open a #d.> from now on",
    "open b #d.> from now on",
  ]);
  const reason =
    "there are 2 groups already, as many as may be stored (--max-groups): who runs the broker can " +
    "delete what nobody needs (--groups, --delete-group)";
  assertEquals([a!.outcome, b!.outcome, c!.outcome], [
    undefined,
    undefined,
    refused("TOO_MANY_GROUPS", reason),
  ] as unknown[]);
  const full = new GroupsBench({ most: 1 });
  const late = full.join();
  full.isNew(consumerOf("other"));
  assertEquals(late.outcome?.kind === "refused" && late.outcome.code, "TOO_MANY_GROUPS");
  const free = new GroupsBench({ most: 2 });
  free.join();
  free.isNew(consumerOf("other"));
  assertEquals(free.streams.opens.length, 1);
});

Deno.test("a new group begins in what is stored where who opens it says (G6)", () => {
  const froms: readonly (readonly [From, string])[] = [
    [{ kind: "earliest" }, "all"],
    [{ kind: "sequence", sequence: 7 }, "from 7"],
    [{ kind: "sequence", sequence: 0 }, "from 1"],
    [{ kind: "time", time: 99 }, "from time 99"],
  ];
  for (const [from, text] of froms) {
    const bench = new GroupsBench();
    bench.join({ from, settling: "auto" });
    bench.isNew();
    assertEquals(bench.asked().at(-1), `open g #d.> ${text}`);
    assertEquals(bench.streams.opens[0]!.spec.settling, "auto");
  }
});

Deno.test("who leaves while its group is being opened is no member of it, and what it had is let go of", () => {
  const bench = new GroupsBench();
  const worker = bench.join();
  const run = runOf({ topic: "#d.a", topicBytes: 4 }, ["x"]);
  run.keep();
  worker.membership!.leave([run]);
  assert(!run.records.chunk.shared);
  bench.isNew();
  bench.opens();
  assertEquals([worker.outcome, bench.said(), bench.groups.snapshot()], [undefined, [], []]);
  const [one, other] = [bench.join(), bench.join()];
  one.dies();
  bench.isNew();
  bench.opens();
  assertEquals([one.outcome, other.outcome, bench.said()], [undefined, JOINED, ["c-g asks 4"]]);
});

Deno.test("who leaves when it, or another of its group, is told that it has joined is no member of it", () => {
  const bench = new GroupsBench();
  const other = new Worker();
  const one = bench.join({
    joined: () => {
      one.dies();
      other.dies();
    },
  });
  bench.join({}, other);
  bench.isNew();
  bench.opens();
  assertEquals([other.outcome, bench.said(), bench.groups.snapshot()], [undefined, [], []]);
});

Deno.test("a place in a group that is being opened takes a window, and holds nothing yet; then it is one like others", () => {
  const bench = new GroupsBench();
  const worker = bench.join({ window: 9 });
  const place = worker.membership!;
  place.resize(3);
  place.passed(0);
  const span = { from: 1, end: 2 };
  assertEquals([worker.ack("#d.a", 1), worker.nack("#d.a", 1), worker.extend("#d.a", 1)], [
    false,
    false,
    false,
  ]);
  assertEquals(place.holdsAll("#d.a", span), false);
  bench.isNew();
  bench.opens();
  assertEquals(bench.said(), ["c-g asks 3"]);
  worker.writes = false;
  bench.brings(1, 2, 3);
  bench.said();
  assertEquals([place.holdsAll("#d.a", span), worker.extend("#d.a", 1)], [true, true]);
  assertEquals([worker.ack("#d.a", 1), worker.nack("#d.a", 2)], [true, true]);
  place.resize(8);
  assertEquals(bench.said(), ["1 +WPI", "1 +ACK", "c-g asks 1", "2 -NAK", "c-g asks 1", "c-g asks 5"]);
  worker.dies();
  assertEquals(bench.said(), ["3 -NAK"]);
});

Deno.test("what is written counts as passed on, also by a place that was opened later (G6)", () => {
  const bench = new GroupsBench();
  const worker = bench.join({ settling: "auto", window: 2 });
  bench.isNew();
  bench.opens(consumerOf("g", { settling: "auto" }));
  bench.brings(1);
  assertEquals(bench.said(), ["c-g asks 2", "1 +ACK", "c-g asks 1"]);
  assertEquals(worker.shown, ["#d.a 1"]);
});

Deno.test("a group that nobody is in any more is opened anew for who comes, and asks for nothing until then", () => {
  const bench = new GroupsBench();
  bench.joined().dies();
  assertEquals(bench.groups.snapshot(), []);
  bench.said();
  const next = bench.join();
  assertEquals(bench.asked(), ["group g #d.>"]);
  bench.isNew();
  bench.opens();
  assertEquals([next.outcome, bench.said()], [JOINED, ["c-g asks 4"]]);
  bench.groups.tick(bench.now, 0);
  assertEquals(bench.groups.snapshot().length, 1);
  next.dies();
  bench.asked();
  bench.groups.tick(bench.now, 0);
  bench.link.goDown();
  bench.link.goUp();
  assertEquals([bench.said(), bench.asked()], [[], []]);
});

Deno.test("as time passes what is held too long comes again (G9)", () => {
  const bench = new GroupsBench();
  bench.joined();
  bench.brings(1);
  bench.said();
  bench.groups.tick(bench.now + ACK_TIMEOUT, ACK_TIMEOUT);
  assertEquals(bench.said()[0], "1 -NAK");
  bench.groups.tick(bench.now, 4_000);
  assertEquals(bench.asked(), ["group g #d.>"], "and what nothing is heard of is looked for");
});

Deno.test("with the link a group's requests are lost, and made anew when it is back", () => {
  const bench = new GroupsBench();
  bench.joined();
  bench.link.goDown();
  bench.said();
  bench.link.goUp();
  assertEquals(bench.said(), ["c-g asks 4"]);
});

Deno.test("when a broker ends, what its members hold and what waits goes back, and nobody joins any more", () => {
  const bench = new GroupsBench();
  const worker = bench.joined();
  worker.full = true;
  bench.brings(1, 2);
  const late = bench.join({ name: "late" });
  bench.isNew();
  bench.said();
  bench.groups.close();
  assertEquals([bench.said(), bench.pool.bytesOut], [["1 -NAK", "2 -NAK"], 0]);
  bench.brings(3);
  assertEquals(bench.said(), ["3 -NAK"], "what is still on its way");
  bench.opens(consumerOf("late"));
  assertEquals([late.outcome, bench.groups.snapshot(), bench.said()], [undefined, [], []]);
});

Deno.test("a group that nobody could be let into listens for nothing (G6)", () => {
  const bench = new GroupsBench();
  const worker = bench.join({ settling: "auto" });
  bench.streams.looks.shift()!(done(consumerOf()));
  bench.link.takeAsked();
  bench.opens();
  assertEquals(worker.outcome?.kind, "refused");
  assertEquals(bench.link.takeAsked(), ["sub in.1", "unsub in.1"]);
  bench.groups.tick(bench.now, 100);
  bench.link.goDown();
  bench.link.goUp();
  assertEquals(bench.link.takeAsked().filter((each) => each !== "ping"), []);
});
