import { assert, assertEquals } from "@std/assert";
import type { Cursor, Page, SeekOutcome } from "../../../../lib/store/types.ts";
import { FAILED, NONE } from "../../../support/scripted_streams.ts";
import { cursorOf, LogBench, payloadsIn } from "./reading_bench.ts";

/** Where a replay begins. */
function cursorIn([outcome]: readonly SeekOutcome[]): Cursor {
  if (outcome?.kind !== "found") throw new Error("it is not found");
  return outcome.cursor;
}

Deno.test("where a replay begins is found once what is new comes live, by who leads the stream (N8)", () => {
  const bench = new LogBench();
  const found = bench.seeks({});
  assertEquals(bench.asked(), []);
  bench.waiting.shift()!();
  assertEquals(bench.asked(), ["last p.stored.d"]);
  bench.finds(7);
  assertEquals(bench.asked(), ["state"]);
  bench.ends(9, 4);
  const cursor = {
    pattern: "#d",
    after: 3,
    sequence: 0,
    time: 0,
    to: undefined,
    edge: { batch: 7, at: 1_000 },
  };
  const first: Page = { bytes: new Uint8Array(0), messages: 0 };
  assertEquals(found, [{ kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted: 0 }]);
});

Deno.test("what the stream cannot say of where a replay begins is asked again in a moment", () => {
  const bench = new LogBench();
  const found = bench.seeks({});
  bench.waiting.shift()!();
  bench.streams.edges.shift()!(FAILED);
  bench.asked();
  assertEquals([bench.retries(), bench.asked()], [1, ["last p.stored.d"]]);
  bench.now = 2_000;
  bench.streams.edges.shift()!(NONE);
  bench.asked();
  bench.streams.states.shift()!(NONE);
  assertEquals([bench.retries(), bench.waiting.length, found], [1, 1, []]);
  bench.waiting.shift()!();
  bench.finds();
  bench.ends(0);
  assertEquals(cursorIn(found).edge, { batch: 0, at: 2_000 }, "there is none");
});

Deno.test("a replay from a number begins with that, or with the first there is, and says where that is otherwise (D4)", () => {
  const cases = [
    { first: 5, last: 9, sequence: 3, after: 4, trimmedTo: 5, ahead: undefined },
    { first: 5, last: 9, sequence: 5, after: 4, trimmedTo: undefined, ahead: undefined },
    { first: 5, last: 9, sequence: 8, after: 7, trimmedTo: undefined, ahead: undefined },
    { first: 5, last: 9, sequence: 10, after: 9, trimmedTo: undefined, ahead: undefined },
    { first: 5, last: 9, sequence: 11, after: 10, trimmedTo: undefined, ahead: 9 },
    { first: 1, last: 9, sequence: 0, after: 0, trimmedTo: undefined, ahead: undefined },
    { first: 2, last: 9, sequence: 1, after: 1, trimmedTo: 2, ahead: undefined },
  ];
  for (const { first, last, sequence, after, trimmedTo, ahead } of cases) {
    for (const pattern of ["#d", "#d.*"]) {
      const bench = new LogBench();
      const found = bench.seeks({ from: { kind: "sequence", sequence } }, pattern);
      bench.waiting.shift()!();
      bench.finds(last);
      bench.ends(last, first);
      const cursor = cursorIn(found);
      assertEquals([cursor.after, cursor.sequence, cursor.time], [after, sequence, 0]);
      const [outcome] = found;
      // of a pattern's topics each may begin with any number
      const isTold = pattern === "#d" ? trimmedTo : undefined;
      assert(outcome?.kind === "found");
      assertEquals([outcome.trimmedTo, outcome.ahead], [isTold, ahead], `${pattern} ${sequence} ${first}`);
    }
  }
});

Deno.test("a replay from a time begins with what was stored from then on, and keeps its end", () => {
  const bench = new LogBench();
  const to = { kind: "sequence", sequence: 9 } as const;
  const found = bench.seeks({ from: { kind: "time", time: 77 }, to });
  bench.waiting.shift()!();
  bench.finds(9);
  bench.ends(9, 5);
  const { after, sequence, time, to: end } = cursorIn(found);
  assertEquals([after, sequence, time, end], [0, 0, 77, to]);
});

Deno.test("of the last of each topic several cannot be had; one can, and is asked for until it can be brought (N12)", () => {
  const bench = new LogBench(6);
  const several = bench.seeks({ from: { kind: "last", count: 2, asOf: undefined } });
  assertEquals([several, bench.waiting.length], [
    [{
      kind: "failed",
      reason:
        "of what is on NATS the last message of each topic can be asked for (from=latest), not several: " +
        "begin at a time or a number",
    }],
    0,
  ]);
  const found = bench.seeks({ from: { kind: "last", count: 1, asOf: undefined } });
  bench.waiting.shift()!();
  bench.finds(8);
  assertEquals(bench.asked(), ["last p.stored.d", "reader p.stored.d last of each"]);
  bench.streams.readers.shift()!(FAILED);
  assertEquals([bench.retries(), bench.asked()], [1, ["reader p.stored.d last of each"]]);
  bench.opens();
  bench.comes(6);
  bench.comes(7);
  const { after, edge } = cursorIn(found);
  assertEquals([after, edge], [6, { batch: 8, at: 1_000 }], "what lies behind it comes as what is new does");
  assertEquals(found.map((each) => each.kind === "found" ? payloadsIn(each.first) : []), [["6"]]);
});

