/** One connection in the classic protocol, over a socket in memory. */
import { assertEquals } from "@std/assert";
import { ClassicLink, type ClassicLinkOptions } from "../../../lib/client/links/classic_link.ts";
import type { Delivery, SharedDelivery } from "../../../lib/client/links/delivery.ts";
import type { DeliverySink } from "../../../lib/client/links/delivery_sink.ts";
import type { LinkEnd } from "../../../lib/client/links/link_end.ts";
import type { Gap } from "../../../lib/mod.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "./handed_socket.ts";

/** A subscriber's link, and what came. */
class Bench {
  readonly socket = new HandedSocket();
  readonly clock = new HandedClock();
  readonly log: string[] = [];
  readonly link: ClassicLink;
  held: Promise<void> | undefined;

  constructor(options: Partial<ClassicLinkOptions> = {}) {
    const take = (item: Delivery | SharedDelivery | Gap): void => {
      if ("text" in item) this.log.push(`${item.topic} ${item.text}`);
    };
    const sink = { take, held: () => this.held } as DeliverySink;
    this.link = new ClassicLink(this.socket, { id: "me", clock: this.clock, sink, ...options });
    void this.link.firstAnswer.then(() => this.log.push("answered"));
  }

  get ended(): Promise<LinkEnd> {
    return within("the end of the link", this.link.ended);
  }

  /** Asks, and notes the answer where it comes. */
  ask(verb: "sub" | "unsub", pattern: string): Promise<unknown> {
    const accepted = (): void => void this.log.push(`accepted ${pattern}`);
    return within(`the answer to ${verb} ${pattern}`, this.link.ask({ verb, pattern, fields: "", accepted }));
  }
}

Deno.test("a request has its reply, and what is accepted is told in its place among the deliveries", async () => {
  const bench = new Bench();
  const { socket, link, log, clock } = bench;
  const asked = bench.ask("sub", "#a");
  await socket.says("me sub #a\n");
  assertEquals([link.answered, link.waitsSince], [false, 0]);
  assertEquals([link.onTrial, link.besideHello, link.spokeV2], [false, false, false]);
  assertEquals([link.slowest, link.ahead], [0, 1]);
  await clock.pass(70);
  assertEquals(link.waitsSince, 70);
  socket.come("OK\n#a one\n");
  assertEquals(await asked, "ok");
  assertEquals([link.answered, link.waitsSince, link.slowest], [true, 0, 70]);
  await settled();
  assertEquals(log, ["accepted #a", "#a one", "answered"]);
});

Deno.test("a refusal is an answer, which accepts nothing; the slowest request is the one that took longest", async () => {
  const bench = new Bench();
  const first = bench.ask("sub", "#a");
  await bench.clock.pass(30);
  bench.socket.come("ERR_DENIED\n");
  assertEquals(await first, { code: "ERR_DENIED", text: "" });
  const second = bench.ask("unsub", "#a");
  await bench.clock.pass(10);
  bench.socket.come("OK\n");
  assertEquals(await second, "ok");
  await bench.socket.says("me sub #a\nme unsub #a\n");
  assertEquals([bench.log, bench.link.slowest], [["answered", "accepted #a"], 30]);
});

Deno.test("a request that waits when the connection ends has no answer, and one behind the end neither", async () => {
  const bench = new Bench();
  const waiting = bench.ask("sub", "#a");
  await bench.socket.says("me sub #a\n");
  bench.socket.come(null);
  assertEquals(await waiting, undefined);
  assertEquals(await bench.ended, { reason: "the broker closed the connection" });
  await bench.clock.pass(10);
  assertEquals(bench.link.waitsSince, 0, "it waits no more");
  assertEquals(await bench.ask("sub", "#b"), undefined);
  assertEquals(await within("an answer", bench.link.request(new Uint8Array(1))), undefined);
  assertEquals([bench.log, bench.clock.set, bench.link.answered], [[], [], false]);
});

