/** Requests by the clock: what is written for them, what comes back, and what is said when nothing does. */
import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import type { ConnectOptions, Publisher, RequestOptions } from "../../../lib/client/types.ts";
import { ConnectionBench } from "../connecting/connection_bench.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

const ID = "0000007".repeat(4);
const SUB = `sub #_reply.${ID}.*\n`;

/** A publisher that asks, and its connection for answers. */
class Bench extends ConnectionBench {
  publisher!: Publisher;
  requests!: HandedSocket;
  answers!: HandedSocket;

  /** Starts it; nothing has been asked. */
  static async start(options: Partial<ConnectOptions> = {}): Promise<Bench> {
    const bench = new Bench(options);
    const { publisher, socket } = await bench.frames();
    bench.publisher = publisher;
    bench.requests = socket;
    return bench;
  }

  /** With a connection for answers, and a request that was answered. */
  static async connected(options: Partial<ConnectOptions> = {}): Promise<Bench> {
    const bench = await Bench.start(options);
    await bench.ask("first");
    await bench.takeAnswers();
    await bench.requests.says(pub("first", 1, 5.001));
    bench.requests.come("ok 1 subs=1\n");
    bench.answer(1, "done");
    assertEquals(await bench.ended(), ["first"]);
    return bench;
  }

  /** Asks; how it ends is noted by what is asked. */
  async ask(text: string, options?: RequestOptions): Promise<void> {
    await this.watch(text, this.publisher.request("#a", text, options));
  }

  /** Takes the connection for answers, up to what it subscribes to. */
  async takeAnswers(): Promise<void> {
    const { port } = await this.machine.next();
    assertEquals(port, 9090);
    this.answers = await this.machine.hello();
    this.answers.come("OK_2\ninfo {}\n");
    await this.answers.says(SUB);
    this.answers.come("ok 1\n");
    await this.told();
  }

  answer(number: number, text: string, fields = ""): void {
    this.answers.come(`pub #_reply.${ID}.${number} ${text.length}${fields}\n${text}\n`);
  }
}

/** A request as it is written. */
function pub(text: string, number: number, ttl: number): string {
  return `pub #a ${text.length} ttl=${ttl} reply=#_reply.${ID}.${number}\n${text}\n`;
}

Deno.test("nothing is published before its answer can come, and what waited has what is left of its time", async () => {
  const bench = await Bench.start();
  await bench.ask("one");
  await bench.ask("two", { timeout: 2000, ttl: 7, key: "k", headers: { h: "v" } });
  await bench.clock.pass(1500);
  await bench.requests.says("");
  await bench.takeAnswers();
  await bench.requests.says(
    `${pub("one", 1, 3.501)}pub #a 3 key=k ttl=7 reply=#_reply.${ID}.2 h.h=v\ntwo\n`,
  );
  bench.answer(2, "second");
  bench.answer(1, "first");
  assertEquals(await bench.ended(), ["two", "one"]);
  bench.requests.come("ok 2 subs=1\n");
  assertEquals([await bench.ended(), bench.clock.set], [[], []]);
});

Deno.test("with its connection there a request leaves at once, and has all of its time", async () => {
  const bench = await Bench.connected();
  await bench.ask("x", { timeout: 1200 });
  await bench.requests.says(pub("x", 2, 1.201));
  assertEquals(bench.machine.tries, 2, "one connection for all");
  bench.requests.come("ok 1 subs=1\n");
  await bench.clock.pass(1199);
  assertEquals(await bench.ended(), []);
  await bench.clock.pass(8);
  assertEquals(await bench.ended(), ['x: no answer from "#a" within 1.2 s (TIMEOUT)']);
  bench.answer(2, "late");
  bench.answer(99, "of nobody");
  assertEquals([await bench.ended(), bench.clock.set], [[], []]);
});

Deno.test("an answer is given as it came, or fails the request with its words", async () => {
  const bench = await Bench.connected();
  const asked = bench.publisher.request("#a", "x");
  bench.answer(2, "hi", " key=k h.lang=en");
  const { text, key, headers } = await asked;
  assertEquals([text, key, [...headers]], ["hi", "k", [["lang", "en"]]]);
  await bench.ask("y");
  bench.answer(3, "", ` h.reply-error=${"no".repeat(300)}`);
  const words = "no".repeat(250);
  assertEquals(await bench.ended(), [`y: who answers at "#a" could not do it: ${words} (FAILED)`]);
  await bench.ask("z");
  bench.answer(4, "", " h.reply-error=");
  assertEquals(await bench.ended(), ['z: who answers at "#a" could not do it:  (FAILED)']);
});

Deno.test("that nobody is there is told with the acknowledgement, and where the request is kept", async () => {
  const bench = await Bench.connected();
  await bench.ask("x");
  bench.requests.come("ok 1 subs=0\n");
  assertEquals(await bench.ended(), ['x: nobody is there to answer at "#a" (NO_RESPONDER)']);
  await bench.ask("y");
  bench.requests.come("ok 1 seq=7 subs=0\n");
  assertEquals(await bench.ended(), [
    'y: nobody is there to answer at "#a"; the topic is durable and keeps the request as its message 7 (NO_RESPONDER)',
  ]);
  await bench.ask("z");
  bench.requests.come("ok 1\n");
  assertEquals(await bench.ended(), [], "nobody says that there is none");
  bench.answer(4, "there is");
  assertEquals(await bench.ended(), ["z"]);
});

