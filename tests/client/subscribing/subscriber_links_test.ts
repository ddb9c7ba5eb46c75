/** A subscriber as it is used, in memory: what it asks for, what it tells, and what it asks for again. */
import { assertEquals, assertRejects } from "@std/assert";
import type { ConnectOptions, SubscribeOptions, Subscriber } from "../../../lib/client/types.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { ConnectionBench } from "../connecting/connection_bench.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

/** A subscriber over v2, and its connection. */
class Bench extends ConnectionBench {
  subscriber!: Subscriber;
  socket!: HandedSocket;

  static async start(options: Partial<ConnectOptions> = {}): Promise<Bench> {
    const bench = new Bench(options);
    Object.assign(bench, await bench.framesSubscriber());
    return bench;
  }

  /** Subscribes; what is asked for has to be this, and is granted. */
  async granted(pattern: string, options: SubscribeOptions, line: string, answer = "ok 1\n"): Promise<void> {
    await this.watch(pattern, this.subscriber.subscribe(pattern, options));
    await this.socket.says(`${line}\n`);
    this.socket.come(answer);
    assertEquals(await this.ended(), [pattern]);
  }

  /** The connection is lost and comes back; what is asked for again has to be this. */
  async again(...lines: readonly string[]): Promise<void> {
    this.socket.come(null);
    await this.told();
    await this.clock.pass(5000);
    this.socket = await this.machine.hello("s1");
    this.socket.come("OK_2\ninfo {}\n");
    await this.socket.says(lines.map((line) => `${line}\n`).join(""));
    if (lines.length > 0) this.socket.come(`ok ${lines.length}\n`);
    assertEquals((await this.told()).at(-1)?.type, "restored");
  }

  /** A message, stored or not. */
  comes(topic: string, text: string, seq?: number, time = 1): void {
    const record = `pub ${topic} ${text.length}\n${text}\n`;
    this.socket.come(
      seq === undefined ? record : `batch ${topic} 1 ${record.length} seq=${seq} ts=${time}\n${record}`,
    );
  }

  /** Reads so many in common. */
  async take(count: number): Promise<string[]> {
    const taken: string[] = [];
    const taking = (async () => {
      for await (const { text } of this.subscriber) {
        taken.push(text);
        if (taken.length >= count) break;
      }
    })();
    await within(() => `${count} messages (${taken} are there)`, taking);
    return taken;
  }
}

Deno.test("what is asked for is written with its terms, in one order", async () => {
  const bench = await Bench.start();
  await bench.granted("a", {}, "sub #a");
  await bench.granted("#b", { slow: "drop-old" }, "sub #b slow=drop-old");
  await bench.granted("#c", { from: "now" }, "sub #c");
  await bench.granted("#d", { from: 7, to: 9, slow: "block" }, "sub #d from=7 to=9 slow=block");
  await bench.granted("#e", { from: "-10" }, "sub #e from=-10");
  const group = { group: "g", window: 5, ack: "explicit", by: "key", from: "-10m" } as const;
  await bench.granted("#f", group, "sub #f group=g window=5 ack=explicit by=key from=-600s");
  await bench.granted("#f", { group: "h", from: "now" }, "sub #f group=h");
  await bench.granted(
    "#f",
    { group: "i", from: new Date(0) },
    "sub #f group=i from=1970-01-01T00:00:00.000Z",
  );
  assertEquals([...bench.subscriber.patterns], ["#a", "#b", "#c", "#d", "#e", "#f"]);
});

Deno.test("where it ends is only said with where it begins", async () => {
  const bench = await Bench.start();
  const error = await assertRejects(() => bench.subscriber.subscribe("#a", { to: 5 }), RefusedError);
  assertEquals([error.code, error.message], ["BAD_FIELD", "`to` ends what `from` begins: give both"]);
  await bench.socket.says("");
});

Deno.test("what is subscribed to like that already is not asked for again, and with other terms it is", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { slow: "block" }, "sub #a slow=block");
  await bench.watch("same", bench.subscriber.subscribe("#a", { slow: "block" }));
  assertEquals(await bench.ended(), ["same"]);
  await bench.socket.says("");
  await bench.granted("#a", {}, "sub #a");
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  await bench.granted("#a", { group: "g", ack: "auto" }, "sub #a group=g ack=auto");
  await bench.watch("auto", bench.subscriber.subscribe("#a", { group: "g" }));
  assertEquals(await bench.ended(), ["auto"], "as it is when nothing is said");
  await bench.granted("#a", { group: "g", ack: "explicit" }, "sub #a group=g ack=explicit");
  await bench.granted("#a", { group: "g", window: 2 }, "sub #a group=g window=2");
  await bench.granted("#a", { group: "g", window: 2, by: "key" }, "sub #a group=g window=2 by=key");
});

