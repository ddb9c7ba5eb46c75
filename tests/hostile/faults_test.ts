/**
 * Faults of what peers send, each by its number in the table of faults: what is named here in one place is shown
 * with all its variants by the tables beside it.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Broker, listenersOn } from "../../lib/broker/mod.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { upgrade } from "../support/v2.ts";
import { raw } from "./exchange.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes a broker's process holds. */
function memoryOf({ pid }: RunningBroker): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1]) * KIB;
}

/** The most it held while that went on. */
async function peakOf(broker: RunningBroker, doing: () => Promise<void>): Promise<number> {
  let peak = memoryOf(broker);
  const looking = setInterval(() => peak = Math.max(peak, memoryOf(broker)), 5);
  await doing();
  clearInterval(looking);
  return Math.max(peak, memoryOf(broker));
}

/** A store that is gone with its broker, and publishers and subscribers in v2. */
function durable(
  options: { readonly ackTimeout?: number; readonly now?: () => number; readonly dedupWindow?: number } = {},
): {
  readonly broker: Broker;
  readonly publisher: () => Promise<RawClient>;
  readonly subscriber: () => Promise<RawClient>;
} {
  const store = new MemoryStore({ now: options.now ?? (() => Date.now()) });
  const broker = new Broker({ store, durable: ["#d.>"], dedupWindow: 60_000, ...options });
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  return {
    broker,
    publisher: async () => await upgrade(await RawClient.connect(publishers.address.port)),
    subscriber: async () => await upgrade(await RawClient.connect(subscribers.address.port)),
  };
}

Deno.test("a line of 128 MiB without an end takes no memory, and another client is served meanwhile (F38)", async () => {
  await using broker = await startBroker();
  const piece = new Uint8Array(MIB).fill(0x78);
  using other = await RawClient.connect(broker.pubPort);
  assertEquals(await other.ask("o pub #a x"), "OK");
  const before = memoryOf(broker);
  using client = await RawClient.connect(broker.pubPort);
  const peak = await peakOf(broker, async () => {
    await client.send("c pub #a ");
    for (let sent = 0; sent < 128; sent++) {
      await client.send(piece);
      if (sent % 32 === 0) assertEquals(await other.ask("o pub #a x"), "OK");
    }
  });
  assertEquals(await client.line(), "ERR_LINE_TOO_LONG");
  assertEquals(await client.ask("\nc pub #a x"), "OK");
  assert(peak - before < 24 * MIB, `${((peak - before) / MIB).toFixed(1)} MiB more`);
});

Deno.test("a thousand clients that announce 8 MiB each and send none of it take no memory for it (F39)", async () => {
  await using broker = await startBroker();
  const clients: RawClient[] = [];
  const before = memoryOf(broker);
  const peak = await peakOf(broker, async () => {
    for (let many = 0; many < 1000; many++) {
      const client = await RawClient.connect(broker.pubPort);
      clients.push(client);
      await client.send(`c hello 2\npub #a ${8 * MIB}\nx`);
    }
    for (const client of clients) assertEquals(await client.line(), "OK_2");
  });
  for (const client of clients) client.close();
  assert(peak - before < 64 * MIB, `${((peak - before) / MIB).toFixed(1)} MiB more`);
});

Deno.test("what cannot be seen in a topic is refused in either protocol, and the connection goes on (F40)", async () => {
  await using broker = new TestServer();
  using classic = broker.connect("publishers");
  using v2 = await upgrade(broker.connect("publishers"));
  using subscriber = broker.connect("subscribers");
  for (
    const character of [
      "\0",
      "\r",
      "\t",
      "\u001b",
      "\u007f",
      "\u2028",
      "\u202e",
      "\u2066",
      "\u200b",
      "\ufeff",
    ]
  ) {
    assertEquals(await classic.ask(`c pub #a${character}b x`), "ERR_BAD_TOPIC");
    assertEquals(await subscriber.ask(`c sub #a${character}b`), "ERR_BAD_PATTERN");
    const refused = await v2.ask(`pub #a${character}b 1\nx`) ?? "";
    assertMatch(refused, /^err BAD_TOPIC [\x20-\x7e]+$/, "written out, whatever it is");
  }
  // an LF is the end of a line before it is part of anything
  await classic.send("c pub #a\nb x\n");
  assertEquals(await classic.lines(2), ["OK", "ERR_UNKNOWN_COMMAND"]);
});

