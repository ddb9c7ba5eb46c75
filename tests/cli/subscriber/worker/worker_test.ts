/** A worker and its commands, which are real; the broker is not. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { RunError } from "../../../../lib/errors.ts";
import { processGone } from "../../../support/process_gone.ts";
import { message } from "../../output/collected.ts";
import { Desk } from "./desk.ts";

Deno.test("0 acknowledges, anything else gives back for later, twice as long at each attempt", async () => {
  const desk = new Desk('read -r code; exit "$code"');
  desk.leased(1, ["0"]);
  desk.leased(2, ["3"]);
  desk.leased(3, ["7"], 4);
  await desk.see("nack 3 8000");
  await desk.stop();
  assertEquals(desk.log, ["ack 1", "nack 2 1000", "nack 3 8000", "leave"]);
  assertEquals(desk.said, [
    "#jobs 2: sh ended with 3 at attempt 1, it comes again in 1s",
    "#jobs 3: sh ended with 7 at attempt 4, it comes again in 8s",
  ]);
});

Deno.test("without a delay what failed comes again at once; no delay is longer than a broker allows", async () => {
  const none = new Desk("kill -9 $$", { retryDelay: 0 });
  none.leased(1, ["a"], 3);
  await none.see("nack 1");
  assertEquals(none.said, ["#jobs 1: sh was ended by SIGKILL at attempt 3, it comes again at once"]);
  await none.stop();
  const long = new Desk("false", { retryDelay: 60_000 });
  long.leased(1, ["a"], 1000);
  await long.see("nack 1 86400000");
  await long.stop();
});

Deno.test("where the broker says how often a message is given out, the last time is told, and where it goes", async () => {
  const desk = new Desk("false", { maxAttempts: 2 });
  desk.leased(1, ["a"], 2);
  await desk.see("nack 1 2000");
  assertEquals(desk.said, [
    "#jobs 1: sh ended with 1 at attempt 2, which was the last: it is a dead letter now (#dead.g.jobs)",
  ]);
  await desk.stop();
});

Deno.test("stdout passes whole lines, stderr is said with the message it belongs to", async () => {
  const script = 'echo out $HASHBUS_SEQ; printf part; echo wrong >&2; printf "%s" "$HASHBUS_ATTEMPT" >&2';
  const desk = new Desk(script);
  desk.leased(12, ["a"], 2);
  await desk.see("ack 12");
  await desk.stop();
  assertEquals(desk.out, ["out 12", "part"]);
  assertEquals(desk.said, ["#jobs 12: wrong", "#jobs 12: 2"]);
});

Deno.test("lines of commands that run at a time are not mixed", async () => {
  const desk = new Desk("printf a; sleep 0.02; printf b; sleep 0.02; echo c", { jobs: 8 });
  desk.leased(1, Array.from({ length: 8 }, () => ""));
  await desk.printed(8);
  await desk.stop();
  assertEquals(desk.out, Array.from({ length: 8 }, () => "abc"));
});

Deno.test("so many run at a time, and no more", async () => {
  const folder = await Deno.makeTempDir();
  const script = `touch ${folder}/$HASHBUS_SEQ; ls ${folder} | wc -l; sleep 0.2; rm ${folder}/$HASHBUS_SEQ`;
  const desk = new Desk(script, { jobs: 3 });
  desk.leased(1, Array.from({ length: 9 }, () => ""));
  await desk.logged(9);
  await desk.stop();
  await Deno.remove(folder, { recursive: true });
  const most = Math.max(...desk.out.map(Number));
  assertEquals(most, 3);
});

Deno.test("what is held, running or waiting, is prolonged; what another has got meanwhile is not begun", async () => {
  const desk = new Desk("sleep 1.5; echo $HASHBUS_SEQ", { extendAfter: () => 20 });
  desk.expired.add(2);
  desk.leased(1, ["a", "b", "c"]);
  await desk.see("ack 3");
  await desk.stop();
  assert(desk.log.includes("extend 1") && desk.log.includes("extend 3"));
  assertEquals(desk.out, ["1", "3"]);
});

Deno.test("a command that runs beyond its time runs to its end, and both are told", async () => {
  const desk = new Desk("sleep 1.5; echo done", { extendAfter: () => 20 });
  desk.expired.add(1);
  desk.leased(1, ["a"]);
  await desk.see("done");
  await desk.stop();
  assertEquals(desk.said.length, 2);
  assertMatch(desk.said[0]!, /^#jobs 1 still runs, but is no longer this worker's: /);
  assertMatch(desk.said[1]!, /^#jobs 1 is done, but comes again: /);
});

Deno.test("who leaves lets run what runs, gives back what waits and leaves right behind the last answer", async () => {
  const desk = new Desk("sleep 0.1", { jobs: 2 });
  desk.leased(1, ["a", "b", "c", "d"]);
  await desk.running(2);
  await desk.stop();
  assertEquals(desk.log.slice(0, 3), ["hold", "nack 3", "nack 4"]);
  assertEquals(desk.log.slice(3, 5).sort(), ["ack 1", "ack 2"]);
  assertEquals(desk.log.slice(5), ["leave"]);
  assertEquals(desk.worker.taken, 4);
});

Deno.test("who leaves does what has come of topics in memory, and what comes late is given back with the connection", async () => {
  const desk = new Desk("cat; echo");
  await desk.leave();
  desk.give({ ...message("#mem", "one"), group: "g" });
  desk.leased(1, ["leased"]);
  desk.give({ ...message("#mem", "two"), group: "g" });
  desk.close();
  await desk.over();
  assertEquals(desk.out, ["one", "two"]);
  assertEquals(desk.log, ["leave"]);
});

Deno.test("of topics in memory no more is taken than will be done next: nobody else could do it", async () => {
  const folder = await Deno.makeTempDir();
  const desk = new Desk(`cat; echo; while [ ! -e ${folder}/go ]; do sleep 0.01; done`);
  for (const text of ["one", "two", "three", "four"]) desk.give({ ...message("#mem", text), group: "g" });
  await desk.see("one");
  assertEquals(desk.worker.taken, 2, "one that runs, and the next");
  await Deno.writeTextFile(`${folder}/go`, "");
  desk.close();
  await desk.over();
  assertEquals(desk.out, ["one", "two", "three", "four"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a message of a topic in memory whose command fails is lost, and that is said", async () => {
  const desk = new Desk("exit 4");
  desk.give({ ...message("#mem", "one"), group: "g" });
  desk.close();
  await desk.over();
  assertEquals(desk.said, ["#mem: sh ended with 4: it is lost, the broker does not keep this topic"]);
});

Deno.test("with a count so many are done, what came beyond is left, and no other is begun", async () => {
  const desk = new Desk("sleep 0.02; echo $HASHBUS_SEQ", { jobs: 2, count: 3 });
  desk.leased(1, ["a", "b", "c", "d", "e"]);
  await desk.over();
  assertEquals(desk.out.toSorted(), ["1", "2", "3"]);
  assertEquals(desk.log.filter((done) => done.startsWith("ack")).length, 3);
  assertEquals(desk.log.at(-1), "leave");
});

Deno.test("hundreds of messages go through a command that reads none of them", async () => {
  const desk = new Desk("/bin/true", { jobs: 4 });
  desk.leased(1, Array.from({ length: 300 }, () => "x".repeat(100)));
  await desk.logged(300);
  await desk.stop();
  assertEquals(new Set(desk.log).size, 301);
});

Deno.test("killed, it says nothing to the broker, and its commands are gone", async () => {
  const desk = new Desk("echo $$; sleep 60", { jobs: 2 });
  desk.leased(1, ["a", "b"]);
  await desk.printed(2);
  desk.worker.kill();
  await desk.idle();
  assertEquals(desk.log, []);
  for (const pid of desk.out) await processGone(Number(pid));
});

Deno.test("a command that cannot be started ends the worker, and its messages are for others", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/script`, "#!/no/such/interpreter\n", { mode: 0o755 });
  const desk = new Desk(`${folder}/script`);
  desk.leased(1, ["a", "b"]);
  const error = await assertRejects(() => desk.working, RunError);
  assertMatch(error.message, /^cannot run "\/.*script": no such file or directory$/);
  await desk.leave();
  assertEquals(desk.log, ["hold", "nack 2", "leave"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("headers that are longer than an environment give the message back, and the worker goes on", async () => {
  const desk = new Desk("true");
  desk.leased(1, ["a"]);
  await desk.see("ack 1");
  const headers = new Map([["h", "x".repeat(200_000)]]);
  desk.give({ ...message("#mem", "one"), group: "g", headers });
  desk.leased(2, ["b"]);
  await desk.see("ack 2");
  await desk.stop();
  assertMatch(desk.said.join(), /^#mem: its headers are longer than what a command can be given: it is lost/);
});

Deno.test("with a count, where nothing can be given back, nothing is asked of the broker but to leave", async () => {
  const desk = new Desk("cat; echo", { count: 2 });
  for (const text of ["one", "two", "three"]) desk.give({ ...message("#mem", text), group: "g" });
  await desk.over();
  assertEquals([desk.out, desk.log], [["one", "two"], ["leave"]]);
});