Deno.test("all that is subscribed to is asked for again when a connection comes back, and what has ended is not", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { slow: "block" }, "sub #a slow=block");
  await bench.granted("#b", {}, "sub #b");
  await bench.granted("#c", { from: 5 }, "sub #c from=5");
  await bench.granted("#d", { from: "-10s" }, "sub #d from=-10s");
  await bench.granted("#e", { group: "g", window: 5, from: "-10s" }, "sub #e group=g window=5 from=-10s");
  await bench.watch("end of #b", bench.subscriber.unsubscribe("b"));
  await bench.socket.says("unsub #b\n");
  bench.socket.come("ok 1\n");
  assertEquals(await bench.ended(), ["end of #b"]);
  bench.comes("#c", "x", 5);
  await bench.again(
    "sub #a slow=block",
    "sub #c from=6",
    "sub #d from=-15s",
    "sub #e group=g window=5 from=-15s",
  );
  assertEquals([...bench.subscriber.patterns], ["#a", "#c", "#d", "#e"]);
});

Deno.test("what had all come, and whose end was not heard, is told when the connection comes back", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1, to: 2 }, "sub #a from=1 to=2");
  await bench.granted("#b", {}, "sub #b");
  bench.comes("#a", "1", 1);
  bench.comes("#a", "2", 2);
  await bench.watch("caught up", bench.subscriber.caughtUp("#a"));
  await bench.again("sub #b");
  assertEquals([...bench.subscriber.patterns], ["#b"]);
  assertEquals(await bench.take(2), ["1", "2"]);
  assertEquals(await bench.ended(), []);
  bench.comes("#b", "3");
  assertEquals(await bench.take(1), ["3"]);
  assertEquals([await bench.ended(), await bench.told()], [["caught up"], [{ type: "end", pattern: "#a" }]]);
});

Deno.test("what comes again on another connection is given out once", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  bench.comes("#a", "1", 1, 10);
  bench.comes("#a", "2", 2, 20);
  await bench.again("sub #a from=3");
  bench.comes("#a", "2", 2, 20);
  bench.comes("#a", "3", 3, 30);
  assertEquals(await bench.take(3), ["1", "2", "3"]);
});

Deno.test("a subscription that begins later than it should is told, at first and again", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1 }, "sub #a from=1", "ok 1 from=5\n");
  assertEquals(await bench.told(), [{ type: "trimmed", pattern: "#a", from: 5 }]);
  await bench.granted("#b", { from: 9 }, "sub #b from=9", "ok 1 last=3\n");
  assertEquals(await bench.told(), [{ type: "ahead", pattern: "#b", last: 3 }]);
  bench.socket.come(null);
  await bench.clock.pass(5000);
  bench.socket = await bench.machine.hello("s1");
  bench.socket.come("OK_2\ninfo {}\n");
  await bench.socket.says("sub #a from=1\nsub #b from=9\n");
  bench.socket.come("ok 1 from=7\nok 1 last=3\n");
  assertEquals((await bench.told()).slice(-2), [
    { type: "trimmed", pattern: "#a", from: 7 },
    { type: "restored", address: "127.0.0.1:9090", protocol: "2" },
  ]);
});

Deno.test("what the broker tells of a subscription comes in its place, with its group", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  await bench.granted("#g", { group: "g" }, "sub #g group=g");
  await bench.granted("#l", {}, "sub #l");
  await bench.watch("caught up", bench.subscriber.caughtUp("a"));
  bench.comes("#a", "1", 1);
  bench.socket.come('info {"live":"#a"}\ngap #l 7\ngap #g 8 group=g\n');
  bench.comes("#a", "2", 2);
  assertEquals([await bench.told(), await bench.ended()], [[], []]);
  assertEquals(await bench.take(2), ["1", "2"]);
  assertEquals(await bench.told(), [
    { type: "live", pattern: "#a" },
    { type: "gap", pattern: "#l", missed: 7 },
    { type: "gap", pattern: "#g", group: "g", missed: 8 },
  ]);
  assertEquals(await bench.ended(), ["caught up"]);
  await bench.watch("at once", bench.subscriber.caughtUp("#l"));
  await bench.watch("unknown", bench.subscriber.caughtUp("#nowhere"));
  assertEquals(await bench.ended(), ["at once", "unknown"]);
});

