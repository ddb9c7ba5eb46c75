/** The queue of a publisher over links of either protocol, in memory: what leaves when, and who hears of it. */
import { assertEquals, assertThrows } from "@std/assert";
import { ClassicLink } from "../../../lib/client/links/classic_link.ts";
import { FrameLink } from "../../../lib/client/links/frame_link.ts";
import type { Terms } from "../../../lib/client/publishing/message_terms.ts";
import { PublishQueue } from "../../../lib/client/publishing/publish_queue.ts";
import { Incoming } from "../../../lib/client/sockets/incoming.ts";
import { RefusedError } from "../../../lib/errors.ts";
import { recordHead } from "../../../lib/wire/records.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

const NONE = { timeout: undefined, signal: undefined, minSubs: undefined };

/** A queue, and what became of its messages. */
class Bench {
  readonly clock = new HandedClock();
  readonly log: string[] = [];
  readonly queue: PublishQueue;

  constructor() {
    this.queue = new PublishQueue({
      id: "p1",
      machine: {
        clock: this.clock,
        random: () => 0,
        random32: () => 1,
        connect: () => Promise.reject(new TypeError("nobody connects here")),
      },
      onRefused: (number, error) => void this.log.push(`refused ${number} ${error.code}`),
    });
  }

  /** Adds a message that nobody waits for; its number. */
  send(payload: string | Uint8Array, terms?: Partial<Terms>, fields = ""): number {
    return this.queue.add(
      { head: recordHead("#a"), fields: new TextEncoder().encode(fields), payload },
      terms === undefined ? undefined : { ...NONE, topic: "#a", ...terms },
    );
  }

  /** Adds one whose end is noted by its payload. */
  publish(payload: string, terms?: Partial<Terms>): void {
    this.queue.acknowledged(this.send(payload, terms)).then(
      ({ seq, subs }) => this.log.push(`${payload} seq=${seq} subs=${subs}`),
      (error) => this.log.push(`${payload} ${error.code ?? error.message}`),
    );
  }

  /** What happened since the last time. */
  async told(): Promise<string[]> {
    await settled();
    return this.log.splice(0);
  }

  frames(): { readonly socket: HandedSocket; readonly link: FrameLink } {
    const socket = new HandedSocket();
    const incoming = new Incoming(socket, this.clock);
    const link = new FrameLink(socket, { clock: this.clock, incoming, pingAfter: 0 });
    this.queue.use(link);
    return { socket, link };
  }

  classic({ onTrial = false } = {}): { readonly socket: HandedSocket; readonly link: ClassicLink } {
    const socket = new HandedSocket();
    const link = new ClassicLink(socket, { id: "p1", clock: this.clock });
    link.onTrial = onTrial;
    this.queue.use(link);
    return { socket, link };
  }
}

function frames(...payloads: readonly string[]): string {
  return payloads.map((payload) => `pub #a ${payload.length}\n${payload}\n`).join("");
}

Deno.test("what is published in one turn leaves in one write, and each message has its own receipt", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  for (const text of ["1", "2", "3", "4"]) bench.publish(text);
  assertEquals([bench.queue.size, bench.queue.waiting], [4, 4]);
  await socket.says(frames("1", "2", "3", "4"));
  socket.come("ok 2 seq=8 level=synced subs=3\n");
  assertEquals(await bench.told(), ["1 seq=7 subs=3", "2 seq=8 subs=3"]);
  socket.come("err DENIED no\nok 1 seq=9 subs=0\n");
  assertEquals(await bench.told(), ["3 DENIED", "4 seq=9 subs=0"]);
  assertEquals([bench.queue.size, bench.queue.waiting], [0, 0]);
});