Deno.test("a replay from the last of each topic before a time begins with those, and goes on from that time (D3, N12)", () => {
  const from = { kind: "last", count: 1, asOf: 50 } as const;
  const bench = new LogBench(9);
  const found = bench.seeks({ from }, "#d.*");
  bench.waiting.shift()!();
  bench.finds(8);
  bench.streams.readers.shift()!(FAILED);
  assertEquals(bench.retries(), 1);
  bench.opens();
  bench.comes(4, { topic: "#d.b", time: 49 });
  bench.hasNoMore();
  bench.finds();
  const { after, time, edge } = cursorIn(found);
  assertEquals([after, time, edge], [0, 50, { batch: 8, at: 1_000 }]);
  assertEquals(found.map((each) => each.kind === "found" ? payloadsIn(each.first) : []), [["4"]]);
  const refused = bench.seeks({ from });
  bench.waiting.shift()!();
  bench.finds(8);
  bench.opens();
  bench.comes(8, { time: 60 });
  bench.hasNoMore();
  bench.finds();
  bench.opens();
  bench.comes(1, { size: 64 * 1024 * 1024 });
  assertEquals(refused, [{
    kind: "failed",
    reason: "on NATS too much was stored before that time to look through it for the last message of each " +
      "topic: begin at from=latest, a time or a number",
  }]);
});

Deno.test("a page has what any of its cursors wants, each message once, in the order of the stream", () => {
  const bench = new LogBench(9);
  const cursors = [
    cursorOf({ after: 2, to: { kind: "sequence", sequence: 5 } }),
    cursorOf({ pattern: "#e.*", after: 4 }),
  ];
  const pages = bench.reads(cursors);
  assertEquals(bench.asked(), ["reader p.stored.d p.stored.e.* from 3"], "behind the one that is least far");
  bench.opens();
  assertEquals(bench.asked(), ["c asks 512"]);
  bench.comes(3);
  bench.comes(4, { topic: "#e.x" });
  bench.comes(5, { topic: "#e.x" });
  bench.comes(6);
  bench.comes(7, { topic: "#e.y", headers: [["Hashbus-Ttl", "0.5"]], time: 500 });
  bench.comes(8, { topic: "#e.y", headers: [["Hashbus-Ttl", "0.5"]], time: 501 });
  bench.hasNoMore();
  assertEquals(bench.asked(), ["next p.stored.d 9", "next p.stored.e.* 9"]);
  bench.finds();
  assertEquals(pages, [[["3", "5", "8"], ["past to", "caught up"], [9, 9]]]);
});

Deno.test("what NATS has more of comes with the next page, by the same reader, as long as it is wanted soon", () => {
  const bench = new LogBench(2_000);
  const first = bench.reads([cursorOf()]);
  bench.opens();
  for (let at = 1; at <= 512; at++) bench.comes(at, { pending: 1 });
  assertEquals(first.map(([payloads, ...rest]) => [payloads.length, ...rest]), [[512, ["none"], [512]]]);
  bench.asked();
  const elsewhere = bench.reads([cursorOf({ after: 511 })]);
  assertEquals(bench.asked(), ["reader p.stored.d from 512"], "it does not stand there");
  bench.opens("c2");
  bench.hasNoMore();
  bench.finds();
  assertEquals(elsewhere.length, 1);
  bench.asked();
  const other = bench.reads([cursorOf({ pattern: "#e", after: 512 })]);
  assertEquals(bench.asked(), ["reader p.stored.e from 513"], "nor is it one of those topics");
  bench.opens("c3");
  bench.hasNoMore();
  bench.finds();
  assertEquals(other.length, 1);
  bench.asked();
  bench.inboxes = 1;
  const second = bench.reads([cursorOf({ after: 512 })]);
  assertEquals(bench.asked(), ["c asks 512"]);
  bench.comes(513, { given: 513 });
  bench.hasNoMore();
  bench.finds();
  assertEquals(second, [[["513"], ["caught up"], [2_000]]]);
  bench.asked();
  bench.reads([cursorOf({ after: 2_000, to: { kind: "time", time: 5_000 } })]);
  assertEquals(bench.asked(), ["c2 asks 512"], "the first that stands there");
});

Deno.test("a page of which nothing is wanted is followed by the next at once", () => {
  const bench = new LogBench(2_000);
  const pages = bench.reads([cursorOf({ sequence: 513 })]);
  bench.opens();
  for (let at = 1; at <= 512; at++) bench.comes(at, { pending: 1 });
  assertEquals([pages, bench.asked().at(-1)], [[], "c asks 512"]);
  bench.comes(513);
  bench.hasNoMore();
  bench.finds();
  assertEquals(pages, [[["513"], ["caught up"], [2_000]]]);
});