Deno.test("a notice that says nothing new, or of nothing that is subscribed to, is passed over", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  await bench.granted("#l", {}, "sub #l");
  for (
    const notice of [
      '"live":"#a"',
      '"live":"#a"',
      '"live":"#l"',
      '"end":"#l"',
      '"failed":"#l"',
      '"ended":"#x"',
    ]
  ) {
    bench.socket.come(`info {${notice}}\n`);
  }
  bench.comes("#l", "1");
  assertEquals([await bench.take(1), await bench.told()], [["1"], [{ type: "live", pattern: "#a" }]]);
  assertEquals([...bench.subscriber.patterns], ["#a", "#l"]);
});

Deno.test("a subscription that the broker ends is over, with why, and is not asked for again", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  await bench.granted("#l", {}, "sub #l");
  await bench.granted("#g", { group: "g" }, "sub #g group=g");
  await bench.granted("#b", { from: 1 }, "sub #b from=1");
  await bench.granted("#stays", {}, "sub #stays");
  await bench.watch("caught up", bench.subscriber.caughtUp("#a"));
  bench.socket.come('info {"failed":"#a","reason":"worn out"}\ninfo {"ended":"#l","reason":"no more"}\n');
  bench.socket.come(
    'info {"ended":"#g","group":"g","reason":"gone"}\ninfo {"ended":"#b","reason":"not yours"}\n',
  );
  bench.comes("#stays", "1");
  assertEquals(await bench.take(1), ["1"]);
  assertEquals(await bench.told(), [
    { type: "failed", pattern: "#a", reason: "worn out" },
    { type: "ended", pattern: "#l", reason: "no more" },
    { type: "ended", pattern: "#g", group: "g", reason: "gone" },
    { type: "ended", pattern: "#b", reason: "not yours" },
  ]);
  assertEquals(await bench.ended(), [
    'caught up: what is stored of "#a" cannot be read: worn out (undefined)',
  ]);
  await bench.again("sub #stays");
});

Deno.test("who waits for what is stored is told when it is subscribed to anew, or not any more, or the subscriber is over", async () => {
  const bench = await Bench.start();
  for (const pattern of ["#a", "#b", "#c"]) {
    await bench.granted(pattern, { from: 1 }, `sub ${pattern} from=1`);
    await bench.watch(pattern, bench.subscriber.caughtUp(pattern));
  }
  await bench.watch("subscribed", bench.subscriber.subscribe("#a", { from: 2 }));
  bench.socket.come("ok 1\n");
  assertEquals(await bench.ended(), [
    '#a: "#a" was subscribed to anew before all of it had come (undefined)',
    "subscribed",
  ]);
  await bench.watch("unsubscribed", bench.subscriber.unsubscribe("#b"));
  bench.socket.come("ok 1\n");
  assertEquals(await bench.ended(), [
    '#b: "#b" was unsubscribed before all of it had come (undefined)',
    "unsubscribed",
  ]);
  await bench.watch("nothing to wait for", bench.subscriber.caughtUp("#b"));
  assertEquals(await bench.ended(), ["nothing to wait for"]);
  await bench.watch("close", bench.subscriber.close());
  bench.socket.come(null);
  assertEquals(await bench.ended(), ["#c: the subscriber is closed (undefined)", "close"]);
});

Deno.test("a broker that is busy when all is asked for again is left, and asked again later", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", {}, "sub #a");
  bench.socket.come(null);
  await bench.clock.pass(5000);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a\n");
  await bench.told();
  next.come("err BUSY no room\n");
  const reason = 'the broker refused to subscribe to "#a" again (BUSY): no room';
  assertEquals(await bench.told(), [
    { type: "lost", reason },
    { type: "retrying", attempt: 2, delay: 200, reason },
  ]);
  assertEquals(next.closed, true);
});

Deno.test("a broker that refuses what it granted before ends the subscriber, and each that waits is told", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { from: 1 }, "sub #a from=1");
  await bench.watch("closed", bench.subscriber.closed);
  await bench.watch("caught up", bench.subscriber.caughtUp("#a"));
  bench.socket.come(null);
  await bench.clock.pass(5000);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a from=1\n");
  next.come("err DENIED no\n");
  const why = 'the broker refused to subscribe to "#a" again (DENIED): no (undefined)';
  assertEquals(await bench.ended(), [`closed: ${why}`, `caught up: ${why}`]);
  assertEquals([next.closed, bench.clock.set], [true, []]);
});

