/** F35 and F37: what comes on a port with TLS and is not TLS, or not all of it. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  Broker,
  type BrokerOptions,
  type Certificates,
  certificatesOf,
  listenersOn,
} from "../../../lib/broker/mod.ts";
import { RunError } from "../../../lib/errors.ts";
import type { LogFields } from "../../../lib/log.ts";
import { Program } from "../../../scripts/program.ts";
import { HAS_OPENSSL, TestIssuer } from "../../support/certificates.ts";
import { RawClient } from "../../support/raw_client.ts";
import { CLOSED } from "../../support/gatekeepers.ts";
import { connectTls } from "../../support/tls_client.ts";
import { within } from "../../support/within.ts";

const options = { ignore: !HAS_OPENSSL }; // without openssl there are no certificates

interface Logged {
  readonly event: string;
  readonly fields: LogFields;
}

/** A broker with TLS on both ports, and its log. */
class TlsBroker implements AsyncDisposable {
  readonly logged: Logged[] = [];
  readonly broker: Broker;
  readonly port: number;

  private constructor(
    readonly issuer: TestIssuer,
    readonly certificates: Certificates,
    options: BrokerOptions,
  ) {
    const log = (event: string, fields: LogFields = {}): void => void this.logged.push({ event, fields });
    this.broker = new Broker({ ...options, log: { debug: log, info: log, warn: log, error: log } });
    const [, publishers] = this.broker.listen(listenersOn({ subPort: 0, pubPort: 0, tls: certificates }));
    this.port = publishers.address.port;
  }

  static async start(options: BrokerOptions = {}): Promise<TlsBroker> {
    const issuer = await TestIssuer.make();
    return new TlsBroker(issuer, await certificatesOf(await issuer.issue(), Date.now()), options);
  }

  connect(): Promise<RawClient> {
    return connectTls(this.port, this.issuer.certificate);
  }

  told(event: string): readonly LogFields[] {
    return this.logged.filter((logged) => logged.event === event).map(({ fields }) => fields);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.close();
    await this.issuer[Symbol.asyncDispose]();
  }
}

/** Ends when the other side does, by an end or a break. */
async function ended(client: RawClient): Promise<string> {
  try {
    return await client.rest();
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return "reset";
    throw error;
  }
}

const TLS_ON_PLAIN = "TLS on a port without: connect without TLS, or start the broker with --tls-cert";
const PLAIN = "plain text on a port with TLS: connect with TLS (--tls)";

Deno.test("A publisher and a subscriber talk inside TLS", options, async () => {
  await using server = await TlsBroker.start();
  const { listeners } = server.broker.snapshot();
  using subscriber = await connectTls(listeners[0]!.address.port, server.issuer.certificate);
  using publisher = await server.connect();
  assertEquals(await subscriber.ask("s1 sub #a"), "OK");
  assertEquals(await publisher.ask("p1 pub #a hello"), "OK");
  assertEquals(await subscriber.line(), "#a hello");
  const { notAfter, names } = listeners[0]!.certificate!;
  assert(notAfter > Date.now() && notAfter < Date.now() + 91 * 86_400_000);
  assertMatch(names, /DNS:localhost/);
});

Deno.test("who shakes hands at the only port there is gets served there", options, async () => {
  await using issuer = await TestIssuer.make();
  await using broker = new Broker();
  const tls = await certificatesOf(await issuer.issue(), Date.now());
  const [, publishers] = listenersOn({ subPort: 0, pubPort: 0, tls });
  const [listening] = broker.listen([publishers!]);
  using publisher = await connectTls(listening!.address.port, issuer.certificate);
  assertEquals(await publisher.ask("p1 pub #a hello"), "OK");
});

Deno.test(
  "the end of a connection inside TLS is one that TLS tells, whichever side comes to it first (C11)",
  options,
  async () => {
    await using server = await TlsBroker.start();
    using client = await server.connect();
    await client.send("p1 pub #a hello\n");
    await client.endInput();
    assertEquals(await client.rest(), "OK\n", "a connection that breaks off would be an error");
    using other = await server.connect();
    assertEquals(await other.ask("p1 pub #a hello"), "OK");
    server.broker.disconnect(2);
    assertEquals(await other.rest(), "");
  },
);