Deno.test("a receipt has what the broker says and this version knows", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  for (
    const [said, receipt] of [
      ["", {}],
      [" level=memory", { level: "memory" }],
      [" level=engine seq=1", { level: "engine", seq: 1 }],
      [" level=synced subs=0", { level: "synced", subs: 0 }],
      [" level=carved-in-stone", {}],
    ] as const
  ) {
    const acknowledged = bench.queue.acknowledged(bench.send("x"));
    socket.come(`ok 1${said}\n`);
    assertEquals(await within("a receipt", acknowledged), receipt);
  }
});

Deno.test("what had no answer is sent again over the next link, in order, before what came since", async () => {
  const bench = new Bench();
  const first = bench.frames();
  for (const text of ["1", "2", "3"]) bench.publish(text);
  await first.socket.says(frames("1", "2", "3"));
  first.socket.come("ok 1\n");
  await settled();
  bench.queue.use(undefined);
  bench.publish("4");
  const next = bench.frames();
  await next.socket.says(frames("2", "3", "4"));
  next.socket.come("ok 3\n");
  assertEquals((await bench.told()).map((each) => each[0]), ["1", "2", "3", "4"]);
});

Deno.test("no more is on its way than the window allows, and the rest when it is answered", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  const large = "x".repeat(600_000);
  bench.send(large);
  await socket.says(frames(large));
  bench.send(large);
  await socket.says(frames(large));
  bench.send("behind");
  await socket.says("");
  socket.come("ok 1\n");
  await socket.says(frames("behind"));
});

Deno.test("64 KiB leave at once, and less when the turn ends", async () => {
  const head = "pub #a 65520\n\n".length;
  for (const [length, writes] of [[64 * 1024 - head - 1, 1], [64 * 1024 - head, 2]] as const) {
    const bench = new Bench();
    const { socket } = bench.frames();
    const sizes: number[] = [];
    socket.write = (bytes) => Promise.resolve(void sizes.push(bytes.length));
    bench.send("x".repeat(length));
    bench.send("y");
    await settled();
    assertEquals(sizes.length, writes, `${length} bytes`);
    assertEquals(sizes.reduce((sum, size) => sum + size), head + length + frames("y").length);
  }
});

Deno.test("who drains waits for all that was added before, and for nothing else", async () => {
  const bench = new Bench();
  await within("the end of nothing", bench.queue.drained());
  const { socket } = bench.frames();
  bench.send("1");
  void bench.queue.drained().then(() => bench.log.push("drained 1"));
  bench.send("2");
  void bench.queue.drained().then(() => bench.log.push("drained 2"));
  socket.come("ok 1\n");
  assertEquals(await bench.told(), ["drained 1"]);
  bench.send("3");
  socket.come("err DENIED no\n");
  assertEquals(await bench.told(), ["refused 2 DENIED", "drained 2"]);
});

Deno.test("an answer that nobody has asked for ends the link", async () => {
  for (const said of ["ok 2\n", "err DENIED no\nerr DENIED no\n"]) {
    const bench = new Bench();
    const { socket, link } = bench.frames();
    bench.send("1");
    await socket.says(frames("1"));
    socket.come(said);
    const { reason } = await within("the end", link.ended);
    assertEquals(reason.startsWith("the broker broke protocol 2: "), true, reason);
  }
});

Deno.test("a queue is full from 4 MiB on and has room again below 2 MiB, whatever made that", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  const mib = "x".repeat(1024 * 1024);
  for (let at = 0; at < 3; at++) bench.send(mib);
  assertEquals(bench.queue.full, false);
  await within("room where there is", bench.queue.ready());
  bench.send(mib);
  assertEquals(bench.queue.full, true);
  let room = false;
  const ready = bench.queue.ready().then(() => room = true);
  await settled();
  for (let left = 3; left >= 1; left--) {
    socket.come("ok 1\n");
    await settled();
    // with its header each is more than a MiB
    assertEquals([room, bench.queue.full], [left < 2, false], `${left} are left`);
  }
  await within("room", ready);
});

