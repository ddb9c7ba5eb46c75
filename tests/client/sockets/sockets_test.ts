/** What both kinds of sockets do: from any free port, and from a given one. */
import { assertEquals, assertRejects } from "@std/assert";
import { type AddressInfo, createServer, type Socket as NodeSocket } from "node:net";
import { connectFromAnyPort } from "../../../lib/client/sockets/any_port_socket.ts";
import { reasonOf } from "../../../lib/client/sockets/connect_error.ts";
import { connectFromPort } from "../../../lib/client/sockets/fixed_port_socket.ts";
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import { freePort } from "../../support/ports.ts";
import { RawClient } from "../../support/raw_client.ts";
import { within } from "../../support/within.ts";

/** Somebody who listens, with what comes in. */
class Place implements Disposable {
  readonly listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly to = { host: "127.0.0.1", port: this.listener.addr.port, tls: undefined };

  async accept(): Promise<{ readonly peer: RawClient; readonly conn: Deno.TcpConn }> {
    const conn = await within("somebody who connects", this.listener.accept());
    return { peer: new RawClient(conn), conn };
  }

  [Symbol.dispose](): void {
    this.listener.close();
  }
}

type Connect = (to: Place["to"], signal?: AbortSignal) => Promise<Socket>;
const NEVER = new AbortController().signal;
const CONNECTS: [kind: string, connect: Connect][] = [
  ["any port", (to, signal = NEVER) => within("a connection", connectFromAnyPort(to, signal))],
  ["a given port", (to, signal = NEVER) => {
    return within("a connection", connectFromPort(to, { localPort: freePort(), signal }));
  }],
];

/** What the next read brings; undefined at the end. */
async function read(socket: Socket): Promise<string | undefined> {
  const bytes = await within("a read", socket.read());
  return bytes === null ? undefined : new TextDecoder().decode(bytes);
}

for (const [kind, connect] of CONNECTS) {
  Deno.test(`a socket from ${kind} says where it leaves from, and reads and writes both ways`, async () => {
    using place = new Place();
    const socket = await connect(place.to);
    const { peer, conn } = await place.accept();
    assertEquals(socket.localPort, conn.remoteAddr.port);
    await peer.send("one");
    assertEquals(await read(socket), "one");
    const coming = read(socket);
    await peer.send("two");
    assertEquals(await coming, "two", "what comes wakes who waits for it");
    await within("a write", socket.write(new TextEncoder().encode("back\n")));
    assertEquals(await peer.line(), "back");
    socket.close();
    socket.close();
    peer.close();
  });

  Deno.test(`what was sent before the end is read by a socket from ${kind}, then the end, again and again`, async () => {
    using place = new Place();
    const socket = await connect(place.to);
    const { peer } = await place.accept();
    await peer.send("last");
    await peer.endInput();
    assertEquals(await read(socket), "last");
    assertEquals([await read(socket), await read(socket)], [undefined, undefined]);
    await within("its own end", socket.closeWrite());
    assertEquals(await peer.rest(), "");
    socket.close();
    peer.close();
  });

  Deno.test(`an end wakes who reads from a socket from ${kind}`, async () => {
    using place = new Place();
    const socket = await connect(place.to);
    const { peer } = await place.accept();
    const coming = read(socket);
    peer.close();
    assertEquals(await coming, undefined);
    socket.close();
  });

  Deno.test(`large writes of a socket from ${kind} arrive whole`, async () => {
    using place = new Place();
    const socket = await connect(place.to);
    const { conn } = await place.accept();
    const bytes = new Uint8Array(4 * 1024 * 1024).map((_, at) => at % 251);
    const written = within("a write", socket.write(bytes)).then(() => socket.closeWrite());
    const arrived = await within("all of it", new Response(conn.readable).bytes());
    await written;
    assertEquals(arrived.length, bytes.length);
    assertEquals(arrived.findIndex((byte, at) => byte !== bytes[at]), -1);
    socket.close();
  });

  Deno.test(`a connection that is reset is told to who reads and who writes, by a socket from ${kind}`, async () => {
    const accepted = Promise.withResolvers<NodeSocket>();
    const server = createServer(accepted.resolve);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const socket = await connect({ host: "127.0.0.1", port, tls: undefined });
    const peer = await within("somebody who connects", accepted.promise);
    const coming = assertRejects(() => read(socket), Error);
    peer.resetAndDestroy();
    assertEquals(reasonOf(await coming), "connection reset");
    await assertRejects(() => within("a write", socket.write(new Uint8Array(1))), Error);
    socket.close();
    await new Promise((resolve) => server.close(resolve));
  });

  Deno.test(`who gives up connecting from ${kind} is told the signal's reason, and the signal ends no connection`, async () => {
    using place = new Place();
    const end = new AbortController();
    const connecting = connect(place.to, end.signal);
    end.abort(new RangeError("enough"));
    await assertRejects(() => connecting, RangeError, "enough");
    const later = new AbortController();
    const socket = await connect(place.to, later.signal);
    later.abort();
    for (;;) {
      const { peer, conn } = await place.accept();
      using _closed = peer;
      // the one that was given up may have been accepted before
      if (conn.remoteAddr.port !== socket.localPort) continue;
      await peer.send("still there");
      assertEquals(await read(socket), "still there");
      break;
    }
    socket.close();
  });
}

Deno.test("a port that is taken, and a broker that is not there, are told as the system tells them", async () => {
  using place = new Place();
  const { port } = place.listener.addr;
  const from = (to: Place["to"], localPort: number): Promise<Socket> =>
    within("a connection", connectFromPort(to, { localPort, signal: NEVER }));
  const code = async (connecting: Promise<Socket>): Promise<string> => {
    const error = await assertRejects(() => connecting, Error);
    return "code" in error ? `${error.code}` : error.name;
  };
  assertEquals(await code(from(place.to, port)), "EADDRINUSE");
  const nowhere = { ...place.to, port: freePort() };
  assertEquals(await code(from(nowhere, freePort())), "ECONNREFUSED");
  assertEquals(await code(from(nowhere, nowhere.port)), "ConnectionRefused", "it would reach itself");
});
