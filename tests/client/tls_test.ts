/** F35 and F36, as clients see them. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Broker, type Certificates, certificatesOf, listenersOn } from "../../lib/broker/mod.ts";
import { connectPublisher, connectSubscriber } from "../../lib/client/mod.ts";
import { RunError } from "../../lib/errors.ts";
import { HAS_OPENSSL, TestIssuer } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { within } from "../support/within.ts";

const options = { ignore: !HAS_OPENSSL }; // without openssl there are no certificates

/** A broker with TLS, and what clients need for it. */
class Served implements AsyncDisposable {
  #broker: Broker;
  readonly subPort: number;
  readonly pubPort: number;

  private constructor(
    readonly issuer: TestIssuer,
    readonly certificates: Certificates,
  ) {
    this.#broker = new Broker();
    const [subscribers, publishers] = this.#listen({ subPort: 0, pubPort: 0 });
    this.subPort = subscribers.address.port;
    this.pubPort = publishers.address.port;
  }

  static async start(): Promise<Served> {
    const issuer = await TestIssuer.make();
    return new Served(issuer, await certificatesOf(await issuer.issue(), Date.now()));
  }

  /** What a publisher is told to connect. */
  get publisher(): { id: string; host: string; port: number; tls: { ca: string }; connectTimeout: number } {
    const tls = { ca: this.issuer.certificate };
    return { id: "p1", host: "localhost", port: this.pubPort, tls, connectTimeout: 200 };
  }

  /** Ends all connections, and is there again on the same ports. */
  async restart(): Promise<void> {
    await this.#broker.close();
    // the runtime lets go of the ports when the event loop has turned
    await new Promise((resolve) => setTimeout(resolve, 10));
    this.#broker = new Broker();
    this.#listen({ subPort: this.subPort, pubPort: this.pubPort });
  }

  #listen(
    ports: { readonly subPort: number; readonly pubPort: number },
  ): ReturnType<typeof Broker.prototype.listen<ReturnType<typeof listenersOn>>> {
    return this.#broker.listen(listenersOn({ ...ports, tls: this.certificates }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker.close();
    await this.issuer[Symbol.asyncDispose]();
  }
}

Deno.test(
  "Clients talk inside TLS, whether their local port is given or not, by name and by address",
  options,
  async () => {
    await using served = await Served.start();
    const { tls } = served.publisher;
    await using subscriber = await connectSubscriber({ id: "s1", port: served.subPort, tls });
    const messages = (await subscriber.subscribe("#a"))[Symbol.asyncIterator]();
    const payload = "x".repeat(200_000);
    for (const host of ["localhost", "127.0.0.1"]) {
      for (const localPort of [undefined, freePort()]) {
        const port = localPort === undefined ? {} : { localPort };
        await using publisher = await connectPublisher({ ...served.publisher, host, ...port });
        await publisher.publish("#a", payload);
        const { value } = await within("the message", messages.next());
        assertEquals(value?.text.length, payload.length);
      }
    }
  },
);

Deno.test("A lost connection is made again inside TLS, with what was subscribed", options, async () => {
  await using served = await Served.start();
  const { tls } = served.publisher;
  const restored = Promise.withResolvers<void>();
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: served.subPort,
    tls,
    onEvent: ({ type }) => type === "restored" && restored.resolve(),
  });
  const messages = await subscriber.subscribe("#a");
  await using publisher = await connectPublisher(served.publisher);
  await publisher.publish("#a", "one");
  await served.restart();
  await within("the connection", restored.promise);
  await publisher.publish("#a", "two");
  const texts: string[] = [];
  for await (const { text } of messages) if (texts.push(text) === 2) break;
  assertEquals(texts, ["one", "two"]);
});

/** The error of a client that cannot connect. */
async function failure(connecting: Promise<unknown>): Promise<string> {
  const begun = performance.now();
  const error = await within("an error", assertRejects(() => connecting, RunError));
  assert(performance.now() - begun < 3_000, "it is not tried again and again");
  return error.message;
}

Deno.test(
  "why there is no connection inside TLS is one line that says what to do (F36)",
  options,
  async () => {
    await using served = await Served.start();
    await using other = await TestIssuer.make();
    const { publisher } = served;
    for (const localPort of [undefined, freePort()]) {
      const to = localPort === undefined ? publisher : { ...publisher, localPort };
      const said = (more: object): Promise<string> => failure(connectPublisher({ ...to, ...more }));
      assertMatch(await said({ tls: true }), /of an issuer that is not trusted here: .*\(--ca FILE\)$/);
      assertMatch(await said({ tls: { ca: other.certificate } }), /not trusted here/);
      assertMatch(
        await said({ tls: { ...publisher.tls, serverName: "other.example" } }),
        /certificate is not for "other.example" but for .*localhost/,
      );
      const twice = { ...publisher.tls, serverName: "127.0.0.9" };
      assertMatch(await said({ tls: twice }), /certificate is not for "127.0.0.9"/);
    }
    assertMatch(
      await failure(connectPublisher({ ...publisher, tls: { ca: "none" } })),
      /ca is certificates in PEM/,
    );
    const { tls: _, ...plain } = publisher;
    for (const protocol of ["auto", "2"] as const) {
      assertMatch(
        await failure(connectPublisher({ ...plain, protocol })),
        /^cannot connect to .*: the port speaks TLS: connect with it \(--tls\)$/,
      );
    }
    await using classic = await connectPublisher({ ...plain, protocol: "classic" });
    assertMatch(await failure(classic.publish("#a", "x")), /ERR_NEEDS_TLS\): connect with TLS \(--tls\)$/);
    await classic.close().catch(() => {}); // it failed
  },
);

Deno.test("a certificate that has expired is told (F36)", options, async () => {
  await using issuer = await TestIssuer.make();
  const { certificate: cert, key } = await issuer.issue({ days: -1 });
  // a broker of ours would not start with it
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const accepting = (async () => {
    for await (const conn of listener) {
      await conn.read(new Uint8Array(10)).catch(() => {}); // it does not trust us
      conn.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const tls = { ca: issuer.certificate };
  for (const localPort of [undefined, freePort()]) {
    const from = localPort === undefined ? {} : { localPort };
    const said = await failure(connectPublisher({ id: "p1", port, host: "localhost", tls, ...from }));
    assertMatch(said, /the broker's certificate has expired: it has to be renewed there$/);
  }
  listener.close();
  await accepting;
});

Deno.test("TLS to a port without is told (F35)", options, async () => {
  await using broker = new Broker();
  const [, { address }] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  for (const localPort of [undefined, freePort()]) {
    const from = localPort === undefined ? {} : { localPort };
    const said = await failure(connectPublisher({ id: "p1", port: address.port, tls: true, ...from }));
    assertMatch(said, /the port speaks plain text: connect without TLS$/);
  }
});

Deno.test(
  "Connecting inside TLS to who says nothing ends in its time, and when it is aborted",
  options,
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    for (const localPort of [undefined, freePort()]) {
      const from = localPort === undefined ? {} : { localPort };
      const to = { id: "p1", port: listener.addr.port, tls: true, ...from };
      const late = connectPublisher({ ...to, connectTimeout: 100 });
      assertMatch(await failure(late), /no answer within/);
      const end = new AbortController();
      const aborted = connectPublisher({ ...to, connectTimeout: 60_000, signal: end.signal });
      setTimeout(() => end.abort(new RangeError("enough")), 50);
      await within("the end", assertRejects(() => aborted, RangeError, "enough"));
    }
  },
);
