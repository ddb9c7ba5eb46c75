/**
 * What goes wrong on the way between clients and a broker, over real sockets.
 *
 * @module
 */
import { connect } from "node:net";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Broker, listenersOn } from "../../lib/broker/mod.ts";
import type { LogFields } from "../../lib/log.ts";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { RawClient } from "../support/raw_client.ts";
import { upgrade } from "../support/v2.ts";
import { within } from "../support/within.ts";
import { freePort } from "../support/ports.ts";

/** A broker on real sockets, and what it logged. */
class Served implements AsyncDisposable {
  readonly logged: { readonly event: string; readonly fields: LogFields }[] = [];
  readonly broker: Broker;
  readonly subPort: number;
  readonly pubPort: number;

  constructor({ hostname = "127.0.0.1", subPort = 0, pubPort = 0 } = {}) {
    const log = (event: string, fields: LogFields = {}): void => void this.logged.push({ event, fields });
    this.broker = new Broker({ log: { debug: log, info: log, warn: log, error: log } });
    const [subscribers, publishers] = this.broker.listen(listenersOn({ hostname, subPort, pubPort }));
    this.subPort = subscribers.address.port;
    this.pubPort = publishers.address.port;
  }

  /** How that connection ended, waited for. */
  async ended(id: string): Promise<unknown> {
    for (let left = 1000; left > 0; left--) {
      const found = this.logged.find(({ event, fields }) =>
        event === "connection closed" && fields["id"] === id
      );
      if (found !== undefined) return found.fields["reason"];
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${id} has not ended`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.drain(200);
    await this.broker.close();
  }
}

Deno.test("of a payload that FIN or RST cuts short nobody sees anything, and what was whole is delivered (F29)", async () => {
  await using served = new Served();
  using subscriber = await upgrade(await RawClient.connect(served.subPort));
  assertEquals(await subscriber.ask("sub #>"), "ok 1");
  const ends = { FIN: "end of input", RST: "connection lost" };
  for (const [how, end] of Object.entries(ends)) {
    const publisher = connect({ host: "127.0.0.1", port: served.pubPort });
    publisher.on("error", () => {});
    publisher.write(`${how} hello 2\npub #a 3\n${how}\npub #half 1000\n${"x".repeat(500)}`);
    assertEquals(await subscriber.lines(2), ["pub #a 3", how]);
    if (how === "FIN") publisher.end();
    else publisher.resetAndDestroy();
    assertEquals(await served.ended(how), end);
    publisher.destroy();
  }
  using last = await RawClient.connect(served.pubPort);
  assertEquals(await last.ask("last pub #b end"), "OK");
  assertEquals(await subscriber.lines(2), ["pub #b 3", "end"]);
});

Deno.test("segments of one byte, and ten thousand requests in one, come to the same (F30)", async () => {
  await using served = new Served();
  using subscriber = await RawClient.connect(served.subPort);
  assertEquals(await subscriber.ask("s sub #>"), "OK");
  const requests = Array.from({ length: 100 }, (_, at) => `p pub #t${at % 7} m${at}\n`).join("");
  const expected = requests.trimEnd().split("\n").map((line) => line.slice("p pub ".length));
  using slow = await RawClient.connect(served.pubPort);
  for (const byte of new TextEncoder().encode(requests)) await slow.send(Uint8Array.of(byte));
  assertEquals(await slow.lines(100), expected.map(() => "OK"));
  assertEquals(await subscriber.lines(100), expected);
  using fast = await RawClient.connect(served.pubPort);
  const sent = fast.send(requests.repeat(100));
  using other = await RawClient.connect(served.pubPort);
  const begin = performance.now();
  assertEquals(await other.ask("o pub #other x"), "OK");
  assert(performance.now() - begin < 5000, "the other is not kept waiting");
  const got = (await subscriber.lines(10_001)).filter((line) => line !== "#other x");
  assertEquals(got, Array.from({ length: 100 }, () => expected).flat());
  assertEquals((await fast.lines(10_000)).every((line) => line === "OK"), true);
  await sent;
});

const hasIPv6 = canListen("::1");

Deno.test({
  name: `who comes by IPv4 to a socket of IPv6 is shown by its IPv4 address (F32)${
    hasIPv6 ? "" : " (skipped: no IPv6)"
  }`,
  ignore: !hasIPv6,
  fn: async () => {
    await using served = new Served({ hostname: "::" });
    for (
      const [hostname, shown] of [["127.0.0.1", /^127\.0\.0\.1:\d+$/], ["::1", /^\[::1\]:\d+$/]] as const
    ) {
      using client = new RawClient(await Deno.connect({ hostname, port: served.pubPort }));
      assertEquals(await client.ask("p pub #a x"), "OK");
      assertMatch(served.broker.snapshot().connections.at(-1)!.address, shown);
    }
  },
});

Deno.test({
  name: `a broker listens on IPv6 alone (F32)${hasIPv6 ? "" : " (skipped: no IPv6)"}`,
  ignore: !hasIPv6,
  fn: async () => {
    await using served = new Served({ hostname: "::1" });
    await using publisher = await connectPublisher({ id: "p", host: "::1", port: served.pubPort });
    await publisher.publish("#a", "x");
    const refused = await Deno.connect({ hostname: "127.0.0.1", port: served.pubPort }).catch((error) =>
      error
    );
    assert(refused instanceof Deno.errors.ConnectionRefused);
  },
});

Deno.test("two hundred clients whose broker is started anew come back, subscribed, and miss nothing from then on (F28)", async () => {
  const clients = 200;
  let served = new Served({ subPort: freePort(), pubPort: freePort() });
  const { subPort, pubPort } = served;
  const subscribers = await Promise.all(
    Array.from({ length: clients }, (_, at) => connectSubscriber({ id: `s${at}`, port: subPort })),
  );
  await Promise.all(subscribers.map((subscriber) => subscriber.subscribe("#a")));
  const got = subscribers.map(async (subscriber) => {
    for await (const { text } of subscriber) return text;
    return undefined;
  });
  await served[Symbol.asyncDispose]();
  served = new Served({ subPort, pubPort });
  try {
    for (let left = 2000; served.broker.snapshot().subscriptions < clients && left > 0; left--) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assertEquals(served.broker.snapshot().subscriptions, clients);
    using publisher = await RawClient.connect(pubPort);
    assertEquals(await publisher.ask("p pub #a back"), "OK");
    const all = await within("the message at all of them", Promise.all(got));
    assertEquals(all, Array.from({ length: clients }, () => "back"));
    assertEquals(served.logged.filter(({ event }) => /error|refused|cannot/.test(event)), []);
  } finally {
    await Promise.all(subscribers.map((subscriber) => subscriber.close()));
    await served[Symbol.asyncDispose]();
  }
});

function canListen(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
