/** Requests over links of either protocol, in memory: what is sent when, and who hears of it. */
import { assertEquals, assertRejects } from "@std/assert";
import { ClassicLink } from "../../../lib/client/links/classic_link.ts";
import { FrameLink } from "../../../lib/client/links/frame_link.ts";
import { Incoming } from "../../../lib/client/sockets/incoming.ts";
import { type RequestOptions, RequestQueue } from "../../../lib/client/subscribing/request_queue.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

/** A queue, and what became of what was asked. */
class Bench {
  readonly clock = new HandedClock();
  readonly queue = new RequestQueue(this.clock);
  readonly log: string[] = [];

  /** Asks for something; its end is noted by its pattern. */
  add(
    pattern: string,
    { fields = "", ...options }: Partial<RequestOptions> & { fields?: string } = {},
  ): void {
    const accepted = (from?: number): void => void this.log.push(`${pattern} accepted ${from}`);
    this.queue.add({ verb: "sub", pattern, fields, accepted }, {
      what: `subscribe to ${pattern}`,
      unwanted: () => void this.log.push(`${pattern} unwanted`),
      ...options,
    }).then(
      () => this.log.push(pattern),
      (error) => this.log.push(`${pattern}: ${error.message}`),
    );
  }

  /** What happened since the last time. */
  async told(): Promise<string[]> {
    await settled();
    return this.log.splice(0);
  }

  frames(): HandedSocket {
    const socket = new HandedSocket();
    const incoming = new Incoming(socket, this.clock);
    this.queue.use(new FrameLink(socket, { clock: this.clock, incoming, pingAfter: 0 }));
    return socket;
  }

  classic(how: "on trial" | "beside hello" | "alone" = "alone"): { socket: HandedSocket; link: ClassicLink } {
    const socket = new HandedSocket();
    const link = new ClassicLink(socket, { id: "me", clock: this.clock });
    link.onTrial = how !== "alone";
    link.besideHello = how === "beside hello";
    this.queue.use(link);
    return { socket, link };
  }
}

Deno.test("all that wait are sent ahead where the link takes them, and each has its own answer", async () => {
  const bench = new Bench();
  bench.add("#a");
  bench.add("#b");
  const socket = bench.frames();
  bench.add("#c");
  await socket.says("sub #a\nsub #b\nsub #c\n");
  assertEquals([bench.queue.size, bench.queue.linked, await bench.told()], [3, true, []]);
  socket.come("ok 2 from=7\nerr DENIED not this\n");
  assertEquals(await bench.told(), [
    "#a accepted undefined",
    "#b accepted 7",
    "#a",
    "#b",
    "#c: the broker refused to subscribe to #c (DENIED): not this",
  ]);
  assertEquals(bench.queue.size, 0);
});

Deno.test("no more are sent ahead than a link takes, and the next when one is answered", async () => {
  const bench = new Bench();
  const socket = bench.frames();
  const lines = Array.from({ length: 1025 }, (_, at) => `sub #t${at}\n`);
  for (let at = 0; at < 1025; at++) bench.add(`#t${at}`);
  await socket.says(lines.slice(0, 1024).join(""));
  socket.come("ok 1\n");
  await socket.says(lines[1024]!);
  socket.come("ok 1024\n");
  await settled();
  assertEquals(bench.queue.size, 0);
});

Deno.test("over a classic link the next is asked when the one before it is answered", async () => {
  const bench = new Bench();
  const { socket } = bench.classic();
  bench.add("#a");
  bench.add("#b");
  await socket.says("me sub #a\n");
  socket.come("ERR_DENIED\n");
  await socket.says("me sub #b\n");
  socket.come("OK\n");
  assertEquals((await bench.told()).slice(-2), ["#b accepted undefined", "#b"]);
});

Deno.test("what has no answer when its link ends is asked again over the next, first", async () => {
  const bench = new Bench();
  const lost = bench.frames();
  bench.add("#a");
  bench.add("#b");
  await lost.says("sub #a\nsub #b\n");
  lost.come("ok 1\n");
  assertEquals(await bench.told(), ["#a accepted undefined", "#a"]);
  bench.queue.use(undefined);
  assertEquals(bench.queue.linked, false);
  bench.add("#c");
  const socket = bench.frames();
  lost.come("ok 1\n");
  await socket.says("sub #b\nsub #c\n");
  assertEquals([await bench.told(), bench.queue.size], [["#b accepted undefined"], 2]);
  socket.come("ok 2\n");
  assertEquals((await bench.told()).slice(-2), ["#b", "#c"]);
});