Deno.test("a request that is not acknowledged in its time is told as that, and whether it was published", async () => {
  const bench = await Bench.connected();
  await bench.ask("x", { timeout: 1000 });
  await bench.clock.pass(1008);
  const unknown = "it may have been published, or may still be";
  assertEquals(await bench.ended(), [
    `x: the message to "#a" was not acknowledged within 1 s: ${unknown} (TIMEOUT)`,
  ]);
  bench.requests.come("ok 1 subs=1\n");
  assertEquals(await bench.ended(), []);
});

Deno.test("a request that the broker refuses fails with that", async () => {
  const bench = await Bench.connected();
  await bench.ask("x");
  bench.requests.come("err DENIED no\n");
  const [ended] = await bench.ended();
  assertEquals(ended, 'x: the broker refused to publish to "#a" (DENIED): no (DENIED)');
});

Deno.test("what waits for its connection is given up in its time, with why that is not there", async () => {
  const bench = await Bench.start();
  await bench.ask("x", { timeout: 1000 });
  await bench.machine.refuse();
  await bench.clock.pass(1008);
  const where = "answers come from 127.0.0.1:9090, and that was not reached within 1 s";
  assertEquals(await bench.ended(), [
    `x: the request to "#a" was not published: ${where} (connection refused) (TIMEOUT)`,
  ]);
  await bench.requests.says("");

  const silent = await Bench.start();
  await silent.ask("x", { timeout: 1000 });
  await silent.clock.pass(1008);
  assertEquals(await silent.ended(), [`x: the request to "#a" was not published: ${where} (TIMEOUT)`]);
  await silent.takeAnswers();
  await silent.requests.says("");
  await silent.ask("y");
  await silent.requests.says(pub("y", 2, 5.001));
});

Deno.test("a connection for answers that is lost is waited for, and what was asked before is told", async () => {
  const bench = await Bench.connected();
  await bench.ask("before", { timeout: 3000 });
  await bench.requests.says(pub("before", 2, 3.001));
  bench.requests.come("ok 1 subs=1\n");
  bench.answers.come(null);
  await bench.told();
  await bench.ask("during");
  await bench.ask("impatient", { timeout: 50 });
  await bench.clock.pass(58);
  assertEquals(await bench.ended(), [
    'impatient: the request to "#a" was not published: answers come from 127.0.0.1:9090, and that was not ' +
    "reached within 50 ms (the broker closed the connection) (TIMEOUT)",
  ]);
  await bench.clock.pass(42);
  await bench.requests.says("");
  await bench.takeAnswers();
  await bench.requests.says(pub("during", 3, 4.901));
  bench.requests.come("ok 1 subs=1\n");
  await bench.ask("after", { timeout: 4000 });
  await bench.requests.says(pub("after", 5, 4.001));
  bench.requests.come("ok 1 subs=1\n");
  await bench.clock.pass(2908);
  const lost = "the connection that answers come over was lost meanwhile, and one may have been lost with it";
  assertEquals(await bench.ended(), [`before: no answer from "#a" within 3 s: ${lost} (TIMEOUT)`]);
  await bench.clock.pass(1100);
  assertEquals(await bench.ended(), ['after: no answer from "#a" within 4 s (TIMEOUT)']);
});

Deno.test("one that does not reconnect fails what waits, and makes its connection anew with the next request", async () => {
  const bench = await Bench.connected({ reconnect: false });
  await bench.ask("before");
  await bench.requests.says(pub("before", 2, 5.001));
  bench.requests.come("ok 1 subs=1\n");
  bench.answers.come(null);
  assertEquals(await bench.ended(), [
    "before: lost the broker at 127.0.0.1:9090 (the broker closed the connection) (LOST)",
  ]);
  await bench.ask("after");
  await bench.takeAnswers();
  await bench.requests.says(pub("after", 3, 5.001));
  bench.requests.come("ok 1 subs=1\n");
  bench.answer(3, "done");
  assertEquals(await bench.ended(), ["after"]);
});

Deno.test("a connection for answers that cannot be had fails what waits, and the next request tries again", async () => {
  const bench = await Bench.start({ connectTimeout: 0 });
  await bench.ask("x");
  await bench.machine.refuse();
  assertEquals(await bench.ended(), [
    "x: no broker at 127.0.0.1:9090 (connection refused): answers come from there, its port for subscribers (NO_BROKER)",
  ]);
  await bench.ask("y");
  const refusing = await bench.machine.hello();
  refusing.come("OK_2\ninfo {}\n");
  await refusing.says(SUB);
  refusing.come("err DENIED no\n");
  await refusing.says("quit\n");
  await bench.clock.pass(600);
  const [ended] = await bench.ended();
  assertEquals([ended?.endsWith("(DENIED)"), refusing.closed], [true, true], "it is of no use");
  await bench.ask("z");
  await bench.takeAnswers();
  await bench.requests.says(pub("z", 3, 5.001));
});