Deno.test(
  "who speaks plain text to a port with TLS is told so, and the log is once (F35)",
  options,
  async () => {
    await using server = await TlsBroker.start();
    for (let at = 0; at < 20; at++) {
      using plain = await RawClient.connect(server.port);
      await plain.send("p1 pub #a hello\n");
      assertEquals(await plain.rest(), "ERR_NEEDS_TLS\n");
    }
    const told = server.told(PLAIN);
    assertEquals(told.length, 1);
    assertEquals([told[0]!["listener"], told[0]!["times"]], ["publishers", 1]);
    using other = await server.connect();
    assertEquals(await other.ask("p1 pub #a hello"), "OK");
  },
);

for (
  const [what, args] of [["TLS 1.1", ["-tls1_1"]], ["a cipher that is not known", [
    "-tls1_2",
    "-cipher",
    "AES128-SHA",
  ]]]
) {
  Deno.test(`${what} is refused with an alert and one line (F35)`, options, async () => {
    await using server = await TlsBroker.start();
    const { stderr } = await new Deno.Command("openssl", {
      args: ["s_client", "-connect", `127.0.0.1:${server.port}`, ...args!],
      stdin: "null",
      stderr: "piped",
      stdout: "null",
    }).output();
    assertMatch(new TextDecoder().decode(stderr), /alert|unsupported|no protocols/i);
    for (const { reason } of server.told("TLS handshake failed")) {
      assertMatch(String(reason), /peer is incompat/);
    }
  });
}

Deno.test(
  "who speaks TLS to a port without is told so, and the log is once (C14) (F35)",
  options,
  async () => {
    await using server = await TlsBroker.start();
    const [, plain] = server.broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
    for (let at = 0; at < 20; at++) {
      const shaking = connectTls(plain.address.port, server.issuer.certificate);
      await assertRejects(() => within("the end", shaking), Error, "InvalidContentType");
    }
    const told = server.told(TLS_ON_PLAIN);
    assertEquals(told.length, 1);
    assertEquals([told[0]!["listener"], told[0]!["times"]], ["publishers", 1]);
    using half = await RawClient.connect(plain.address.port);
    await half.send(bytes("\x16"));
    await half.send(bytes("\x03\x01"));
    assertEquals(await half.rest(), "ERR_NO_TLS\n");
    using other = await RawClient.connect(plain.address.port);
    assertEquals(await other.ask("p1 pub #a hello"), "OK");
  },
);

Deno.test("TLS 1.2 is spoken as 1.3 is", options, async () => {
  await using server = await TlsBroker.start();
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const address = `127.0.0.1:${server.port}`;
    const client = Program.start(
      ["openssl", "s_client", "-connect", address, "-quiet", "-no_ign_eof", version],
      { stdin: "open" },
    );
    await client.write("p1 pub #a hello\np1 quit\n");
    await within(`the end of ${version}`, client.ended);
    assertEquals(client.stdout, "OK\nOK\n");
  }
});

