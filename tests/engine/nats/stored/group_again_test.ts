import { assert, assertEquals } from "@std/assert";
import { ACK_WAIT_MORE_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { Worker } from "../../groups/stored_bench.ts";
import { ACK_TIMEOUT, GroupBench } from "./group_bench.ts";

/** What is said of messages, without what is asked for. */
function answers(bench: GroupBench): string[] {
  return bench.said().filter((each) => !each.startsWith("asks"));
}

Deno.test("what NATS gives out again while a member holds it stays with that one, and takes no place twice (G6, N11)", () => {
  const bench = new GroupBench();
  const worker = bench.join({ window: 4 });
  const other = bench.join({ window: 4 });
  bench.said();
  for (let sequence = 1; sequence <= 8; sequence++) {
    bench.brings(`${sequence}`);
    bench.brings(`${sequence}*2`);
    assertEquals(answers(bench), [`${sequence} +WPI`]);
    const holder = [worker, other].find(({ given }) => given.at(-1)?.sequence === sequence);
    assert(holder?.ack("#d.a", sequence), `${sequence} is held by one`);
    assertEquals(answers(bench), [`${sequence} +ACK`]);
  }
  assertEquals(worker.given.length + other.given.length, 8, "each was given once");
  bench.brings("11", "12", "13", "14", "15", "16", "17", "18");
  assertEquals([bench.group.snapshot().held, bench.group.snapshot().waiting], [8, 0], "all places are free");
});

Deno.test("what NATS gives out for the first time though a member holds it stays with that one (G6, N11)", () => {
  const bench = new GroupBench();
  const [one, other] = [bench.join({ window: 2 }), bench.join({ window: 2 })];
  bench.brings("1");
  bench.said();
  bench.brings("1");
  assertEquals([one.given.length + other.given.length, answers(bench)], [1, ["1 +WPI"]]);
  bench.now += ACK_TIMEOUT;
  bench.brings("1");
  assertEquals(
    [one.given.length + other.given.length, answers(bench)[0]],
    [2, "1 -NAK"],
    "its time was over",
  );
});

Deno.test("what comes once more for the last time, or once too often, while it is held is kept and not buried (G11)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.brings("1*2");
  bench.brings("1*3");
  bench.brings("2", "2*2");
  assertEquals([worker.shown, bench.buried], [["#d.a 1 (2)", "#d.a 2"], []]);
  assert(worker.ack("#d.a", 1) && worker.ack("#d.a", 2));
  assertEquals([bench.group.snapshot().held, bench.pool.bytesOut], [0, 0], "and what was kept is let go of");
});

Deno.test("what NATS gives out again while it waits here is given out once", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  worker.full = true;
  bench.brings("1", "2", "3");
  bench.said();
  bench.brings("2*2");
  assertEquals([answers(bench), bench.group.snapshot().waiting], [["2 +WPI"], 3]);
  worker.opens();
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 3"]);
  assert(worker.nack("#d.a", 2));
  const said = bench.link.takeAsked().find((each) => each.endsWith("-NAK"));
  assertEquals(said?.split(".")[4], "2", "it is given back as what it was given out with last");
});

Deno.test("a member may hold what waited here for long as long as any other: NATS is told (G9)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  bench.passes(2 * ACK_TIMEOUT);
  worker.full = true;
  bench.brings("1", "2");
  bench.said();
  bench.now += 999;
  worker.opens();
  assertEquals([worker.shown, answers(bench)], [["#d.a 1", "#d.a 2"], []], "it did not wait for long");
  worker.full = true;
  bench.brings("3", "4");
  bench.said();
  bench.now += 1_000;
  worker.opens();
  assertEquals([worker.shown.slice(2), answers(bench)], [["#d.a 3", "#d.a 4"], ["3 +WPI", "4 +WPI"]]);
});

Deno.test("so may it what had waited to be written to one that has left", () => {
  const bench = new GroupBench();
  const worker = new Worker();
  worker.writes = false;
  bench.join({ window: 2 }, worker);
  bench.brings("1", "2");
  bench.now += ACK_TIMEOUT - 1;
  const other = bench.join({ window: 2 });
  bench.said();
  bench.now += 1;
  worker.dies();
  assertEquals([other.shown, answers(bench)], [["#d.a 1", "#d.a 2"], ["1 +WPI", "2 +WPI"]]);
});

Deno.test("a broker that stood still gives back nothing that NATS has given out again meanwhile, and no place is lost", () => {
  const late = ACK_TIMEOUT + ACK_WAIT_MORE_MS;
  const bench = new GroupBench();
  const worker = bench.join({ window: 3 });
  bench.brings("1", "2", "3*2");
  bench.said();
  bench.now += late - 1;
  // what was given out again may be read before it hears of the time
  bench.brings("1*2");
  assertEquals(bench.said().filter((each) => each.includes("NAK")), ["1 -NAK", "2 -NAK"], "in time");
  assertEquals(bench.buried, ["g c 3 3 2 timeout"]);
  assertEquals(worker.shown.at(-1), "#d.a 1 (2)");
  bench.brings("4", "5*2");
  bench.said();
  bench.now += late;
  bench.brings("4*2");
  assertEquals([answers(bench), bench.buried.length], [[], 1]);
  assertEquals(worker.shown.slice(3), ["#d.a 1 (2)", "#d.a 4", "#d.a 5 (2)", "#d.a 4 (2)"]);
  bench.brings("6", "7");
  assertEquals(bench.group.snapshot().held, 3);
  for (const sequence of [4, 6, 7]) assert(worker.ack("#d.a", sequence));
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("a broker that stood still says nothing of what waited here meanwhile, for another may have it (G6)", () => {
  const bench = new GroupBench();
  const worker = bench.join();
  worker.full = true;
  bench.brings("1", "2");
  bench.beats();
  bench.said();
  bench.passes(ACK_TIMEOUT + ACK_WAIT_MORE_MS);
  assertEquals([answers(bench), bench.group.snapshot().waiting, bench.pool.bytesOut], [[], 0, 0]);
  worker.opens();
  bench.brings("1*2");
  assertEquals(worker.shown, ["#d.a 1 (2)"]);
});