Deno.test("what a broker says that turns the connection away is why it ended, and no reply", async () => {
  for (
    const [said, away] of [["ERR_TOO_MANY_CONNECTIONS", true], ["ERR_WHAT", true], ["hello", false]] as const
  ) {
    const bench = new Bench();
    bench.socket.come(`${said}\n`);
    bench.socket.come(null);
    const reason = "the broker closed the connection";
    assertEquals(
      await bench.ended,
      away ? { reason: `the broker said ${said} and closed the connection`, turnedAway: said } : { reason },
    );
  }
  const bench = new Bench();
  const asked = bench.ask("sub", "#a");
  await settled();
  bench.socket.come("ERR_NEEDS_TLS\n");
  bench.socket.come(null);
  assertEquals([await asked, (await bench.ended).turnedAway], [undefined, "ERR_NEEDS_TLS"]);
  assertEquals(bench.link.answered, false);
  const long = new Bench();
  long.socket.come(`ERR${"x".repeat(300)}\n`);
  long.socket.come(null);
  assertEquals((await long.ended).turnedAway?.length, 200);
});

Deno.test("nothing more is read while what came is held, and the next comes behind it", async () => {
  const bench = new Bench();
  const held = Promise.withResolvers<void>();
  bench.held = held.promise;
  bench.socket.come("#a 1\n");
  bench.socket.come("#a 2\n");
  await settled();
  assertEquals(bench.log, ["#a 1"]);
  bench.held = undefined;
  held.resolve();
  await settled();
  assertEquals(bench.log, ["#a 1", "#a 2"]);
});

Deno.test("a broker that does not end its lines is understood by its silence, again and again", async () => {
  const bench = new Bench();
  const asked = bench.ask("sub", "#a");
  await settled();
  bench.socket.come("OK");
  assertEquals(await asked, "ok");
  assertEquals(bench.clock.set, [50]);
  await bench.clock.pass(50);
  assertEquals(bench.clock.set, []);
  for (const text of ["one", "two"]) {
    bench.socket.come(`#a ${text}`);
    await settled();
    assertEquals(bench.clock.set, [20]);
    await bench.clock.pass(19);
    assertEquals(bench.log.at(-1) === `#a ${text}`, false, "it may go on");
    await bench.clock.pass(1);
    assertEquals(bench.log.at(-1), `#a ${text}`);
  }
  bench.socket.come("#a cut");
  await settled();
  bench.socket.come(" in two");
  await settled();
  assertEquals(bench.clock.set, [20], "what comes begins the silence anew");
  bench.socket.come(null);
  await bench.ended;
  assertEquals([bench.log.at(-1), bench.clock.set], ["#a cut in two", []]);
});

Deno.test("goodbye is said and answered, then the broker may close first, for as long as it is given", async () => {
  const bench = new Bench();
  let done = false;
  const quitting = bench.link.quit({ waitForEnd: 300 }).then(() => done = true);
  await bench.socket.says("me quit\n");
  assertEquals(bench.clock.set, [500]);
  bench.socket.come("OK\n");
  await settled();
  assertEquals([bench.clock.set, bench.socket.closed], [[300], false]);
  await bench.clock.pass(300);
  await within("the end of quit", quitting);
  assertEquals([done, bench.socket.closed], [true, true]);
  assertEquals(bench.clock.set, []);
});

Deno.test("who has no answer to goodbye is not waited for any longer than half a second", async () => {
  const bench = new Bench();
  const quitting = bench.link.quit({ waitForEnd: 0 });
  await bench.socket.says("me quit\n");
  await bench.clock.pass(499);
  assertEquals(bench.socket.closed, false);
  await bench.clock.pass(1);
  await within("the end of quit", quitting);
  assertEquals(bench.socket.closed, true);
});

Deno.test("no goodbye is said while a request waits, behind the end, or to a broker that does not end its lines", async () => {
  const waiting = new Bench();
  const asked = waiting.ask("sub", "#a");
  await waiting.socket.says("me sub #a\n");
  const quitting = waiting.link.quit({ waitForEnd: 0 });
  await waiting.clock.pass(500);
  await within("the end of quit", quitting);
  assertEquals(await asked, undefined);
  await waiting.socket.says("");

  const over = new Bench();
  over.socket.come(null);
  await over.ended;
  await within("the end of quit", over.link.quit({ waitForEnd: 1000 }));
  const bare = new Bench({ framing: "bare" });
  await within("the end of quit", bare.link.quit({ waitForEnd: 1000 }));
  for (const { socket, clock } of [over, bare]) {
    await socket.says("");
    assertEquals([socket.closed, clock.set], [true, []]);
  }
});

