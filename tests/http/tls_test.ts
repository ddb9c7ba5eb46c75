import { assertEquals, assertMatch } from "@std/assert";
import { certificatesOf, listenersOn } from "../../lib/broker/mod.ts";
import { Broker } from "../../lib/broker/mod.ts";
import { serveHttp } from "../../lib/http/mod.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { SILENT_LOG } from "../../lib/log.ts";
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
    const server = await serveHttp({
      broker,
      hostname: "127.0.0.1",
      port: 0,
      tls,
      limits: DEFAULT_LIMITS,
      assets: new Map(),
      log: SILENT_LOG,
    });
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
    const server = await serveHttp({
      broker,
      hostname: "127.0.0.1",
      port: 0,
      tls: await certificatesOf(await issuer.issue(), Date.now()),
      limits: DEFAULT_LIMITS,
      assets: new Map(),
      log: SILENT_LOG,
      patience: { header: 100 },
    });
    for (const begun of [[], [0x16, 3, 1, 2, 0, 1, 0]]) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
      await connection.write(Uint8Array.from(begun));
      assertEquals(await within("the end", connection.read(new Uint8Array(100))), null);
    }
    await server.close();
  },
});

async function fails(ask: () => Promise<Response>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string>();
  ask().then(({ status }) => resolve(`${status}`), () => resolve("refused"));
  assertEquals(await promise, "refused");
}
