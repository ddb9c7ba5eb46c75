import { assert, assertEquals } from "@std/assert";
import { CLASSIC_LINES } from "../../../../lib/protocols/classic/encoding.ts";
import { runOf } from "../../case_parts.ts";
import { Worker } from "../../groups/stored_bench.ts";
import { ACK_TIMEOUT, GroupBench } from "./group_bench.ts";

const NONE = { kind: "none" } as const;

/** What is asked for, without what is said of messages. */
function asks(bench: GroupBench): string[] {
  return bench.said().filter((each) => each.startsWith("asks"));
}

Deno.test("a group asks for more when a quarter of what there is room for is missing, and for no more than is asked for at a time", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 8 });
  worker.writes = false;
  assertEquals(bench.link.asked.at(-1), "ping", "it is written");
  bench.said();
  bench.brings("1", "2", "3", "4", "5", "6", "7", "8");
  assertEquals(bench.said(), [], "there is no room");
  assert(worker.ack("#d.a", 1, 4));
  assertEquals(asks(bench), ["asks 4"]);
  assert(worker.ack("#d.a", 5));
  assertEquals(asks(bench), [], "one of five");
  const even = new GroupBench();
  even.join({ window: 6 });
  even.said();
  even.join({ window: 2 });
  assertEquals(even.said(), ["asks 2"], "two of eight");
  const large = new GroupBench();
  large.join({ window: 10_000 });
  assertEquals(large.said(), ["asks 512"]);
});

Deno.test("a member that holds more than it may takes no room from others", () => {
  const bench = new GroupBench();
  const one = bench.join({ window: 4 });
  bench.brings("1", "2", "3", "4");
  bench.said();
  one.membership!.resize(1);
  assertEquals(bench.said(), []);
  const other = bench.join({ window: 2 });
  assertEquals(bench.said(), ["asks 2"]);
  bench.brings("5", "6");
  assertEquals(other.shown, ["#d.a 5", "#d.a 6"]);
});

Deno.test("what waits for members takes room from what may be asked for", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 4 });
  bench.said();
  for (const message of ["1", "2", "4"]) bench.comes(message);
  bench.link.comes("in.1", "", "in.1", { status: 408 });
  assertEquals([worker.given, bench.said()], [[], ["asks 1"]], "for what was asked for before has ended");
  bench.group.goOn();
  assertEquals([worker.given.length, bench.said()], [3, []]);
});

Deno.test("what has expired, or cannot be read, is done with, and no member gets it (V10, N10)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.said();
  bench.comes("1", { headers: [["Hashbus-Ttl", "4"]] });
  bench.comes("2", { headers: [["Hashbus-Ttl", "5"]] });
  bench.comes("3", { topic: "#d..a" });
  bench.brings("4");
  assertEquals(worker.shown, ["#d.a 2", "#d.a 4"]);
  assertEquals(bench.said(), ["1 +ACK", "3 +ACK"]);
  assertEquals(worker.given[0]!.fields, "ttl=5");
});

Deno.test("one that came too often is buried alone, what came around it is given out (G11)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.comes("1");
  bench.comes("2*3");
  bench.brings("3");
  assertEquals(bench.buried, ["g c 2 2 2 lost connection"]);
  assertEquals(worker.shown, ["#d.a 1", "#d.a 3"]);
  assert(worker.ack("#d.a", 1) && worker.ack("#d.a", 3));
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("what was given out as often goes as one run, with the attempt it is", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  const runs: string[] = [];
  const give = worker.give.bind(worker);
  worker.give = (run, attempt) => {
    runs.push(`${run.stored!.first}+${run.count} (${attempt})`);
    give(run, attempt);
  };
  bench.brings("1", "2", "3*2", "4*2", "5");
  assertEquals(runs, ["1+2 (1)", "3+2 (2)", "5+1 (1)"]);
});

Deno.test("when NATS has no more it is asked again", () => {
  const bench = new GroupBench();
  bench.join({ window: 4 });
  bench.said();
  for (const status of [408, 404]) {
    bench.link.comes("in.1", "", "in.1", { status });
    assertEquals(bench.said(), ["asks 4"]);
  }
});

Deno.test("what is asked for at a time is bounded by how many messages have so many bytes, by those that came, alone", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 64 });
  assert(
    !bench.link.asked.some((each) => each.includes("max_bytes")),
    "or NATS gives out twice what is held",
  );
  assertEquals(bench.said(), ["asks 64"]);
  for (let sequence = 1; sequence <= 64; sequence++) {
    bench.link.comes("in.1", "x".repeat(256 * 1024), "p.stored.d.a", {
      reply: `$JS.ACK.s.c.1.${sequence}.1.1000000.0`,
    });
  }
  bench.group.goOn();
  assertEquals(worker.given.length, 64);
  assert(worker.ack("#d.a", 1, 64));
  assertEquals(asks(bench), ["asks 4"]);
});

