import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Certificates } from "../../../lib/sessions/tls/certificates.ts";
import { HandshakeError } from "../../../lib/sessions/tls/types.ts";
import type { Transport } from "../../../lib/sessions/transport.ts";
import { HAS_OPENSSL, TestIssuer } from "../../support/certificates.ts";
import { within } from "../../support/within.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A connection to a port of this process; both of its ends before anybody says anything. */
async function connection(): Promise<{ readonly client: Deno.TcpConn; readonly server: Deno.TcpConn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [client, server] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  for (const end of [client, server]) end.setNoDelay(true);
  return { client, server };
}

interface Ends {
  /** Closed behind the test, unless that has. */
  readonly client: Deno.TlsConn;
  readonly server: Transport;
}

async function withTls(test: (ends: Ends) => Promise<void>): Promise<void> {
  await using issuer = await TestIssuer.make();
  const certificates = new Certificates(await issuer.issue(), Date.now());
  const { client, server } = await connection();
  const shaking = certificates.handshake(server);
  const tls = await Deno.startTls(client, { hostname: "localhost", caCerts: [issuer.certificate] });
  await within("the client's handshake", tls.handshake());
  const transport = await within("the server's handshake", shaking.done);
  try {
    await test({ client: tls, server: transport });
  } finally {
    transport.close();
    closeIfOpen(tls);
  }
}