/** Bytes as a text of letters below 256. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

const HALF = bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");

Deno.test(
  "who is silent, sends half a ClientHello, a huge one, or a drop at a time is gone in 2 s (F37)",
  options,
  async () => {
    await using server = await TlsBroker.start();
    const huge = bytes(`\x16\x03\x01\x40\x00\x01\x00\xff\xff${"x".repeat(2_000)}`);
    const begun = performance.now();
    const slow = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(server.port)));
    await slow[1]!.send(HALF);
    await slow[2]!.send(huge);
    let said = 0;
    const drops = setInterval(() => {
      const [drop = 0] = HALF.subarray(said++);
      slow[3]!.transport.write(Uint8Array.of(drop)).catch(() => {}); // it is over
    }, 300);
    using other = await server.connect();
    assertEquals(await other.ask("p1 pub #a hello"), "OK");
    assertEquals(server.broker.connections, 1);
    const times = await Promise.all(slow.map(async (client) => {
      await ended(client);
      return performance.now() - begun;
    }));
    clearInterval(drops);
    for (const time of times) assert(time > 1_500 && time < 6_000, `${time} ms`);
    for (const { reason } of server.told("TLS handshake failed")) assertEquals(reason, "not done within 2 s");
    for (const client of slow) client.close();
  },
);

Deno.test("a ClientHello of many megabytes is not kept (F37)", options, async () => {
  await using server = await TlsBroker.start();
  using large = await RawClient.connect(server.port);
  // records of a handshake message of 16 MiB - 1
  const record = bytes(`\x16\x03\x03\x40\x00${"x".repeat(0x4000)}`);
  record.set(bytes("\x01\xff\xff\xff"), 5);
  const flood = async (): Promise<never> => {
    for (;;) await large.transport.write(new Uint8Array(record));
  };
  await within("the end", flood().catch(() => {}), 10_000);
  assertMatch(String(server.told("TLS handshake failed")[0]?.["reason"]), /\w/);
});

Deno.test(
  "another certificate is for who connects then, a bad pair changes nothing (F36)",
  options,
  async () => {
    await using server = await TlsBroker.start();
    using before = await server.connect();
    await using other = await TestIssuer.make();
    const pair = await other.issue();
    assertThrows(
      () => server.certificates.replace({ ...pair, key: "no key" }, Date.now()),
      RunError,
      "no key",
    );
    (await server.connect()).close();
    server.certificates.replace(pair, Date.now());
    await assertRejects(() => server.connect(), Error, "invalid peer certificate");
    using after = await connectTls(server.port, other.certificate);
    assertEquals(await after.ask("p1 pub #a hello"), "OK");
    assertEquals(await before.ask("p1 pub #a hello"), "OK");
  },
);

Deno.test("none of many that connect while certificates change fails (F36)", options, async () => {
  await using server = await TlsBroker.start();
  const pairs = [await server.issuer.issue(), await server.issuer.issue({ kind: "rsa" })];
  let over = false;
  const change = async (): Promise<void> => {
    for (let at = 0; !over; at++) {
      server.certificates.replace(pairs[at % 2]!, Date.now());
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  };
  const changing = change();
  for (let at = 0; at < 60; at++) {
    using client = await server.connect();
    assertEquals(await client.ask("p1 pub #a hello"), "OK");
  }
  over = true;
  await changing;
});

Deno.test("handshakes with any byte changed, cut or doubled harm nobody (F37)", options, async () => {
  await using server = await TlsBroker.start();
  using other = await server.connect();
  // what a client of openssl says first
  const recorder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const recording = recorder.accept();
  const tls = Deno.startTls(await Deno.connect({ hostname: "127.0.0.1", port: recorder.addr.port }));
  const handshake = (await tls).handshake().catch(() => {}); // nobody answers it
  const recorded = await recording;
  const hello = new Uint8Array(4096);
  const length = await recorded.read(hello) ?? 0;
  recorded.close();
  recorder.close();
  await handshake;
  (await tls).close();
  let seed = 36;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  for (let at = 0; at < 150; at++) {
    const said = hello.slice(0, length);
    for (let changes = random(4); changes >= 0; changes--) said[random(length)] = random(256);
    const cut = random(3) === 0 ? random(length) : length;
    using stranger = await RawClient.connect(server.port);
    await stranger.send(said.subarray(0, cut));
    if (random(2) === 0) await stranger.send(said);
    await stranger.endInput();
    await ended(stranger);
    if (at % 20 === 0) assertEquals(await other.ask("p1 pub #a hello"), "OK");
  }
  assertEquals(server.told("internal error"), []);
  using last = await server.connect();
  assertEquals(await last.ask("p1 pub #a hello"), "OK");
});

Deno.test("Handshakes count for where they come from as connections do", options, async () => {
  await using server = await TlsBroker.start({ connectionsPerAddress: 2 });
  using served = await server.connect();
  using silent = await RawClient.connect(server.port);
  assertEquals(await served.ask("p1 pub #a hello"), "OK");
  using third = await RawClient.connect(server.port);
  assertEquals(await third.rest(), "");
  assertEquals(server.told("connection refused: too many").map(({ limit }) => limit), [2]);
  await silent.endInput();
  // until the end of that was seen
  for (let at = 0; server.told("TLS: gone before the handshake").length === 0; at++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert(at < 500);
  }
  using other = await server.connect();
  assertEquals(await other.ask("p1 pub #a hello"), "OK");
});

Deno.test("A broker that stops ends handshakes that are under way", options, async () => {
  await using server = await TlsBroker.start();
  using silent = await RawClient.connect(server.port);
  using half = await RawClient.connect(server.port);
  await half.send(bytes("\x16\x03\x01"));
  using served = await server.connect();
  assertEquals(await served.ask("p1 pub #a hello"), "OK");
  await Promise.all([server.broker.drain(1_000), ended(silent), ended(half), ended(served)]);
  // not "not done within 2 s"; the second is not told so soon
  assertEquals(server.told("TLS handshake failed").map(({ reason }) => reason), ["the broker stops"]);
});

Deno.test({
  ...options,
  name: "who says nothing inside TLS is told that its time is over (A8)",
  fn: async () => {
    await using broker = await TlsBroker.start({ gatekeeper: CLOSED, loginTimeout: 300 });
    using silent = await broker.connect();
    assertEquals(await silent.rest(), "ERR_DENIED\n");
    assertEquals(broker.told("connection closed").map(({ reason }) => reason), ["no login"]);
  },
});