Deno.test("who looks for a consumer when nobody is in the group any more does nothing with what it finds", () => {
  for (const answer of ["done", "failed", "none"] as const) {
    const bench = new GroupBench();
    const worker = bench.join();
    bench.link.comes("in.1", "", "in.1", { status: 503 });
    worker.dies();
    bench.said();
    if (answer === "done") {
      bench.looks.shift()!({ kind: "done", value: { ...bench.consumer, created: "two" } });
    } else bench.looks.shift()!(answer === "none" ? NONE : { kind: "failed", reason: "no leader" });
    assertEquals([bench.link.takeAsked(), bench.later.length], [[], 0]);
  }
  const late = new GroupBench();
  const worker = late.join();
  late.link.comes("in.1", "", "in.1", { status: 503 });
  late.looks.shift()!(NONE);
  for (const go of late.later.splice(0)) go();
  worker.dies();
  late.looks.shift()!(NONE);
  assertEquals([worker.failure, late.link.asked.filter((each) => each.includes("NEXT")).length], [
    undefined,
    1,
  ]);
});

Deno.test("a consumer that cannot be found, and is asked again by then, was not deleted", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.link.comes("in.1", "", "in.1", { status: 503 });
  bench.looks.shift()!(NONE);
  for (const go of bench.later.splice(0)) go();
  bench.group.down();
  bench.group.up();
  bench.looks.shift()!(NONE);
  assertEquals(worker.failure, undefined);
  bench.brings("1");
  assertEquals(worker.shown, ["#d.a 1"]);
  // it is found at the second look
  bench.link.comes("in.2", "", "in.2", { status: 503 });
  bench.looks.shift()!(NONE);
  for (const go of bench.later.splice(0)) go();
  bench.said();
  bench.looks.shift()!({ kind: "done", value: bench.consumer });
  assertEquals([worker.failure, asks(bench)], [undefined, ["asks 15"]]);
});

Deno.test("a consumer that could not be asked about, and is asked by then, is not asked anew", () => {
  const bench = new GroupBench();
  bench.join();
  bench.link.comes("in.1", "", "in.1", { status: 503 });
  bench.looks.shift()!({ kind: "failed", reason: "no leader" });
  bench.group.up();
  bench.said();
  for (const go of bench.later.splice(0)) go();
  assertEquals(bench.link.takeAsked(), []);
});

Deno.test("a group is asked for nothing where the link is lost when it comes to be, and for all when it is back", () => {
  const bench = new GroupBench();
  bench.group.down();
  bench.link.goDown();
  bench.group.attach(bench.consumer);
  bench.join({ window: 4 });
  assertEquals(bench.link.takeAsked(), ["unsub in.1"]);
  bench.link.goUp();
  bench.group.up();
  assertEquals(bench.said(), ["asks 4"]);
});

Deno.test("what somebody who was not let in had been given is let go of when it leaves", () => {
  const bench = new GroupBench();
  const worker = bench.join({ settling: "auto" }, new Worker());
  const run = runOf({ topic: "#d.a", topicBytes: 4 }, ["x"]);
  run.keep();
  worker.membership!.leave([run]);
  assert(!run.records.chunk.shared);
});

Deno.test("what a member holds it holds until its own time is over, whenever that began", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.brings("1");
  bench.passes(10);
  bench.brings("2");
  bench.said();
  bench.passes(ACK_TIMEOUT - 10);
  assertEquals(bench.said()[0], "1 -NAK");
  bench.passes(9);
  assertEquals(worker.membership!.holdsAll("#d.a", { from: 2, end: 3 }), true);
  bench.passes(1);
  assertEquals(worker.membership!.holdsAll("#d.a", { from: 2, end: 3 }), false);
});

Deno.test("what is made of a part for a member, in another encoding, is let go of with it", () => {
  const bench = new GroupBench();
  const worker = new Worker();
  const give = worker.give.bind(worker);
  worker.give = (run, attempt) => {
    run.as(CLASSIC_LINES);
    give(run, attempt);
  };
  bench.join({ window: 2 }, worker);
  bench.brings("1", "2", "3");
  assertEquals([worker.given.length, bench.group.snapshot().waiting], [2, 1]);
  assert(worker.ack("#d.a", 1, 2));
  assertEquals([worker.given.length, bench.pool.bytesOut], [3, 0]);
});

Deno.test("what had come of a consumer that was made anew is nobody's, and what comes then is settled as itself", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.comes("7");
  bench.link.comes("in.1", "", "in.1", { status: 503 });
  bench.looks.shift()!({ kind: "done", value: { ...bench.consumer, created: "two" } });
  bench.brings("2", "3");
  assertEquals(worker.shown, ["#d.a 2", "#d.a 3"]);
  bench.said();
  assert(worker.ack("#d.a", 2));
  assertEquals(bench.said()[0], "2 +ACK");
});