Deno.test("a link that goes on behind an answer knows how that was ended, and that there is a broker", async () => {
  const bench = new Bench({ framing: "bare" });
  assertEquals(bench.link.answered, true);
  await settled();
  assertEquals(bench.log, ["answered"]);
  bench.socket.come("#a whole");
  await bench.clock.pass(20);
  assertEquals(bench.log.at(-1), "#a whole");
});

Deno.test("an answer to hello that comes late ends the link, in however many pieces it comes", async () => {
  for (const pieces of [["OK_2\ninfo {}\n"], ["OK_2"], ["OK", "_2\n"], ["O", "K", "_", "2"]]) {
    const bench = new Bench({ helloAnswer: "OK_2" });
    const asked = bench.ask("sub", "#a");
    await settled();
    for (const piece of pieces) {
      assertEquals(bench.link.spokeV2, false);
      bench.socket.come(piece);
      await settled();
    }
    assertEquals(await asked, undefined, "it was thrown away");
    assertEquals([bench.link.spokeV2, bench.link.answered, bench.socket.closed], [true, true, true]);
    assertEquals((await bench.ended).reason, "the broker answered hello late, it speaks protocol 2");
    assertEquals([bench.log, bench.clock.set], [[], []]);
  }
});

Deno.test("what is no answer to hello is what it would be without one, wherever it is cut", async () => {
  for (const pieces of [["OK\n"], ["O", "K\n"], ["OK", "\n"]]) {
    const bench = new Bench({ helloAnswer: "OK_2" });
    const asked = bench.ask("sub", "#a");
    await settled();
    for (const piece of pieces) {
      bench.socket.come(piece);
      await settled();
    }
    assertEquals(await asked, "ok");
    bench.socket.come("#a OK_2\n");
    await settled();
    assertEquals([bench.log, bench.link.spokeV2], [["accepted #a", "answered", "#a OK_2"], false]);
  }
});

Deno.test("silence behind a part of the answer to hello makes it another, which may still turn out to be half of it", async () => {
  const bench = new Bench({ helloAnswer: "OK_2" });
  const asked = bench.ask("sub", "#a");
  await settled();
  bench.socket.come("OK");
  await settled();
  assertEquals(bench.clock.set, [100]);
  await bench.clock.pass(99);
  assertEquals(bench.link.answered, false);
  await bench.clock.pass(1);
  assertEquals(await asked, "ok");
  bench.socket.come("_2\n");
  assertEquals((await bench.ended).reason, "the broker answered hello late, it speaks protocol 2");

  const other = new Bench({ helloAnswer: "OK_2" });
  const refused = other.ask("sub", "#a");
  await settled();
  other.socket.come("O");
  await other.clock.pass(100);
  other.socket.come("_2\n");
  assertEquals(await refused, { code: "O_2", text: "" });
  assertEquals(other.link.spokeV2, false, "that was no half of it");
});

Deno.test("behind an answer that was the first half of a late one, the rest of it ends the link", async () => {
  const bench = new Bench({ helloAnswer: "_2", framing: "lines" });
  bench.socket.come("_2\n");
  assertEquals((await bench.ended).reason, "the broker answered hello late, it speaks protocol 2");
  const other = new Bench({ helloAnswer: "_2", framing: "lines" });
  other.socket.come("#a one\n");
  other.socket.come("_2\n");
  await settled();
  assertEquals([other.log, other.link.spokeV2], [["answered", "#a one"], false]);
});

Deno.test("a publisher's link has no use for deliveries, and goes on", async () => {
  const socket = new HandedSocket();
  const link = new ClassicLink(socket, { id: "p1", clock: new HandedClock() });
  socket.come("#a one\n");
  const replied = link.request(new TextEncoder().encode("p1 pub #a x\n"));
  await socket.says("p1 pub #a x\n");
  socket.come("OK\n");
  assertEquals(await within("a reply", replied), "OK");
  link.close("enough");
  assertEquals(await within("the end", link.ended), { reason: "enough" });
});