Deno.test("over a classic link a message is asked for when the one before is answered, and a thousand are many", async () => {
  const bench = new Bench();
  const { socket } = bench.classic();
  for (let at = 1; at < 1024; at++) bench.send(`${at}`);
  assertEquals(bench.queue.full, false);
  bench.publish("1024");
  assertEquals(bench.queue.full, true);
  let room = 0;
  void bench.queue.ready().then(() => room = bench.queue.size);
  for (let at = 1; at <= 1024; at++) {
    await socket.says(`p1 pub #a ${at}\n`);
    socket.come(at === 1024 ? "ERR_DENIED\n" : "OK\n");
  }
  assertEquals([await bench.told(), room], [["1024 DENIED"], 511]);
});

Deno.test("who waits for room with a classic broker has it when the link is gone, or speaks v2", async () => {
  for (const how of ["gone", "v2"] as const) {
    const bench = new Bench();
    bench.classic();
    for (let at = 0; at < 1024; at++) bench.send("x");
    const ready = bench.queue.ready();
    if (how === "gone") bench.queue.use(undefined);
    else bench.frames();
    await within("room", ready);
  }
});

Deno.test("what the classic protocol cannot carry is refused in its turn, once it is known to be spoken", async () => {
  const bench = new Bench();
  const { socket, link } = bench.classic({ onTrial: true });
  assertEquals(bench.queue.durable, ["#>"], "a v2 broker would have to know what it is sent again");
  bench.send("1");
  bench.send("2", undefined, " key=k");
  bench.send("3", { minSubs: 1 });
  bench.send("a\nb");
  bench.publish("5");
  await socket.says("p1 pub #a 1\n");
  socket.come("OK\n");
  await settled();
  await socket.says("");
  assertEquals(await bench.told(), [], "it may turn out to be v2");
  link.onTrial = false;
  bench.queue.decided();
  assertEquals(bench.queue.durable, []);
  await socket.says("p1 pub #a 5\n");
  assertEquals(await bench.told(), ["refused 2 NEEDS_V2", "refused 3 NEEDS_V2", "refused 4 LINE_BREAK"]);
  socket.come("OK\n");
  assertEquals(await bench.told(), ["5 seq=undefined subs=undefined"]);
});

Deno.test("an answer over a link that is not in use any more answers nothing", async () => {
  const bench = new Bench();
  const old = bench.classic();
  bench.publish("1");
  await old.socket.says("p1 pub #a 1\n");
  const next = bench.classic();
  await next.socket.says("p1 pub #a 1\n");
  old.socket.come("OK\n");
  assertEquals([await bench.told(), bench.queue.size], [[], 1]);
  next.socket.come("OK\n");
  assertEquals((await bench.told()).length, 1);
});

Deno.test("an answer to what has failed meanwhile is none to what was added since", async () => {
  const bench = new Bench();
  const { socket } = bench.classic();
  bench.publish("1");
  await socket.says("p1 pub #a 1\n");
  void bench.queue.drained().then(() => bench.log.push("drained"));
  bench.queue.failAll(new Error("given up"));
  assertEquals([await bench.told(), bench.queue.size], [["drained", "1 given up"], 0]);
  bench.publish("2");
  socket.come("OK\n");
  await socket.says("p1 pub #a 2\n");
  assertEquals(await bench.told(), []);
  bench.queue.failUnsent(new Error("over"));
  assertEquals(await bench.told(), ["2 over"]);
});

Deno.test("a message that is too late is withdrawn where it has not left, and told as uncertain where it has", async () => {
  const bench = new Bench();
  bench.publish("early", { timeout: 50 });
  bench.send("sent", { timeout: 50 });
  await bench.clock.pass(60);
  assertEquals([await bench.told(), bench.queue.size], [["refused 2 TIMEOUT", "early TIMEOUT"], 0]);
  const { socket } = bench.frames();
  bench.publish("late", { timeout: 50 });
  bench.publish("behind");
  await socket.says(frames("late", "behind"));
  await bench.clock.pass(60);
  assertEquals([await bench.told(), bench.queue.size], [["late TIMEOUT"], 2]);
  socket.come("ok 2 seq=2\n");
  assertEquals(await bench.told(), ["behind seq=2 subs=undefined"]);
  assertEquals(bench.clock.set, []);
});

