/** Responders that hold what they work on, and how that ends. */
import { assertEquals } from "@std/assert";
import { RefusedError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { answer, ResponderBench } from "./responder_bench.ts";

Deno.test("one that holds nothing leaves its group at once", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.close();
  await bench.requests.says("unsub #a group=responders\n");
});

Deno.test("what it holds is not waited for longer than it has time, and its connections close one behind the other", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  await bench.close({ timeout: 1000 });
  await bench.requests.says("sub #a group=responders window=1 ack=explicit\n");
  bench.requests.come("ok 1\n");
  await bench.clock.pass(999);
  await bench.requests.says("");
  await bench.clock.pass(1);
  await bench.requests.says("unsub #a group=responders\n");
  bench.requests.come("ok 1\n");
  await bench.requests.says("quit\n");
  await bench.answers.says("");
  bench.requests.come(null);
  await bench.answers.says("quit\n");
  bench.answers.come(null);
  assertEquals((await bench.told()).sort(), ["close", "closed"]);
});

Deno.test("what was given back makes room when the broker has taken it back", async () => {
  const bench = await ResponderBench.start({ ack: "explicit", jobs: 1 });
  await bench.request("one", { seq: 1 });
  await bench.request("two", { seq: 2 });
  bench.working.shift()!.reject(new Error("not now"));
  await bench.requests.says("nack responders #a 1 delay=1\n");
  assertEquals(bench.working, []);
  bench.requests.come("ok 1\n");
  await settled();
  assertEquals(bench.working.map(({ text }) => text), ["two"]);
  await bench.finish();
  await bench.answers.says(answer("TWO"));
  bench.answers.come("ok 1\n");
  await bench.requests.says("ack responders #a 2\n");
});

Deno.test("what the function itself refuses with is no refusal of the broker's: another attempt may do", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  bench.working.shift()!.reject(new RefusedError("DENIED", "not there"));
  await bench.requests.says("nack responders #a 1 delay=1\n");
  await bench.answers.says("");
  assertEquals(await bench.told(), ["one: not there"]);
});

Deno.test("what is no answer gives the request back, and who asked is not told while there are attempts left", async () => {
  const bench = await ResponderBench.start({ ack: "explicit" });
  await bench.request("one", { seq: 1 });
  bench.working.shift()!.resolve(7 as unknown as string);
  await bench.requests.says("nack responders #a 1 delay=1\n");
  await bench.answers.says("");
  const [told] = await bench.told();
  assertEquals(told?.startsWith("one: a payload is text or bytes"), true, told);
});

Deno.test("who is told of errors may fail: that is reported, and the next request is answered", async () => {
  const reported: unknown[] = [];
  const listen = (event: ErrorEvent): void => {
    event.preventDefault();
    reported.push(event.error);
  };
  const mistake = new TypeError("a mistake");
  const bench = await ResponderBench.start({
    onError: () => {
      throw mistake;
    },
  });
  globalThis.addEventListener("error", listen);
  await bench.request("one");
  bench.working.shift()!.reject(new Error("not now"));
  await bench.answers.says(answer("", " h.reply-error=not%20now"));
  globalThis.removeEventListener("error", listen);
  assertEquals(reported, [mistake]);
  bench.answers.come("ok 1\n");
  await bench.request("two");
  await bench.finish();
  await bench.answers.says(answer("TWO"));
});