function closeIfOpen(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** A connection that is watched, and breaks when the test wants it to. */
class Watched implements Transport {
  closes = 0;
  /** Why nothing can be read any more, or written. */
  unreadable: Error | undefined;
  unwritable: Error | undefined;
  readonly #below: Transport;

  constructor(below: Transport) {
    this.#below = below;
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.unreadable === undefined ? this.#below.read(into) : Promise.reject(this.unreadable);
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.unwritable === undefined ? this.#below.write(from) : Promise.reject(this.unwritable);
  }

  closeWrite(): Promise<void> {
    return this.#below.closeWrite();
  }

  close(): void {
    this.closes++;
    this.#below.close();
  }
}

async function readAll(from: Pick<Transport, "read">): Promise<number> {
  const into = new Uint8Array(100_000);
  let sum = 0;
  for (;;) {
    const count = await within("a read", from.read(into));
    if (count === null) return sum;
    sum += count;
  }
}

async function writeAll(to: Pick<Transport, "write">, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

const options = { ignore: !HAS_OPENSSL }; // without openssl there are no certificates

Deno.test(
  "Bytes go both ways inside TLS, small and large, whatever room a read has",
  options,
  () =>
    withTls(async ({ client, server }) => {
      await client.write(encoder.encode("hello"));
      const two = new Uint8Array(2);
      let said = "";
      while (said.length < 5) said += decoder.decode(two.subarray(0, await server.read(two) ?? 0));
      assertEquals(said, "hello");
      const large = crypto.getRandomValues(new Uint8Array(60_000));
      const echoed = new Uint8Array(large.length);
      const echo = async (): Promise<void> => {
        const into = new Uint8Array(7_001);
        for (let seen = 0; seen < large.length;) {
          const count = await server.read(into) ?? 0;
          seen += count;
          await writeAll(server, into.slice(0, count));
        }
      };
      const hear = async (): Promise<void> => {
        for (let at = 0; at < echoed.length;) at += await client.read(echoed.subarray(at)) ?? NaN;
      };
      await within("the echo", Promise.all([writeAll(client, large), echo(), hear()]));
      assertEquals(echoed, large);
    }),
);

Deno.test(
  "Who ends what it says inside TLS can still be told something",
  options,
  () =>
    withTls(async ({ client, server }) => {
      await client.write(encoder.encode("bye"));
      await client.closeWrite();
      assertEquals(await readAll(server), 3);
      await writeAll(server, encoder.encode("goodbye"));
      await within("the end of what is said", server.closeWrite());
      assertEquals(await readAll(client), 7);
    }),
);

Deno.test(
  "Who does not read inside TLS holds back who writes, and who writes to nobody waits",
  options,
  () =>
    withTls(async ({ client, server }) => {
      const piece = new Uint8Array(256 * 1024);
      let written = 0;
      const flood = async (to: Pick<Transport, "write">): Promise<void> => {
        while (written < 64 * 1024 * 1024) written += await to.write(piece);
      };
      for (const to of [client, server]) {
        written = 0;
        flood(to).catch(() => {}); // ends with the connection
        for (let before = -1; before !== written;) {
          before = written;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assert(written > 0 && written < 32 * 1024 * 1024, `${written} bytes found room`);
      }
    }),
);

Deno.test(
  "A connection that is cut off inside TLS is at its end, or breaks as others do",
  options,
  () =>
    withTls(async ({ client, server }) => {
      const reading = server.read(new Uint8Array(10));
      client.close();
      assertEquals(await within("the end", reading), null);
      const broken = async (): Promise<void> => {
        for (;;) await server.write(new Uint8Array(100_000));
      };
      const error = await within("an error", broken().catch((error) => error));
      const known = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.ConnectionAborted];
      assert(known.some((kind) => error instanceof kind), String(error));
    }),
);

Deno.test(
  "Closing ends a read and a write that wait, and closes what is below",
  options,
  () =>
    withTls(async ({ client, server }) => {
      const reading = server.read(new Uint8Array(10));
      server.close();
      server.close();
      await assertRejects(() => within("the read", reading), Deno.errors.BadResource);
      await assertRejects(() => within("another", server.read(new Uint8Array(10))), Deno.errors.BadResource);
      await assertRejects(() => within("a write", server.write(new Uint8Array(10))), Error);
      await within("the other side's end", client.read(new Uint8Array(10)).catch(() => null));
    }),
);

Deno.test(
  "Who has read inside TLS and reads no more holds back who writes as well",
  options,
  () =>
    withTls(async ({ client, server }) => {
      await client.write(encoder.encode("hello"));
      assertEquals(await within("a read", server.read(new Uint8Array(10))), 5);
      const most = 32 * 1024 * 1024;
      const piece = new Uint8Array(256 * 1024);
      let written = 0;
      const flood = async (): Promise<void> => {
        while (written < most) written += await client.write(piece);
      };
      flood().catch(() => {}); // ends with the connection
      for (let before = -1; before !== written && written < most;) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert(written > 0 && written < most, `${written} bytes found room`);
    }),
);

Deno.test(
  "Three records are encrypted at a time, and what is less is whole",
  options,
  () =>
    withTls(async ({ client, server }) => {
      const three = 3 * 16 * 1024;
      const said = async (bytes: number): Promise<number> =>
        await within("a write", server.write(new Uint8Array(bytes)));
      assertEquals([await said(100_000), await said(three + 1), await said(three), await said(1)], [
        three,
        three,
        three,
        1,
      ]);
      await within("the end of what is said", server.closeWrite());
      assertEquals(await readAll(client), 3 * three + 1);
    }),
);

Deno.test(
  "Who is closed inside TLS is told so as TLS does, and what was not read is not any more",
  options,
  () =>
    withTls(async ({ client, server }) => {
      await client.write(encoder.encode("hello"));
      assertEquals(await within("a read", server.read(new Uint8Array(2))), 2);
      server.close();
      await assertRejects(() => within("a read", server.read(new Uint8Array(2))), Deno.errors.BadResource);
      assertEquals(await within("the end", client.read(new Uint8Array(10))), null);
      await assertRejects(() => within("an end", server.closeWrite()), Deno.errors.BadResource);
    }),
);

Deno.test(
  "What came inside TLS is read before its end is, whatever room a read has",
  options,
  () =>
    withTls(async ({ client, server }) => {
      for (const text of ["one", "two", "three"]) await client.write(encoder.encode(text));
      await client.closeWrite();
      const into = new Uint8Array(4);
      let said = "";
      for (;;) {
        const count = await within("a read", server.read(into));
        if (count === null) break;
        said += decoder.decode(into.subarray(0, count));
      }
      assertEquals(said, "onetwothree");
      assertEquals(await within("the end again", server.read(into)), null);
    }),
);

Deno.test(
  "A connection inside TLS has the ends of what it goes over, where that has any",
  options,
  () =>
    withTls(async ({ client, server }) => {
      const ends = [server.remoteAddr, server.localAddr, client.localAddr, client.remoteAddr]
        .map((end) => (end as Deno.NetAddr).port);
      assertEquals(ends.slice(0, 2), ends.slice(2));
      await client.write(encoder.encode("x"));
    }),
);

const NOT_TLS: ReadonlyArray<
  readonly [what: string, said: string, kind: HandshakeError["kind"], message: RegExp]
> = [
  ["plain text", "p1 pub #a hi\n", "plain", /^what came is not TLS$/],
  ["a request of HTTP", "GET / HTTP/1.1\r\n\r\n", "plain", /^what came is not TLS$/],
  ["half a ClientHello and the end", "\x16\x03\x01\x02\x00\x01", "failed", /^the other side left$/],
  ["a record of no known version", "\x16\xff\xff\x00\x01x", "failed", /corrupt/],
  ["a record with garbage", "\x16\x03\x01\x00\x05hello", "failed", /corrupt/],
  ["nothing", "", "gone", /^nothing came$/],
];

for (const [what, said, kind, message] of NOT_TLS) {
  Deno.test(`Not TLS: ${what}`, options, async () => {
    await using issuer = await TestIssuer.make();
    const certificates = new Certificates(await issuer.issue(), Date.now());
    const { client, server } = await connection();
    const shaking = certificates.handshake(server);
    await client.write(Uint8Array.from(said, (letter) => letter.charCodeAt(0)));
    await client.closeWrite();
    const error = await assertRejects(() => within("the end", shaking.done), HandshakeError);
    assertEquals(error.kind, kind, error.message);
    assertMatch(error.message, message);
    if (kind === "plain") {
      await server.write(encoder.encode("ERR\n"));
      server.close();
      const heard = new Uint8Array(10);
      assertEquals(decoder.decode(heard.subarray(0, await client.read(heard) ?? 0)), "ERR\n");
    }
    client.close();
  });
}

Deno.test("A handshake that is abandoned is over, and so is its connection", options, async () => {
  await using issuer = await TestIssuer.make();
  const certificates = new Certificates(await issuer.issue(), Date.now());
  const { client, server } = await connection();
  const shaking = certificates.handshake(server);
  shaking.abandon();
  await assertRejects(() => within("the end", shaking.done), HandshakeError);
  assertEquals(await within("the end", client.read(new Uint8Array(10))), null);
  client.close();
});

Deno.test("What breaks below TLS ends a handshake with what it was", options, async () => {
  await using issuer = await TestIssuer.make();
  const certificates = new Certificates(await issuer.issue(), Date.now());
  const reset = new Deno.errors.ConnectionReset("the peer has gone");
  for (const breaks of ["unreadable", "unwritable"] as const) {
    const { client, server } = await connection();
    const below = new Watched(server);
    below[breaks] = reset;
    const shaking = certificates.handshake(below);
    const tls = Deno.startTls(client, { hostname: "localhost", caCerts: [issuer.certificate] });
    const greeted = tls.then((tls) => tls.handshake().finally(() => tls.close())).catch(() => {});
    const error = await assertRejects(() => within("the end", shaking.done), HandshakeError);
    assertEquals([error.kind, error.message, below.closes], ["failed", "the peer has gone", 1], breaks);
    await within("the client's end", greeted);
  }
});
