/** What a worker begins with, and in which order it tells the broker: with commands that do what the test says. */
import { assertEquals } from "@std/assert";
import { RefusedError, RunError } from "../../../../lib/errors.ts";
import { TIMER_MOST_MS } from "../../../../lib/limits.ts";
import { Answers } from "../../../../lib/cli/subscriber/worker/answers.ts";
import { message } from "../../output/collected.ts";
import { Bench } from "./fake_commands.ts";

const LOST = (): Promise<never> => Promise.reject(new RunError("the connection has ended", "LOST"));

Deno.test("so many commands run at a time, in the order of the messages, each with its own", async () => {
  using bench = new Bench({ jobs: 2 });
  await bench.leased(1, 2, 3, 4);
  assertEquals([bench.worker.running, bench.worker.taken], [2, 4]);
  assertEquals(bench.commands.map(({ args, env }) => [args.join(" "), env["HASHBUS_SEQ"]]), [
    ["do it", "1"],
    ["do it", "2"],
  ]);
  await bench.end(1);
  await bench.end(0, 3);
  assertEquals(bench.commands.map(({ env }) => env["HASHBUS_SEQ"]), ["1", "2", "3", "4"]);
  assertEquals(bench.log, ["ack 2", "nack 1 1000"]);
  assertEquals(bench.said, ["#jobs 1: do ended with 3 at attempt 1, it comes again in 1s"]);
  await bench.end(2);
  await bench.end(3);
  assertEquals([bench.worker.running, bench.log.slice(2)], [0, ["ack 3", "ack 4"]]);
  await bench.close();
  assertEquals(bench.ended, "done");
  assertEquals(bench.said.at(-1), "4 messages taken, 3 done");
  assertEquals(bench.time.timers, [], "nothing is said of messages that it does not hold any more");
});

