/** Responders by the clock: what they say to their broker, and what they wait for. */
import { assertEquals, assertRejects } from "@std/assert";
import { RefusedError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { answer, ResponderBench } from "./responder_bench.ts";

Deno.test("it connects to both ports, and asks for what it is told to", async () => {
  const bench = new ResponderBench();
  const opening = bench.open({ subPort: 5, pubPort: 6, group: "g", jobs: 65_536 });
  assertEquals((await bench.machine.next()).port, 6);
  (await bench.machine.hello("r1")).come("OK_2\ninfo {}\n");
  assertEquals((await bench.machine.next()).port, 5);
  const requests = await bench.machine.hello("r1");
  requests.come("OK_2\ninfo {}\n");
  await requests.says("sub #a group=g\n");
  requests.come("ok 1\n");
  await opening;
  await ResponderBench.start({ jobs: 1, ack: "explicit" });
});

Deno.test("how many it works on at a time is a number that can be meant", async () => {
  const bench = new ResponderBench();
  for (const jobs of [0, -1, 1.5, NaN, 65_537]) {
    const error = await assertRejects(() => bench.open({ jobs }), RefusedError);
    assertEquals(error.message, `jobs is a whole number from 1 to 65536, ${jobs} is not`);
  }
  assertEquals(bench.machine.tries, 0);
});

Deno.test("a request is answered to where it says, with as much time as it has", async () => {
  const bench = await ResponderBench.start();
  await bench.request("one", { reply: " ttl=100 reply=#r" });
  await bench.finish();
  await bench.answers.says(answer("ONE"));
  assertEquals(bench.clock.set.map((ms) => Math.floor(ms / 10)), [10_000]);
  bench.answers.come("ok 1\n");
  await bench.request("two");
  await bench.finish();
  await bench.answers.says(answer("TWO"));
  assertEquals(bench.clock.set, [], "without an end");
  await bench.request("three", { reply: "" });
  await bench.finish();
  await bench.answers.says("");
  assertEquals(await bench.told(), []);
});

Deno.test("an answer that does not leave in its time is told, and its request is over", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { reply: " ttl=1 reply=#r", seq: 1 });
  await bench.finish();
  await bench.answers.says(answer("ONE"));
  await bench.clock.pass(1008);
  const [late, ...others] = await bench.told();
  assertEquals([late?.startsWith('one: the message to "#r" was not acknowledged within 1 s'), others], [
    true,
    [],
  ]);
  await bench.requests.says("ack responders #a 1\n");
});

Deno.test("it works on so many at a time, and takes the next when one is answered", async () => {
  const bench = await ResponderBench.start({ jobs: 2 });
  for (const text of ["a", "b", "c", "d"]) await bench.request(text);
  assertEquals(bench.working.map(({ text }) => text), ["a", "b"]);
  await bench.finish();
  await bench.answers.says(answer("A"));
  assertEquals(bench.working.map(({ text }) => text), ["b"], "the broker has not taken its answer");
  bench.answers.come("ok 1\n");
  await settled();
  assertEquals(bench.working.map(({ text }) => text), ["b", "c"]);
});

Deno.test("where it is not told how many, it works on sixteen", async () => {
  const bench = await ResponderBench.start();
  for (let at = 0; at < 18; at++) await bench.request(`${at}`);
  assertEquals(bench.working.length, 16);
});

Deno.test("a request is acknowledged behind its answer, and given back for what is thrown", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  await bench.finish();
  await bench.answers.says(answer("ONE"));
  await bench.requests.says("");
  bench.answers.come("ok 1\n");
  await bench.requests.says("ack responders #a 1\n");
  bench.requests.come("ok 1\n");
  await bench.request("two", { seq: 2, attempt: " attempt=3" });
  bench.working.shift()!.reject(new Error("not now"));
  await bench.requests.says("nack responders #a 2 delay=4\n");
  assertEquals(await bench.told(), ["two: not now"]);
  await bench.answers.says("");
  bench.requests.come("err NOT_HELD gone\n");
  const [said, ...others] = await bench.told();
  assertEquals([said?.startsWith('two: the broker refused to take back message 2 of "#a"'), others], [
    true,
    [],
  ]);
});

