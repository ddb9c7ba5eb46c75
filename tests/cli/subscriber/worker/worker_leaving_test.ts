/** How a worker leaves: what it gives back, what it waits for, and how long. */
import { assertEquals } from "@std/assert";
import { RunError } from "../../../../lib/errors.ts";
import { Bench } from "./fake_commands.ts";

/** Leaves, and tells in the log when it has. */
async function leave(bench: Bench): Promise<void> {
  void bench.worker.leave().then(() => bench.log.push("left"), (error) => bench.log.push(`${error}`));
  await bench.after();
}

Deno.test("who leaves gives back what waits, unused, and leaves right behind the last answer", async () => {
  using bench = new Bench({ jobs: 2 });
  await bench.leased(1, 2, 3, 4);
  await leave(bench);
  assertEquals(bench.log, ["hold", "nack 3 unused", "nack 4 unused"]);
  await bench.end(0);
  await bench.end(1, 1);
  assertEquals(bench.log.slice(3), ["ack 1", "nack 2 1000", "leave", "left"]);
  assertEquals(
    [bench.commands.length, bench.ended],
    [2, undefined],
    "what comes of topics in memory is done",
  );
  await bench.close();
  assertEquals([bench.ended, bench.time.timers], ["done", []]);
});

Deno.test("who holds nothing leaves at once, and asks for nothing else", async () => {
  using bench = new Bench();
  await leave(bench);
  assertEquals(bench.log, ["leave", "left"]);
  await leave(bench);
  assertEquals(bench.log, ["leave", "left", "left"], "once");
});

Deno.test("what comes as it leaves is given back, and what comes behind that goes back with the connection", async () => {
  using bench = new Bench();
  await leave(bench);
  await bench.leased(1, 2);
  assertEquals(bench.log, ["leave", "left", "nack 1 unused"]);
  assertEquals([bench.worker.taken, bench.commands.length], [0, 0]);
  await bench.inMemory("a", "b");
  assertEquals([bench.worker.taken, bench.worker.running], [2, 1]);
  await bench.inMemory("c");
  assertEquals(bench.worker.taken, 2, "no more than will be done next");
  for (const at of [0, 1, 2]) await bench.end(at);
  assertEquals([bench.ended, bench.worker.taken], [undefined, 3]);
  await bench.close();
  assertEquals([bench.ended, bench.log.length], ["done", 3]);
});

Deno.test("who leaves while it waits for a command takes nothing more that can be given back", async () => {
  using bench = new Bench();
  await bench.inMemory("a", "b");
  await bench.leased(1);
  await leave(bench);
  assertEquals(bench.log, ["leave", "left"]);
  await bench.end(0);
  await bench.end(1);
  await bench.close();
  assertEquals([bench.ended, bench.worker.taken, bench.log], ["done", 2, ["leave", "left"]]);
});

Deno.test("of what waits, that is begun which cannot be given back", async () => {
  using bench = new Bench();
  await bench.leased(1, 2);
  await bench.inMemory("a");
  await bench.leased(3);
  await leave(bench);
  assertEquals(bench.log, ["hold", "nack 2 unused"]);
  await bench.end(0);
  assertEquals(bench.commands[1]?.env["HASHBUS_TOPIC"], "#mem");
  assertEquals(bench.log.slice(2), ["ack 1", "leave", "left"]);
  await bench.end(1);
  await bench.close();
  assertEquals(bench.ended, "done");
});

Deno.test("the last acknowledgements are waited for ten seconds, and that they did not come is told", async () => {
  for (const answered of [false, true]) {
    const answer = Promise.withResolvers<void>();
    using bench = new Bench({
      jobs: 2,
      broker: (asked) => asked.startsWith("ack") ? answer.promise : Promise.resolve(),
    });
    await bench.leased(1, 2);
    await bench.end(0);
    await bench.end(1);
    await leave(bench);
    assertEquals(bench.log, ["ack 1", "ack 2", "leave"]);
    await bench.after(9999);
    assertEquals(bench.log.length, 3);
    if (answered) answer.resolve();
    await bench.after();
    if (!answered) await bench.after(1);
    assertEquals(bench.log.at(-1), "left");
    assertEquals(
      bench.said,
      answered ? [] : ["the broker did not answer for 2 messages, which may come again"],
    );
    await bench.close();
    assertEquals([bench.ended, bench.time.timers], ["done", []]);
  }
});