Deno.test("a next broker that is classic has what it can carry asked for again, and ends who needs more", async () => {
  const fine = await Bench.start();
  await fine.granted("#a", {}, "sub #a");
  fine.socket.come(null);
  await fine.clock.pass(5000);
  const next = await fine.machine.hello("s1");
  next.come("ERR_UNKNOWN_COMMAND\n");
  await next.says("s1 sub #a\n");
  next.come("OK\n");
  assertEquals((await fine.told()).at(-1), {
    type: "restored",
    address: "127.0.0.1:9090",
    protocol: "classic",
  });

  for (
    const [options, line, lacks] of [
      [{ from: 1 }, "sub #a from=1", "from="],
      [{ slow: "latest" }, "sub #a slow=latest", "slow="],
      [{ group: "g", window: 5 }, "sub #a group=g window=5", "group= or window="],
    ] as const
  ) {
    const bench = await Bench.start();
    await bench.granted("#a", options, line);
    await bench.watch("closed", bench.subscriber.closed);
    bench.socket.come(null);
    await bench.clock.pass(5000);
    const other = await bench.machine.hello("s1");
    other.come("ERR_UNKNOWN_COMMAND\n");
    const what = line.includes("group") ? '"#a" in group "g"' : '"#a"';
    assertEquals(await bench.ended(), [
      `closed: cannot subscribe to ${what} again: this broker speaks only the classic protocol, which has no ${lacks} (undefined)`,
    ]);
    assertEquals(other.closed, true);
  }
});

Deno.test("a subscribe that is granted too late is taken back, and who asks meanwhile may have it", async () => {
  const bench = await Bench.start();
  await bench.watch("late", bench.subscriber.subscribe("#a", { timeout: 100 }));
  await bench.socket.says("sub #a\n");
  await bench.clock.pass(100);
  assertEquals((await bench.ended()).length, 1);
  bench.socket.come("ok 1\n");
  await bench.socket.says("unsub #a\n");
  bench.comes("#a", "nobody's");
  bench.socket.come("ok 1\n");
  await bench.told();
  assertEquals([...bench.subscriber.patterns], []);
  await bench.granted("#a", {}, "sub #a");
  bench.comes("#a", "somebody's");
  assertEquals(await bench.take(1), ["somebody's"]);
});

Deno.test("closing leaves each group, and waits a second for what is on its way", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { group: "g" }, "sub #a group=g");
  await bench.granted("#b", { group: "h" }, "sub #b group=h");
  await bench.granted("#c", {}, "sub #c");
  await bench.watch("close", bench.subscriber.close());
  await bench.socket.says("unsub #a group=g\nunsub #b group=h\n");
  assertEquals(bench.clock.set, [1000, 1000]);
  await bench.clock.pass(999);
  await bench.socket.says("");
  await bench.clock.pass(1);
  await bench.socket.says("quit\n");
  assertEquals(bench.clock.set, [600]);
  bench.socket.come(null);
  assertEquals(await bench.ended(), ["close"]);
  await assertRejects(() => bench.subscriber.subscribe("#d"), RunError, "the subscriber is closed");
});

Deno.test("nothing is asked for once it is being closed, and it is closed once", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { group: "g" }, "sub #a group=g");
  const closing = bench.subscriber.close();
  await bench.watch("close", closing);
  assertEquals(bench.subscriber.close() === closing, true);
  const error = await assertRejects(() => bench.subscriber.subscribe("#b"), RunError);
  assertEquals([error.message, error.code], ["the subscriber is closed", "CLOSED"]);
  await bench.socket.says("unsub #a group=g\n");
  bench.socket.come("ok 1\n");
  await bench.socket.says("quit\n");
  bench.socket.come(null);
  assertEquals([await bench.ended(), bench.clock.set], [["close"], []]);
});

Deno.test("a group that the broker does not let go is one still, and given out again", async () => {
  const bench = await Bench.start();
  await bench.granted("#a", { group: "g" }, "sub #a group=g");
  await bench.watch("left", bench.subscriber.unsubscribe("#a", { group: "g" }));
  await bench.socket.says("unsub #a group=g\n");
  bench.socket.come("err BUSY no\n");
  assertEquals(await bench.ended(), [
    'left: the broker refused to unsubscribe from "#a" in group "g" (BUSY): no (BUSY)',
  ]);
  assertEquals([...bench.subscriber.patterns], ["#a"]);
  bench.socket.come("batch #a 1 11 group=g\npub #a 1\nx\n");
  assertEquals(await bench.take(1), ["x"]);
  await bench.again("sub #a group=g");
});