Deno.test("at its last attempt a message is said to be a dead letter, and before that to come again", async () => {
  using bench = new Bench();
  for (
    const [attempt, end] of [[2, /it comes again in 2s$/], [3, /\(#dead\.g\.jobs\)$/], [
      4,
      /\(#dead/,
    ]] as const
  ) {
    await bench.give(bench.lease(1, { attempt, maxAttempts: 3 }));
    await bench.end(bench.commands.length - 1, 1);
    assertEquals(end.test(bench.said.at(-1)!), true, bench.said.at(-1));
  }
});

Deno.test("messages that it holds are prolonged as often as is said, until they are done", async () => {
  using bench = new Bench({ extendAfter: ({ seq }) => 1000 * seq! });
  await bench.leased(1, 2);
  await bench.after(999);
  assertEquals(bench.log, []);
  await bench.after(1);
  await bench.after(1000);
  assertEquals(bench.log, ["extend 1", "extend 1", "extend 2"]);
  await bench.end(0);
  await bench.end(1);
  await bench.after(10_000);
  assertEquals(bench.log.slice(3), ["ack 1", "ack 2"]);
});

Deno.test("no time is longer than a timer can be", async () => {
  using bench = new Bench({ extendAfter: () => 3 * TIMER_MOST_MS });
  await bench.leased(1);
  assertEquals(bench.time.timers, [TIMER_MOST_MS]);
});

Deno.test("what another has got is not begun, and what runs is said to be another's, once", async () => {
  using bench = new Bench({
    extendAfter: () => 1000,
    broker: (asked) =>
      asked.startsWith("extend")
        ? Promise.reject(new RefusedError("NOT_HELD", "not held"))
        : Promise.resolve(),
  });
  await bench.leased(1, 2, 3);
  await bench.after(1000);
  await bench.after(5000);
  assertEquals(bench.said, ["#jobs 1 still runs, but is no longer this worker's: not held"]);
  await bench.end(0);
  assertEquals([bench.commands.length, bench.log], [1, ["extend 1", "extend 2", "extend 3", "ack 1"]]);
  await bench.close();
  assertEquals([bench.ended, bench.time.timers], ["done", []]);
});

Deno.test("what is over when its prolonging is refused is not said to run", async () => {
  const refused = Promise.withResolvers<void>();
  using bench = new Bench({
    extendAfter: () => 1000,
    broker: (asked) => asked.startsWith("extend") ? refused.promise : Promise.resolve(),
  });
  await bench.leased(1);
  await bench.after(1000);
  await bench.end(0);
  refused.reject(new RefusedError("NOT_HELD", "not held"));
  await bench.after();
  assertEquals(bench.said, []);
});

Deno.test("what goes wrong in the answers of the broker, and is no refusal, ends the work", async () => {
  for (const what of ["extend 1", "ack 1", "nack 2 1000"]) {
    using bench = new Bench({
      jobs: 2,
      extendAfter: () => 1000,
      broker: (asked) => asked === what ? Promise.reject(new TypeError("a bug")) : Promise.resolve(),
    });
    await bench.leased(1, 2);
    await bench.after(1000);
    await bench.end(0);
    await bench.end(1, 1);
    assertEquals(bench.ended, "TypeError: a bug", what);
  }
});

Deno.test("that the broker would not have an answer is told, and the work goes on", async () => {
  using bench = new Bench({ broker: LOST });
  await bench.leased(1, 2);
  await bench.end(0);
  await bench.end(1, 1);
  assertEquals(bench.said, [
    "#jobs 1 is done, but comes again: the connection has ended",
    "#jobs 2: do ended with 1 at attempt 1, it comes again in 1s",
    "#jobs 2: the connection has ended",
  ]);
  await bench.close();
  assertEquals(bench.ended, "done");
});

Deno.test("the work is over when all is done and answered, whenever the connection is closed", async () => {
  const answer = Promise.withResolvers<void>();
  using bench = new Bench({ broker: () => answer.promise });
  await bench.leased(1);
  await bench.close();
  assertEquals(bench.ended, undefined, "a command runs");
  await bench.end(0);
  assertEquals([bench.log, bench.ended], [["ack 1"], undefined], "the broker has not answered");
  answer.resolve();
  await bench.after();
  assertEquals([bench.ended, bench.log], ["done", ["ack 1"]]);
});

Deno.test("of topics in memory one more is taken than runs; what comes behind is still another's", async () => {
  using bench = new Bench({ jobs: 2 });
  await bench.inMemory("a", "b", "c", "d");
  assertEquals([bench.worker.running, bench.worker.taken], [2, 3]);
  await bench.end(0, 5);
  assertEquals([bench.worker.running, bench.worker.taken], [2, 4]);
  assertEquals(bench.said, ["#mem: do ended with 5: it is lost, the broker does not keep this topic"]);
  await bench.end(1);
  await bench.end(2);
  await bench.end(3);
  await bench.close();
  assertEquals([bench.ended, bench.said.at(-1), bench.log], ["done", "4 messages taken, 3 done", []]);
});

Deno.test("an answer is sent before its message is acknowledged, and none by who is killed", async () => {
  const sent = Promise.withResolvers<void>();
  const responses: string[] = [];
  const answers = new Answers({
    respond: (_, payload) => {
      responses.push(new TextDecoder().decode(payload));
      return sent.promise;
    },
  }, { notice: () => {} });
  {
    using bench = new Bench({ answers });
    await bench.give(bench.lease(1, { reply: "#r" }));
    bench.commands[0]!.print("yes");
    await bench.end(0);
    assertEquals([responses, bench.log, bench.worker.running], [["yes"], [], 1]);
    sent.resolve();
    await bench.after();
    assertEquals([bench.log, bench.printed], [["ack 1"], []]);
  }
  using bench = new Bench({ answers });
  await bench.give({ ...message("#mem", "x"), reply: "#r" });
  await bench.leased(2);
  bench.worker.kill();
  await bench.after();
  assertEquals([bench.log, responses, bench.worker.running], [["SIGKILL -1"], ["yes"], 0]);
});

Deno.test("behind one that could not be started none is, whatever else ends or comes", async () => {
  using bench = new Bench({ unstartable: new Deno.errors.NotFound("no"), startable: 1, jobs: 2 });
  await bench.leased(1, 2, 3);
  assertEquals([bench.ended, bench.attempts], ['RunError: cannot run "do": no such file or directory', 2]);
  await bench.end(0);
  await bench.leased(4);
  assertEquals([bench.attempts, bench.worker.running, bench.log], [2, 0, ["ack 1"]]);
});

Deno.test("a command that cannot be started ends the work, and nothing runs or is begun any more", async () => {
  using bench = new Bench({ unstartable: new Deno.errors.NotFound("no"), jobs: 2 });
  await bench.leased(1, 2, 3);
  assertEquals(bench.ended, 'RunError: cannot run "do": no such file or directory');
  assertEquals([bench.worker.running, bench.commands.length], [0, 0]);
  let idle = false;
  void bench.worker.idle().then(() => idle = true);
  await bench.after();
  assertEquals(idle, true);
});