Deno.test("who does not answer a worker that leaves is waited for a second", async () => {
  for (const silent of ["hold", "leave"]) {
    using bench = new Bench({
      broker: (asked) => asked === silent ? new Promise(() => {}) : Promise.resolve(),
    });
    if (silent === "hold") await bench.leased(1, 2);
    await leave(bench);
    assertEquals(bench.log, [silent]);
    await bench.after(999);
    assertEquals(bench.log, [silent]);
    await bench.after(1);
    assertEquals(bench.log, silent === "hold" ? ["hold", "nack 2 unused"] : ["leave", "left"]);
    if (silent === "hold") await bench.end(0);
    assertEquals(bench.log.at(-1), "left");
  }
});

Deno.test("who has lost the connection has left, and what else goes wrong is thrown", async () => {
  for (
    const [error, last] of [[new RunError("lost", "LOST"), "left"], [
      new TypeError("a bug"),
      "TypeError: a bug",
    ]]
  ) {
    using bench = new Bench({
      broker: (asked) => asked === "leave" ? Promise.reject(error) : Promise.resolve(),
    });
    await leave(bench);
    assertEquals([bench.log, bench.time.timers], [["leave", last], []]);
    void bench.working.catch(() => {});
  }
});

Deno.test("with a count the rest is for others: it holds, does what it has, and leaves behind the last", async () => {
  using bench = new Bench({ count: 2, jobs: 2 });
  await bench.leased(1, 2, 3);
  assertEquals([bench.log, bench.worker.taken], [["hold"], 2]);
  await bench.end(1);
  assertEquals([bench.log, bench.ended], [["hold", "ack 2"], undefined]);
  await bench.end(0);
  assertEquals([bench.log, bench.ended, bench.returned], [["hold", "ack 2", "ack 1", "leave"], "done", 1]);
  assertEquals([bench.said, bench.time.timers], [["2 messages taken, 2 done"], []]);
});

Deno.test("with a count it leaves behind the last that could be given back, though others still run", async () => {
  using bench = new Bench({ count: 2, jobs: 2 });
  await bench.leased(1);
  await bench.inMemory("a");
  assertEquals(bench.log, ["hold"]);
  await bench.end(0);
  assertEquals([bench.log, bench.ended], [["hold", "ack 1", "leave"], undefined]);
  await bench.end(1);
  assertEquals([bench.ended, bench.log.length], ["done", 3]);
});

Deno.test("with a count, too, the last acknowledgement is waited for, and given up after ten seconds", async () => {
  using bench = new Bench({
    count: 1,
    broker: (asked) => asked === "ack 1" ? new Promise(() => {}) : Promise.resolve(),
  });
  await bench.leased(1);
  await bench.end(0);
  await bench.after(9999);
  assertEquals([bench.log, bench.ended], [["hold", "ack 1", "leave"], undefined]);
  await bench.after(1);
  assertEquals([bench.ended, bench.said[0]], [
    "done",
    "the broker did not answer for 1 message, which may come again",
  ]);
});

Deno.test("killed, it tells the broker nothing, whether it was leaving or not", async () => {
  for (const leaving of [false, true]) {
    using bench = new Bench({ jobs: 2 });
    await bench.leased(1, 2, 3);
    if (leaving) await leave(bench);
    const before = bench.log.length;
    bench.worker.kill();
    await bench.after();
    assertEquals(bench.log.slice(before), ["SIGKILL -1", "SIGKILL -2"]);
    assertEquals(bench.worker.running, 0);
    await bench.after(60_000);
    assertEquals(bench.log.slice(before + 2), leaving ? [] : ["extend 3"]);
  }
});

Deno.test("a command that is started by who was killed is killed, too", async () => {
  using bench = new Bench();
  bench.worker.kill();
  await bench.leased(1);
  assertEquals([bench.log, bench.worker.running, bench.said], [["SIGKILL -1"], 0, []]);
});