Deno.test("payloads are passed on byte by byte; topics are UTF-8 or refused, and not made the same (F41)", async () => {
  await using broker = new TestServer();
  using publisher = await upgrade(broker.connect("publishers"));
  using subscriber = await upgrade(broker.connect("subscribers"));
  assertEquals(await subscriber.ask("sub #\u00e9"), "ok 1");
  for (
    const bytes of [[0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xc3]]
  ) {
    await publisher.send(raw("pub #", ...bytes, " 1\nx\n"));
    assertMatch(await publisher.line() ?? "", /^err BAD_UTF8 /);
  }
  await publisher.send("pub #e\u0301 1\nx\n");
  assertEquals(await publisher.line(), "ok 1 level=memory subs=0");
  const bytes = [0xef, 0xbb, 0xbf, 0xff, 0x00, 0xc0, 0x80, 0x0d, 0x0a, 0xed, 0xa0, 0x80];
  await publisher.send(raw("pub #\u00e9 12\n", ...bytes, "\n"));
  assertEquals(await publisher.line(), "ok 1 level=memory subs=1");
  const expected = raw("pub #\u00e9 12\n", ...bytes, "\n");
  const received: number[] = [];
  const buffer = new Uint8Array(64);
  while (received.length < expected.length) {
    const count = await subscriber.transport.read(buffer) ?? 0;
    received.push(...buffer.subarray(0, count));
  }
  assertEquals(received, [...expected]);
});

Deno.test("line ends, empty lines, spaces and capitals are read in one way (F42)", async () => {
  await using broker = new TestServer();
  using client = broker.connect("publishers");
  await client.send("c pub #a 1\r\n\n\r\nc pub #a 2\n   \nc PUB #a 3\nc pub #a 4\r\r\n");
  assertEquals(await client.lines(5), ["OK", "OK", "ERR_UNKNOWN_COMMAND", "ERR_UNKNOWN_COMMAND", "OK"]);
});

Deno.test("a topic that is too long, too deep or not whole is refused with its limit, and no name is special (F43)", async () => {
  await using broker = new TestServer();
  using client = await upgrade(broker.connect("publishers"));
  const refused: Readonly<Record<string, RegExp>> = {
    ["#" + "t".repeat(255)]: /at most 255 bytes, this one has 256/,
    ["#" + "t".repeat(60_000)]: /at most 255 bytes, this one has 60001/,
    ["#" + "s.".repeat(9_999) + "s"]: /at most 32 segments, this one has 10000/,
    "#.a": /empty segment/,
    "#a.": /empty segment/,
    "#a..b": /empty segment/,
    "#": /"#" alone is no topic/,
  };
  for (const [topic, why] of Object.entries(refused)) {
    assertMatch(await client.ask(`pub ${topic} 1\nx`) ?? "", why);
  }
  for (const topic of ["#__proto__", "#constructor", "#toString.valueOf", "#_reply.x", "#dead.g.a"]) {
    assertEquals(await client.ask(`pub ${topic} 1\nx`), "ok 1 level=memory subs=0");
  }
});

Deno.test("100,000 subscriptions and 100,000 topics of one client are bounded, and so is what they cost (F44)", async () => {
  await using broker = await startBroker();
  using subscriber = await upgrade(await RawClient.connect(broker.subPort));
  using publisher = await upgrade(await RawClient.connect(broker.pubPort));
  const before = memoryOf(broker);
  const peak = await peakOf(broker, async () => {
    let ok = 0;
    let refused = 0;
    const count = 100_000;
    const asking = (async (): Promise<void> => {
      for (let from = 0; from < count; from += 1000) {
        let text = "";
        for (let at = from; at < from + 1000; at++) text += `sub #${stars(at)}.x${at}\n`;
        await subscriber.send(text);
      }
    })();
    while (ok + refused < count) {
      const line = await subscriber.line() ?? "end";
      const answered = /^ok (\d+)/.exec(line);
      if (answered !== null) ok += Number(answered[1]);
      else if (/^err (TOO_MANY_PATTERNS|BUSY) /.test(line)) refused++;
      else throw new Error(line);
    }
    await asking;
    assert(ok <= 1000, `${ok} patterns`);
    let left = count;
    for (let from = 0; from < count; from += 1000) {
      let text = "";
      for (let at = from; at < from + 1000; at++) text += `pub #t.${at}.a.b.c 1\nx\n`;
      await publisher.send(text);
    }
    while (left > 0) left -= Number(/^ok (\d+)/.exec(await publisher.line() ?? "")?.[1] ?? NaN);
    assertEquals(left, 0);
  });
  assert(peak - before < 160 * MIB, `${((peak - before) / MIB).toFixed(1)} MiB more`);
});

Deno.test("a publish to a pattern, a second sub, an unsub of nothing: refused, nothing, refused (F45)", async () => {
  await using broker = new TestServer();
  using publisher = broker.connect("publishers");
  using subscriber = broker.connect("subscribers");
  assertEquals(await publisher.ask("p pub #a.* x"), "ERR_BAD_TOPIC");
  assertEquals(await publisher.ask("p pub #> x"), "ERR_BAD_TOPIC");
  assertEquals(await subscriber.ask("s sub #a"), "OK");
  assertEquals(await subscriber.ask("s sub #a"), "OK");
  assertEquals(await subscriber.ask("s unsub #b"), "ERR_NOT_SUBSCRIBED");
  assertEquals(await publisher.ask("p pub #a once"), "OK");
  assertEquals(await publisher.ask("p pub #a twice"), "OK");
  assertEquals(await subscriber.lines(2), ["#a once", "#a twice"]);
});