Deno.test("who asked is told what was thrown, with the last attempt, or where nothing is held, and it is over behind that", async () => {
  const last = await ResponderBench.start({ ack: "explicit" });
  last.requests.come('info {"maxAttempts":3}\n');
  await last.request("one", { seq: 1, attempt: " attempt=3" });
  last.working.shift()!.reject(new Error("no such order"));
  await last.answers.says(answer("", " h.reply-error=no%20such%20order"));
  await last.requests.says("");
  last.answers.come("ok 1\n");
  await last.requests.says("nack responders #a 1 delay=4\n");

  const plain = await ResponderBench.start();
  await plain.request("one", { seq: 1 });
  plain.working.shift()!.reject(new Error(""));
  await plain.answers.says(answer("", " h.reply-error=Error"));
  plain.answers.come("ok 1\n");
  await plain.request("two");
  plain.working.shift()!.reject("x".repeat(501));
  await plain.answers.says(answer("", ` h.reply-error=${"x".repeat(500)}`));
  plain.answers.come("err DENIED no\n");
  assertEquals((await plain.told()).map((said) => said.slice(0, 30)), [
    "one: ",
    `two: ${"x".repeat(25)}`,
    "two: the broker refused to pub",
  ]);
  await plain.requests.says("");
});

Deno.test("an answer that the broker refuses is told to who asked at once, and is over", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  await bench.finish();
  await bench.answers.says(answer("ONE"));
  bench.answers.come("err PAYLOAD_TOO_LARGE no\n");
  const said = 'the broker refused to publish to "#r" (PAYLOAD_TOO_LARGE): no';
  assertEquals(await bench.told(), [`one: ${said}`]);
  await bench.answers.says(answer("", ` h.reply-error=${said.replaceAll(" ", "%20")}`));
  await bench.requests.says("");
  bench.answers.come("ok 1\n");
  await bench.requests.says("ack responders #a 1\n");
});

Deno.test("with nothing to work on it closes its subscription, and then its other connection", async () => {
  const bench = await ResponderBench.start();
  await bench.close();
  await bench.requests.says("unsub #a group=responders\n");
  await bench.answers.says("");
  bench.requests.come("ok 1\n");
  await bench.requests.says("quit\n");
  bench.requests.come(null);
  await bench.answers.says("quit\n");
  assertEquals(await bench.told(), []);
  bench.answers.come(null);
  assertEquals((await bench.told()).sort(), ["close", "closed"]);
  assertEquals(bench.clock.set, []);
});

Deno.test("what it works on is answered before it closes, and what comes meanwhile, too", async () => {
  const bench = await ResponderBench.start();
  await bench.request("one");
  await bench.close();
  await bench.requests.says("unsub #a group=responders\n");
  await bench.request("two");
  bench.requests.come("ok 1\n");
  await bench.requests.says("quit\n");
  bench.requests.come(null);
  assertEquals(bench.working.map(({ text }) => text), ["one", "two"]);
  await bench.finish();
  await bench.answers.says(answer("ONE"));
  bench.answers.come("ok 1\n");
  await settled();
  await bench.answers.says("");
  await bench.finish();
  await bench.answers.says(answer("TWO"));
  bench.answers.come("ok 1\n");
  await bench.answers.says("quit\n");
  bench.answers.come(null);
  assertEquals((await bench.told()).sort(), ["close", "closed"]);
});