Deno.test("what has become needless is not asked, which is known when all before it are answered", async () => {
  const bench = new Bench();
  const socket = bench.frames();
  let needless = false;
  bench.add("#a");
  bench.add("#b", { needless: () => needless, alone: true });
  bench.add("#c");
  await socket.says("sub #a\n");
  needless = true;
  socket.come("ok 1\n");
  await socket.says("sub #c\n");
  assertEquals(await bench.told(), ["#a accepted undefined", "#a", "#b"]);
  needless = false;
  bench.add("#d", { needless: () => needless });
  await socket.says("sub #d\n");
});

Deno.test("the classic protocol carries no fields, which is known when it is known to be spoken", async () => {
  const bench = new Bench();
  const { socket, link } = bench.classic("on trial");
  bench.add("#a", { fields: " from=1 slow=latest" });
  bench.add("#b");
  await socket.says("");
  assertEquals(await bench.told(), [], "it may turn out to be v2");
  link.onTrial = false;
  bench.queue.decided();
  await socket.says("me sub #b\n");
  const said = "this broker speaks only the classic protocol, which has no from= or slow=";
  assertEquals(await bench.told(), [`#a: ${said}`]);
  bench.add("#c", { fields: " from=1" });
  bench.add("#d");
  assertEquals(await bench.told(), [], "in its turn");
  socket.come("OK\n");
  await socket.says("me sub #d\n");
  assertEquals(
    (await bench.told()).at(-1),
    "#c: this broker speaks only the classic protocol, which has no from=",
  );
});

Deno.test("beside a hello without an answer nothing is subscribed to, and the link is asked once whether it answers", async () => {
  const bench = new Bench();
  const { socket, link } = bench.classic("beside hello");
  await socket.says("");
  bench.add("#a");
  await socket.says("me unsub #a\n");
  bench.add("#b");
  await socket.says("");
  link.besideHello = link.onTrial = false;
  bench.queue.decided();
  await settled();
  await socket.says("");
  socket.come("ERR_NOT_SUBSCRIBED\n");
  await socket.says("me sub #a\n");
  assertEquals([await bench.told(), bench.queue.size], [[], 2]);

  const later = new Bench();
  later.add("#a");
  const beside = later.classic("beside hello");
  await beside.socket.says("me unsub #a\n");
  beside.socket.come("ERR_NOT_SUBSCRIBED\n");
  await settled();
  await beside.socket.says("");
  const next = later.classic("beside hello");
  await next.socket.says("me unsub #a\n");
  next.link.besideHello = false;
  const last = later.classic();
  await last.socket.says("me sub #a\n");
  next.socket.come("OK\n");
  await settled();
  await last.socket.says("");
});

Deno.test("whether a link answers is shown by its own answer, not by that of one before it", async () => {
  const bench = new Bench();
  bench.add("#a");
  const old = bench.classic("beside hello");
  await old.socket.says("me unsub #a\n");
  const next = bench.classic("beside hello");
  await next.socket.says("me unsub #a\n");
  next.link.besideHello = next.link.onTrial = false;
  bench.queue.decided();
  old.socket.come("OK\n");
  await settled();
  await next.socket.says("");
  next.socket.come("OK\n");
  await next.socket.says("me sub #a\n");
});

Deno.test("who waits no more is told whether it had been asked, and what is granted too late is not accepted", async () => {
  const bench = new Bench();
  bench.add("#a", { timeout: 50 });
  assertEquals(bench.clock.set, [50]);
  await bench.clock.pass(50);
  const unasked = "could not ask the broker within 50 ms to subscribe to #a; it is not asked any more";
  assertEquals([await bench.told(), bench.queue.size], [[`#a: ${unasked}`], 0]);
  const socket = bench.frames();
  bench.add("#b", { timeout: 50 });
  bench.add("#c");
  await socket.says("sub #b\nsub #c\n");
  await bench.clock.pass(50);
  const asked =
    "the broker has not answered within 50 ms to subscribe to #b; if it still does, that is taken back";
  assertEquals([await bench.told(), bench.queue.size], [[`#b: ${asked}`], 2]);
  socket.come("ok 2\n");
  assertEquals(await bench.told(), ["#b unwanted", "#c accepted undefined", "#c"]);
});