Deno.test("nothing that the feed has not handed on is read, unless it was stored when the replay began (D3)", () => {
  const bench = new LogBench(2);
  const pages = bench.reads([cursorOf({ edge: { batch: 4, at: 0 } })]);
  bench.opens();
  for (const sequence of [1, 3, 4]) bench.comes(sequence);
  bench.asked();
  bench.comes(5);
  assertEquals(pages, [[["1", "3", "4"], ["caught up"], [4]]]);
  assertEquals(bench.asked(), ["remove c", "unsub in.1"], "its reader has gone too far");
  const upTo = bench.reads([cursorOf({ edge: { batch: 4, at: 0 } })], 3);
  bench.opens("c2");
  bench.comes(3);
  bench.comes(4);
  assertEquals(upTo, [[["3"], ["none"], [3]]], "what others of its connection are to be given first");
});

Deno.test("what cannot be read, and what comes again, is passed over, and the page is whole behind it", () => {
  const bench = new LogBench(5);
  const pages = bench.reads([cursorOf()]);
  bench.opens();
  bench.comes(1);
  bench.comes(2, { topic: "#d..d" });
  bench.hasNoMore();
  bench.asked();
  bench.streams.edges.shift()!(FAILED);
  assertEquals(pages.splice(0), [[["1"], ["none"], [2]]], "nobody can say that it is whole");
  assertEquals(bench.asked(), ["remove c", "unsub in.1"]);
  bench.reads([cursorOf({ after: 2 })]);
  assertEquals(bench.asked(), ["reader p.stored.d from 3"]);
  bench.opens("c2");
  bench.comes(2, { topic: "#d" });
  bench.comes(7, { topic: "#d..d" });
  bench.asked();
  bench.hasNoMore();
  assertEquals(bench.asked(), ["next p.stored.d 3"], "what lies behind the limit is not looked at yet");
});

Deno.test("a replay that is where the stream ends is live without a reader, one that has an end asks where that is", async () => {
  const bench = new LogBench(4);
  const live = bench.reads([cursorOf({ after: 4, edge: { batch: 4, at: 0 } })]);
  assertEquals(live, [], "not before it returns");
  await Promise.resolve();
  assertEquals([live, bench.asked()], [[[[], ["caught up"], [4]]], []]);
  const ending = bench.reads([cursorOf({ after: 4, to: { kind: "sequence", sequence: 5 } })]);
  assertEquals(bench.asked(), ["reader p.stored.d from 5"]);
  bench.opens();
  bench.hasNoMore();
  assertEquals(ending, [[[], ["caught up"], [4]]]);
  const beyond = bench.reads([cursorOf({ after: 5 })]);
  await Promise.resolve();
  assertEquals(beyond, [[[], ["caught up"], [5]]]);
});

Deno.test("a replay to a number is past it with that message, wherever the stream ends", () => {
  for (const [sequence, end] of [[3, "past to"], [4, "past to"], [5, "caught up"]] as const) {
    const bench = new LogBench(4);
    const pages = bench.reads([cursorOf({ to: { kind: "sequence", sequence } })]);
    bench.opens();
    for (const each of [1, 2, 3, 4]) bench.comes(each);
    bench.hasNoMore();
    bench.finds();
    assertEquals(pages.map(([payloads, ends]) => [payloads.length, ends]), [[Math.min(sequence, 4), [end]]]);
  }
});

Deno.test("a replay to a time is past it when it has all that was stored by then, which is asked behind that time (D5)", () => {
  const to = { kind: "time", time: 1_000 } as const;
  const asks = (now: number, edge?: Cursor["edge"]): string[] => {
    const bench = new LogBench(4);
    bench.now = now;
    bench.reads([cursorOf({ to, ...(edge === undefined ? {} : { edge }) })]);
    return bench.asked();
  };
  const [ask, read] = [["last p.stored.d"], ["reader p.stored.d from 1"]];
  assertEquals(asks(1_000, { batch: 4, at: 900 }), read, "it is not past");
  assertEquals(asks(1_001, { batch: 4, at: 900 }), ask);
  assertEquals(asks(1_001, { batch: 4, at: 1_000 }), ask);
  assertEquals(asks(1_001, { batch: 4, at: 1_001 }), read, "that is known");
  assertEquals([asks(1_000), asks(1_001)], [read, ask]);

  const still = new LogBench(4);
  const not = still.reads([cursorOf({ to })]);
  still.opens();
  still.comes(4, { time: 1_000 });
  still.hasNoMore();
  assertEquals(not, [[["4"], ["caught up"], [4]]], "something may be stored at that time still");

  const bench = new LogBench(1);
  bench.now = 1_001;
  const pages = bench.reads([cursorOf({ pattern: "#e" }), cursorOf({ to })]);
  bench.finds(3);
  bench.opens();
  bench.comes(2, { time: 1_000 });
  bench.comes(3, { time: 1_001 });
  bench.hasNoMore();
  bench.finds();
  assertEquals(pages, [[["2"], ["caught up", "past to"], [3, 3]]]);
});