Deno.test("what it holds while it closes keeps its subscription, with room for one, and the rest is given back", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  await bench.close();
  await bench.requests.says("sub #a group=responders window=1 ack=explicit\n");
  await bench.request("two", { seq: 2 });
  await bench.requests.says("nack responders #a 2 unused\n");
  assertEquals(bench.working.map(({ text }) => text), ["one"]);
  bench.requests.come("ok 2\n");
  await settled();
  await bench.requests.says("");
  await bench.finish();
  await bench.answers.says(answer("ONE"));
  bench.answers.come("ok 1\n");
  await bench.requests.says("ack responders #a 1\n");
  bench.requests.come("ok 1\n");
  await bench.requests.says("unsub #a group=responders\n");
  bench.requests.come("ok 1\n");
  await bench.requests.says("quit\n");
  bench.requests.come(null);
  await bench.answers.says("quit\n");
  bench.answers.come(null);
  assertEquals((await bench.told()).sort(), ["close", "closed"]);
});

Deno.test("what is answered before it was asked for less is not waited for, and what is in memory is answered meanwhile", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  await bench.close();
  await bench.requests.says("sub #a group=responders window=1 ack=explicit\n");
  await bench.request("two");
  assertEquals(bench.working.map(({ text }) => text), ["one", "two"]);
  for (const text of ["ONE", "TWO"]) {
    await bench.finish();
    await bench.answers.says(answer(text));
    bench.answers.come("ok 1\n");
    await settled();
  }
  await bench.requests.says("ack responders #a 1\n");
  bench.requests.come("ok 1\n");
  await settled();
  bench.requests.come("ok 1\n");
  await bench.requests.says("unsub #a group=responders\n");
});

Deno.test("a time to close in is waited for at most, and what is not answered by then is not sent", async () => {
  const bench = await ResponderBench.start();
  await bench.request("one");
  await bench.close({ timeout: 1000 });
  await bench.requests.says("unsub #a group=responders\n");
  bench.requests.come("ok 1\n");
  await bench.requests.says("quit\n");
  bench.requests.come(null);
  await settled();
  assertEquals(bench.clock.set, [1000]);
  await bench.clock.pass(999);
  await bench.answers.says("");
  await bench.clock.pass(1);
  await bench.answers.says("quit\n");
  bench.answers.come(null);
  assertEquals((await bench.told()).sort(), ["close", "closed"]);
  await bench.finish();
  assertEquals(await bench.told(), ["one: the publisher is closed"]);
});

Deno.test("a time to close in that is not needed is not waited for", async () => {
  const bench = await ResponderBench.start();
  await bench.close({ timeout: 1000 });
  bench.requests.come("ok 1\n");
  await bench.requests.says("unsub #a group=responders\nquit\n");
  bench.requests.come(null);
  await bench.answers.says("quit\n");
  assertEquals(bench.clock.set, [600]);
});

Deno.test("where one connection is lost for good the other is closed, and that is how it ended", async () => {
  for (const lost of ["answers", "requests"] as const) {
    const bench = await ResponderBench.start({ reconnect: false });
    bench[lost].come(null);
    await settled();
    const other = lost === "answers" ? bench.requests : bench.answers;
    if (lost === "answers") {
      await other.says("unsub #a group=responders\n");
      other.come("ok 1\n");
    }
    await other.says("quit\n");
    assertEquals(await bench.told(), [], "both are over first");
    other.come(null);
    assertEquals(await bench.told(), ["closed: LOST"], lost);
    await bench.close();
    assertEquals(await bench.told(), ["close"], lost);
  }
});

Deno.test("one that cannot subscribe closes both connections before it says so", async () => {
  const bench = new ResponderBench();
  const opening = bench.open({});
  opening.catch((error) => bench.log.push(error.code));
  const answers = await bench.machine.hello("r1");
  answers.come("OK_2\ninfo {}\n");
  const requests = await bench.machine.hello("r1");
  requests.come("OK_2\ninfo {}\n");
  await requests.says("sub #a group=responders\n");
  requests.come("err DENIED no\n");
  await requests.says("quit\n");
  requests.come(null);
  await answers.says("quit\n");
  assertEquals(await bench.told(), []);
  answers.come(null);
  assertEquals(await bench.told(), ["DENIED"]);
  await assertRejects(() => opening, RefusedError);
});