Deno.test("a payload of nothing, of the limit, and of a byte more: delivered, delivered, refused (F46)", async () => {
  const payload = 64 * KIB;
  await using broker = new TestServer({ limits: { payload } });
  using publisher = await upgrade(broker.connect("publishers"));
  using subscriber = await upgrade(broker.connect("subscribers"));
  assertEquals(await subscriber.ask("sub #a"), "ok 1");
  for (const length of [0, payload - 1, payload]) {
    assertEquals(await publisher.ask(`pub #a ${length}\n${"x".repeat(length)}`), "ok 1 level=memory subs=1");
    assertEquals(await subscriber.line(), `pub #a ${length}`);
    assertEquals((await subscriber.line())?.length, length);
  }
  const refused = await publisher.ask(`pub #a ${payload + 1}\n${"x".repeat(payload + 1)}`) ?? "";
  assertMatch(refused, /^err PAYLOAD_TOO_LARGE .*65536.*65537/);
  assertEquals(await publisher.ask("pub #a 1\nx"), "ok 1 level=memory subs=1");
});

Deno.test("an id is one message within the window, whatever its body, and another one behind it (F48)", async () => {
  let time = 1_000_000;
  const { broker, publisher } = durable({ now: () => time, dedupWindow: 10_000 });
  await using _ = broker;
  using client = await publisher();
  assertEquals(await client.ask("pub #d.a 1 id=i\nx"), "ok 1 seq=1 level=synced subs=0");
  assertEquals(await client.ask("pub #d.a 1 id=i\nx"), "ok 1 level=synced");
  assertEquals(await client.ask("pub #d.a 5 id=i\nother"), "ok 1 level=synced");
  assertEquals(await client.ask("pub #d.b 1 id=i\nx"), "ok 1 seq=1 level=synced subs=0", "of another topic");
  // a clock that jumps is not believed at once (D6)
  for (let at = 0; at < 40; at++) {
    time += 600;
    await client.ask("pub #d.other 1\nx");
  }
  assertEquals(await client.ask("pub #d.a 1 id=i\nx"), "ok 1 seq=2 level=synced subs=0");
});

Deno.test("an ack of what one does not hold changes nothing: unknown, twice, another's, too late, of another group (F49)", async () => {
  const { broker, publisher, subscriber } = durable({ ackTimeout: 3_000 });
  await using _ = broker;
  using one = await subscriber();
  using other = await subscriber();
  const join = "sub #d.a group=g ack=explicit window=1";
  assertEquals(await one.ask(join), "ok 1");
  using client = await publisher();
  await client.ask("pub #d.a 1\nx");
  const given = (attempt: string): RegExp =>
    new RegExp(`^batch #d\\.a 1 13 group=g seq=1 ts=\\d+${attempt}$`);
  assertMatch(await one.line() ?? "", given(""));
  assertEquals(await one.lines(2), ["pub #d.a 1", "x"]);
  assertEquals(await other.ask(join), "ok 1");
  for (
    const request of ["ack g #d.a 1", "nack g #d.a 1", "extend g #d.a 1", "ack h #d.a 1", "ack g #d.a 2"]
  ) {
    assertMatch(await other.ask(request) ?? "", /^err NOT_HELD /, request);
  }
  // its time passes, and it is the other's
  assertMatch(await other.line() ?? "", given(" attempt=2"));
  assertEquals(await other.lines(2), ["pub #d.a 1", "x"]);
  assertMatch(await one.ask("ack g #d.a 1") ?? "", /^err NOT_HELD /, "too late");
  assertEquals(await other.ask("ack g #d.a 1"), "ok 1 level=synced");
  assertMatch(await other.ask("ack g #d.a 1") ?? "", /^err NOT_HELD /, "twice");
});

Deno.test("a replay from before the first, beyond the last, and from no number at all is told or refused (F51)", async () => {
  const { broker, publisher, subscriber } = durable();
  await using _ = broker;
  using client = await publisher();
  await client.ask("pub #d.a 1\nx");
  using reader = await subscriber();
  for (const from of ["-1x", "9223372036854775808", "1e3", "0x1", "-0", "+1", ""]) {
    assertMatch(
      await reader.ask(`sub #d.a from=${from}`) ?? "",
      /^err BAD_FIELD from= is now, earliest, /,
      from,
    );
  }
  assertEquals(await reader.ask("sub #d.a from=999999999999999"), "ok 1 last=1");
  assertEquals(await reader.ask("ping"), 'info {"live":"#d.a"}');
  assertEquals(await reader.line(), "pong");
});

/** Nine segments, each a star or a letter by a bit of the number. */
function stars(number: number): string {
  return Array.from({ length: 9 }, (_, bit) => (number >> bit & 1) === 1 ? "*" : "s").join(".");
}
