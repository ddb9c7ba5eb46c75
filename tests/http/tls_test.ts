import { assertEquals, assertMatch } from "@std/assert";
import { certificatesOf, listenersOn } from "../../lib/broker/mod.ts";
import { Broker } from "../../lib/broker/mod.ts";
import { type HttpOptions, type HttpServer, serveHttp } from "../../lib/http/mod.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { type LogFields, SILENT_LOG } from "../../lib/log.ts";
import { HAS_OPENSSL, TestIssuer } from "../support/certificates.ts";
import { within } from "../support/within.ts";

Deno.test({
  name: `the port speaks TLS with the broker's certificate, and with another one once that is there${
    HAS_OPENSSL ? "" : " (skipped: openssl is not installed)"
  }`,
  ignore: !HAS_OPENSSL,
  fn: async () => {
    await using issuer = await TestIssuer.make();
    await using stranger = await TestIssuer.make();
    const tls = await certificatesOf(await issuer.issue(), Date.now());
    await using broker = new Broker({ measures: true });
    broker.listen(listenersOn({ subPort: 0, pubPort: 0, tls }));
    const server = await served(broker, { tls });
    const url = `https://localhost:${server.address.port}`;
    const ask = async (trusted: TestIssuer, path: string, init: RequestInit = {}): Promise<Response> => {
      using client = Deno.createHttpClient({ caCerts: [trusted.certificate] });
      const response = await within(path, fetch(`${url}${path}`, { ...init, client }));
      return new Response(await response.text(), { status: response.status, headers: response.headers });
    };
    const told = await (await ask(issuer, "/api/broker")).json();
    assertEquals(told.listeners.map(({ tls }: { tls: boolean }) => tls), [true, true, true]);
    const own = await ask(issuer, "/api/topics/a/messages", {
      method: "POST",
      body: "x",
      headers: { origin: url },
    });
    assertEquals([own.status, await own.json()], [201, { topic: "#a", subscribers: 0 }]);
    assertMatch(
      await (await ask(issuer, "/metrics")).text(),
      /^hashbus_certificate_expiry_seconds\{listener=/m,
    );
    await fails(() => ask(stranger, "/healthz"));
    tls.replace(await stranger.issue(), Date.now());
    assertEquals((await ask(stranger, "/healthz")).status, 200);
    await fails(() => ask(issuer, "/healthz"));
    using plain = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
    await plain.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const bytes = new Uint8Array(100);
    const said = new TextDecoder().decode(
      bytes.subarray(0, await within("an answer", plain.read(bytes)) ?? 0),
    );
    assertEquals(said.includes("200"), false, "nothing is said in plain text");
    await server.close();
  },
});

Deno.test({
  name: `who does not finish a handshake with the port is cut off${
    HAS_OPENSSL ? "" : " (skipped: openssl is not installed)"
  }`,
  ignore: !HAS_OPENSSL,
  fn: async () => {
    await using issuer = await TestIssuer.make();
    await using broker = new Broker({ measures: true });
    const tls = await certificatesOf(await issuer.issue(), Date.now());
    const server = await served(broker, { tls, patience: { header: 1_000 } });
    for (const begun of [[], [0x16, 3, 1, 2, 0, 1, 0]]) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
      await connection.write(Uint8Array.from(begun));
      assertEquals(await within("the end", connection.read(new Uint8Array(100))), null);
    }
    await server.close();
  },
});

function served(
  broker: Broker,
  options: Pick<HttpOptions, "tls"> & Partial<HttpOptions>,
): Promise<HttpServer> {
  const own = { hostname: "127.0.0.1", port: 0, limits: DEFAULT_LIMITS, assets: new Map(), log: SILENT_LOG };
  return serveHttp({ broker, ...own, ...options });
}

async function fails(ask: () => Promise<Response>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string>();
  ask().then(({ status }) => resolve(`${status}`), () => resolve("refused"));
  assertEquals(await promise, "refused");
}

Deno.test({
  name: `a handshake with the port that comes to nothing is a line in the log, and not a line for each${
    HAS_OPENSSL ? "" : " (skipped: openssl is not installed)"
  }`,
  ignore: !HAS_OPENSSL,
  fn: async () => {
    await using issuer = await TestIssuer.make();
    await using broker = new Broker({ measures: true });
    const told: { readonly event: string; readonly fields: LogFields }[] = [];
    const server = await served(broker, {
      tls: await certificatesOf(await issuer.issue(), Date.now()),
      log: { ...SILENT_LOG, warn: (event, fields = {}) => void told.push({ event, fields }) },
      patience: { header: 1_000 },
    });
    const says = async (text: string): Promise<string> => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
      await connection.write(new TextEncoder().encode(text));
      const { hostname, port } = connection.localAddr;
      await within("its end", connection.read(new Uint8Array(100)).catch(() => null));
      return `${hostname}:${port}`;
    };
    const plain = await says("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await says("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // the beginning of a record of TLS, of which nothing more comes
    const silent = await says("\x16\x03\x01");
    (await Deno.connect({ hostname: "127.0.0.1", port: server.address.port })).close();
    await within(
      "both",
      (async () => {
        while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      })(),
    );
    await server.close();
    assertEquals(
      told.map(({ event, fields: { listener, address, times } }) => [event, listener, address, times]),
      [
        ["plain text on a port with TLS: connect with https", "http", plain, 1],
        ["TLS handshake failed", "http", silent, 1],
      ],
    );
  },
});