Deno.test("a message is given up with its signal's reason, and what is around it goes on", async () => {
  const bench = new Bench();
  const stop = new AbortController();
  bench.publish("1");
  bench.publish("2", { signal: stop.signal });
  bench.publish("3");
  stop.abort(new Error("enough"));
  const { socket } = bench.frames();
  await socket.says(frames("1", "3"));
  socket.come("ok 2 seq=2\n");
  assertEquals(await bench.told(), ["2 enough", "1 seq=1 subs=undefined", "3 seq=2 subs=undefined"]);
});

Deno.test("over a classic link what has been asked for is not withdrawn, and what has not is", async () => {
  const bench = new Bench();
  const { socket } = bench.classic();
  bench.publish("1", { timeout: 50 });
  bench.publish("2", { timeout: 50 });
  await socket.says("p1 pub #a 1\n");
  await bench.clock.pass(60);
  assertEquals([await bench.told(), bench.queue.size], [["1 TIMEOUT", "2 TIMEOUT"], 1]);
  socket.come("OK\n");
  await settled();
  await socket.says("");
  assertEquals(bench.queue.size, 0);
});

Deno.test("a message that fewer have than it asks for is refused, also where nobody waits for it", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  bench.send("1", { minSubs: 2 });
  bench.publish("2", { minSubs: 2 });
  bench.publish("3", { minSubs: 1 });
  bench.publish("4", { minSubs: 0 });
  socket.come("ok 4 subs=1\n");
  assertEquals(await bench.told(), [
    "refused 1 TOO_FEW_SUBS",
    "2 TOO_FEW_SUBS",
    "3 seq=undefined subs=1",
    "4 seq=undefined subs=1",
  ]);
});

Deno.test("while a broker is about to stop nothing more is sent to it, and the next gets it", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  socket.come('info {"draining":true}\n');
  await settled();
  bench.publish("1");
  await settled();
  await socket.says("");
  const next = bench.classic();
  await next.socket.says("p1 pub #a 1\n");
  const finishing = bench.queue.finish();
  bench.publish("2");
  next.socket.come("OK\n");
  await within("the end", finishing);
  await next.socket.says("");
  assertEquals(bench.queue.size, 1);
});

Deno.test("what a broker stores is any topic until it tells, and what it tells", async () => {
  const bench = new Bench();
  const { socket } = bench.frames();
  assertEquals(bench.queue.durable, ["#>"]);
  socket.come('info {"durable":["#d.>",5]}\n');
  await settled();
  assertEquals(bench.queue.durable, ["#d.>"]);
  const silent = bench.frames();
  bench.queue.use(undefined);
  silent.socket.come('info {"durable":["#x"]}\n');
  await settled();
  assertEquals(bench.queue.durable, ["#>"], "it is another's by now");
  bench.frames().socket.come(null);
  await settled();
  assertEquals(bench.queue.durable, ["#>"], "it has ended without telling");
});

Deno.test("a header that is longer than a line may be is refused at once, by what the broker has told", async () => {
  const bench = new Bench();
  const room = 64 * 1024 - recordHead("#a").length - 10;
  bench.send("x", undefined, ` ${"k".repeat(room - 1)}`);
  const error = assertThrows(() => bench.send("x", undefined, ` ${"k".repeat(room)}`), RefusedError);
  assertEquals([error.code, bench.queue.size], ["LINE_TOO_LONG", 1]);
  const { socket } = bench.frames();
  socket.come('info {"max":{"line":100}}\n');
  await settled();
  bench.send("x");
  await settled();
  assertThrows(() => bench.send("x", undefined, ` ${"k".repeat(100)}`), RefusedError, "at most 100 bytes");
});