Deno.test("what nobody waits for is not asked again over the next link, and lets go whom it kept waiting", async () => {
  const bench = new Bench();
  const lost = bench.frames();
  const signal = new AbortController();
  bench.add("#a", { signal: signal.signal });
  bench.add("#alone", { signal: signal.signal, alone: true });
  bench.add("#b");
  await lost.says("sub #a\n");
  signal.abort(new Error("enough"));
  await lost.says("sub #b\n");
  assertEquals(await bench.told(), ["#a: enough", "#alone: enough"]);
  const socket = bench.frames();
  await socket.says("sub #b\n");
  assertEquals(bench.queue.size, 1);
});

Deno.test("who is answered in time is not told anything later", async () => {
  const bench = new Bench();
  const socket = bench.frames();
  const signal = new AbortController();
  bench.add("#a", { timeout: 50, signal: signal.signal });
  socket.come("ok 1\n");
  assertEquals(await bench.told(), ["#a accepted undefined", "#a"]);
  assertEquals(bench.clock.set, []);
  signal.abort(new Error("enough"));
  assertEquals(await bench.told(), []);
});

Deno.test("behind its end nothing more leaves, and what has left is waited for", async () => {
  const bench = new Bench();
  const { socket } = bench.classic();
  await within("the end of none", bench.queue.finish());
  bench.classic();
  const idle = bench.classic();
  bench.add("#a");
  bench.add("#b");
  await idle.socket.says("me sub #a\n");
  let over = false;
  const finishing = bench.queue.finish().then(() => over = true);
  await settled();
  assertEquals(over, false);
  idle.socket.come("ERR_DENIED\n");
  await within("the end", finishing);
  bench.add("#c");
  bench.queue.failUnsent(new Error("unsent"));
  assertEquals((await bench.told()).slice(-2), ["#b: unsent", "#c: unsent"]);
  await idle.socket.says("");
  await socket.says("");
});

Deno.test("what fails, fails all at once or what has not left, and who drains waits for each end", async () => {
  const bench = new Bench();
  const { socket } = bench.classic();
  bench.add("#a");
  bench.add("#b");
  await socket.says("me sub #a\n");
  let drained = false;
  const draining = bench.queue.drained().then(() => drained = true);
  bench.queue.failUnsent(new Error("unsent"));
  assertEquals([await bench.told(), drained, bench.queue.size], [["#b: unsent"], false, 1]);
  bench.queue.failAll(new Error("lost"));
  assertEquals(await bench.told(), ["#a: lost"]);
  await within("the end of all", draining);
  assertEquals(bench.queue.size, 0);
});

Deno.test("a refusal and a lack of time are the errors that the library tells of", async () => {
  const bench = new Bench();
  const socket = bench.frames();
  const asked = bench.queue.add({ verb: "sub", pattern: "#a", fields: "" }, { what: "subscribe to #a" });
  socket.come("err DENIED no\n");
  await assertRejects(() => within("a refusal", asked), RefusedError);
  const late = bench.queue.add({ verb: "sub", pattern: "#a", fields: "" }, { what: "it", timeout: 1 });
  await bench.clock.pass(1);
  const error = await assertRejects(() => within("an end", late), RunError);
  assertEquals(error.code, "TIMEOUT");
});

Deno.test("an answer to what has failed is none to what is asked since", async () => {
  const bench = new Bench();
  const socket = bench.frames();
  bench.add("#a");
  await socket.says("sub #a\n");
  bench.queue.failAll(new Error("lost"));
  bench.add("#b");
  await socket.says("sub #b\n");
  socket.come("ok 1\n");
  assertEquals([await bench.told(), bench.queue.size], [["#a: lost", "#a accepted undefined"], 1]);
  socket.come("ok 1\n");
  assertEquals([await bench.told(), bench.queue.size], [["#b accepted undefined", "#b"], 0]);
});
