/** The memory that is read into, and what the system does for connections that say nothing. */
import { assert, assertEquals } from "@std/assert";
import { connectFromAnyPort } from "../../../lib/client/sockets/any_port_socket.ts";
import { connectFromPort } from "../../../lib/client/sockets/fixed_port_socket.ts";
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import { HAS_OPENSSL, TestIssuer } from "../../support/certificates.ts";
import { freePort } from "../../support/ports.ts";
import { RawClient } from "../../support/raw_client.ts";
import { within } from "../../support/within.ts";

const QUIET_BYTES = 64 * 1024;
const BUSY_BYTES = 256 * 1024;
const LEAST_BYTES = 8 * 1024;
const { signal: NEVER } = new AbortController();

/** A connection, and who it goes to. */
async function connect(): Promise<{ readonly socket: Socket; readonly peer: RawClient }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const to = { host: "127.0.0.1", port: listener.addr.port, tls: undefined };
  const connecting = connectFromAnyPort(to, NEVER);
  const conn = await within("a connection", listener.accept());
  return { socket: await within("a connection", connecting), peer: new RawClient(conn) };
}

/** Reads so many bytes; the last read. */
async function read(socket: Socket, count: number): Promise<Uint8Array> {
  let last: Uint8Array = new Uint8Array(0);
  for (let left = count; left > 0; left -= last.length) {
    last = await within(() => `${left} bytes`, socket.read()) ?? last;
    assert(last.length > 0 && last.length <= left);
  }
  return last;
}

Deno.test("small reads fill one buffer, until less than 8 KiB of it is left", async () => {
  const { socket, peer } = await connect();
  using _peer = peer;
  await peer.send("one");
  const first = await read(socket, 3);
  assertEquals([first.byteOffset, first.buffer.byteLength], [0, QUIET_BYTES]);
  const most = QUIET_BYTES - LEAST_BYTES;
  await peer.send(new Uint8Array(most - 3));
  assert((await read(socket, most - 3)).buffer === first.buffer);
  await peer.send("x");
  const last = await read(socket, 1);
  assertEquals([last.buffer === first.buffer, last.byteOffset], [true, most]);
  await peer.send("y");
  const next = await read(socket, 1);
  assertEquals([next.buffer === first.buffer, next.byteOffset, next.buffer.byteLength], [
    false,
    0,
    QUIET_BYTES,
  ]);
  assertEquals(new TextDecoder().decode(first), "one", "nobody writes to what was read");
  socket.close();
});

Deno.test("who is sent more than fits reads into larger buffers, as long as that is so", async () => {
  const { socket, peer } = await connect();
  using _peer = peer;
  const sent = 8 * 1024 * 1024;
  const sending = peer.send(new Uint8Array(sent));
  const sizes = new Set<number>();
  for (let left = sent; left > 0;) {
    const bytes = await within("bytes", socket.read());
    sizes.add(bytes!.buffer.byteLength);
    left -= bytes!.length;
  }
  await sending;
  assertEquals([...sizes].sort(), [BUSY_BYTES, QUIET_BYTES]);
  let size = BUSY_BYTES;
  for (let at = 0; at < 300 && size === BUSY_BYTES; at++) {
    await peer.send(new Uint8Array(1024));
    size = (await read(socket, 1024)).buffer.byteLength;
  }
  assertEquals(size, QUIET_BYTES, "it is quiet again");
  socket.close();
});

Deno.test({
  name: "the system looks after a connection that says nothing",
  ignore: Deno.build.os !== "linux", // where it can be seen
  fn: async () => {
    for (const given of [undefined, freePort()]) {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const to = { host: "127.0.0.1", port: listener.addr.port, tls: undefined };
      const connecting = given === undefined
        ? connectFromAnyPort(to, NEVER)
        : connectFromPort(to, { localPort: given, signal: NEVER });
      using _conn = await within("a connection", listener.accept());
      const socket = await within("a connection", connecting);
      const [from, there] = [socket.localPort, to.port].map((port) =>
        `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`
      );
      const line = (await Deno.readTextFile("/proc/net/tcp")).split("\n").find((line) =>
        line.includes(`: ${from} ${there} `)
      );
      // st tx_queue:rx_queue tr:tm->when; 02: the timer that keeps it alive
      assertEquals(line?.trim().split(/\s+/)[5]?.slice(0, 2), "02", line);
      socket.close();
    }
  },
});

Deno.test({
  name: "a signal ends no connection inside TLS, once it is there",
  ignore: !HAS_OPENSSL, // without it there are no certificates
  fn: async () => {
    await using issuer = await TestIssuer.make();
    const { certificate: cert, key } = await issuer.issue();
    using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
    const { port } = listener.addr as Deno.NetAddr;
    const to = { host: "127.0.0.1", port, tls: { serverName: "localhost", ca: [issuer.certificate] } };
    for (const given of [undefined, freePort()]) {
      const end = new AbortController();
      const connecting = given === undefined
        ? connectFromAnyPort(to, end.signal)
        : connectFromPort(to, { localPort: given, signal: end.signal });
      const conn = await within("a connection", listener.accept());
      const shaken = conn.handshake();
      const socket = await within("a connection", connecting);
      await within("the handshake", shaken);
      end.abort();
      const peer = new RawClient(conn);
      await peer.send("still there");
      assertEquals(new TextDecoder().decode(await read(socket, 11)), "still there");
      await within("a write", socket.write(new TextEncoder().encode("back\n")));
      assertEquals(await peer.line(), "back");
      socket.close();
      peer.close();
    }
  },
});