Deno.test("what is given is not looked at again while its connection is made", async () => {
  const bench = await Bench.start();
  const bytes = new TextEncoder().encode("one");
  await bench.watch("one", bench.publisher.request("#a", bytes));
  bytes.fill(0x78);
  await bench.takeAnswers();
  await bench.requests.says(pub("one", 1, 5.001));
});

Deno.test("a signal gives up what waits, whatever for, and is listened to no longer than that", async () => {
  const bench = await Bench.connected();
  const stop = new AbortController();
  const asked = bench.publisher.request("#a", "x", { signal: stop.signal });
  bench.requests.come("ok 1 subs=1\n");
  await bench.told();
  stop.abort(new Error("enough"));
  assertEquals((await assertRejects(() => asked, Error)).message, "enough");
  assertEquals(bench.clock.set, []);

  const early = await Bench.start();
  const other = new AbortController();
  const waiting = early.publisher.request("#a", "x", { signal: other.signal });
  other.abort(new Error("too early"));
  await assertRejects(() => waiting, Error, "too early");
  await early.takeAnswers();
  await early.requests.says("");
});

Deno.test("a publisher that is closed fails what waits, and closes its connection for answers", async () => {
  const bench = await Bench.connected();
  await bench.ask("x");
  bench.requests.come("ok 1 subs=1\n");
  await bench.told();
  await bench.watch("close", bench.publisher.close());
  assertEquals(await bench.ended(), ["x: the publisher is closed (CLOSED)"]);
  bench.requests.come(null);
  await bench.answers.says("quit\n");
  assertEquals(await bench.ended(), [], "both are waited for");
  bench.answers.come(null);
  assertEquals([await bench.ended(), bench.clock.set], [["close"], []]);
  assertStrictEquals(bench.publisher.close(), bench.publisher.close());
});

Deno.test("a publisher that is closed while its connection for answers is made gives that up", async () => {
  const bench = await Bench.start();
  await bench.ask("x");
  await bench.machine.next();
  await bench.watch("close", bench.publisher.close());
  bench.requests.come(null);
  assertEquals(await bench.ended(), ["x: the publisher is closed (CLOSED)", "close"]);
  assertEquals([bench.machine.waiting, bench.clock.set], [0, []]);

  const later = await Bench.start();
  await later.ask("x");
  const answers = await later.machine.hello();
  answers.come("OK_2\ninfo {}\n");
  await answers.says(SUB);
  await later.watch("close", later.publisher.close());
  later.requests.come(null);
  assertEquals(await later.ended(), ["x: the publisher is closed (CLOSED)"]);
  answers.come("ok 1\n");
  await answers.says("quit\n");
  answers.come(null);
  assertEquals(await later.ended(), ["close"]);
});

Deno.test("a publisher that is lost for good fails what waits with that, and what comes after", async () => {
  const bench = await Bench.connected({ reconnect: false });
  await bench.ask("x");
  bench.requests.come("ok 1 subs=1\n");
  await bench.told();
  bench.requests.come(null);
  assertEquals(await bench.ended(), [
    "x: lost the broker at 127.0.0.1:9000 (the broker closed the connection) (LOST)",
  ]);
  await bench.answers.says("quit\n");
  await assertRejects(() => bench.publisher.request("#a", "y"), RunError, "the publisher is closed");
});

Deno.test("a connection for answers that is lost before it is subscribed is waited for, too", async () => {
  const bench = await Bench.start();
  await bench.ask("x");
  const lost = await bench.machine.hello();
  lost.come("OK_2\ninfo {}\n");
  await lost.says(SUB);
  lost.come(null);
  await bench.clock.pass(100);
  const next = await bench.machine.hello();
  next.come("OK_2\ninfo {}\n");
  await next.says(SUB);
  await bench.requests.says("");
  next.come("ok 1\n");
  await bench.requests.says(pub("x", 1, 4.901));
});

Deno.test("what may be published a moment behind its time has none left", async () => {
  const bench = await Bench.start();
  await bench.clock.pass(1);
  await bench.ask("x", { timeout: 1000 });
  await bench.clock.pass(1003);
  await bench.takeAnswers();
  await bench.requests.says(pub("x", 1, 0.001));
});

Deno.test("a millisecond is time, and none is not", async () => {
  const bench = await Bench.connected();
  await bench.ask("x", { timeout: 1 });
  await bench.requests.says(pub("x", 2, 0.002));
  await bench.clock.pass(9);
  assertEquals((await bench.ended()).length, 1);
  await bench.ask("y", { timeout: 0 });
  assertEquals(await bench.ended(), [
    "y: timeout is milliseconds from 1 to 2147483647, 0 is not (BAD_FIELD)",
  ]);
  await bench.requests.says("");
});
