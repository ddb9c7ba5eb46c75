/** Handshakes of both kinds of sockets: the name that is asked for, and what becomes of those that fail. */
import { assertEquals, assertRejects } from "@std/assert";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { connectFromAnyPort } from "../../../lib/client/sockets/any_port_socket.ts";
import { connectFromPort } from "../../../lib/client/sockets/fixed_port_socket.ts";
import { HandshakeFailed } from "../../../lib/client/sockets/handshake_failed.ts";
import type { ClientTls, Socket } from "../../../lib/client/sockets/socket.ts";
import { HAS_OPENSSL, TestIssuer } from "../../support/certificates.ts";
import { freePort } from "../../support/ports.ts";
import { RawClient } from "../../support/raw_client.ts";
import { within } from "../../support/within.ts";

const { signal: NEVER } = new AbortController();
const KINDS = ["any port", "a given port"] as const;

function connect(kind: typeof KINDS[number], port: number, tls: ClientTls, signal = NEVER): Promise<Socket> {
  const to = { host: "127.0.0.1", port, tls };
  return kind === "any port"
    ? connectFromAnyPort(to, signal)
    : connectFromPort(to, { localPort: freePort(), signal });
}

Deno.test({
  name: "a name is asked for as it is checked, and an address is only checked",
  ignore: !HAS_OPENSSL, // without it there are no certificates
  fn: async () => {
    await using issuer = await TestIssuer.make();
    const { certificate: cert, key } = await issuer.issue();
    let secured = Promise.withResolvers<TLSSocket>();
    const server = createServer({ cert, key }, (socket) => secured.resolve(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const { port } = server.address() as AddressInfo;
    for (const kind of KINDS) {
      for (const [serverName, asked] of [["localhost", "localhost"], ["127.0.0.1", undefined]] as const) {
        secured = Promise.withResolvers();
        const connecting = connect(kind, port, { serverName, ca: [issuer.certificate] });
        const peer = await within("a handshake", secured.promise);
        const socket = await within("a connection", connecting);
        const name = "servername" in peer ? peer.servername : undefined;
        assertEquals(typeof name === "string" && name !== "" ? name : undefined, asked, kind);
        socket.close();
        peer.destroy();
      }
    }
    await new Promise((resolve) => server.close(resolve));
  },
});

for (const kind of KINDS) {
  Deno.test(`a handshake from ${kind} that fails ends the connection`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const connecting = connect(kind, port, { serverName: "localhost", ca: [] });
    const failing = assertRejects(() => within("why there is none", connecting), HandshakeFailed);
    using peer = new RawClient(await within("a connection", listener.accept()));
    await peer.send("this is no handshake\n");
    await failing;
    await peer.rest();
  });
}

Deno.test("a handshake from a given port that is given up ends the connection, with the signal's reason", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const stop = new AbortController();
  const connecting = connect("a given port", port, { serverName: "localhost", ca: [] }, stop.signal);
  const failing = assertRejects(() => within("why there is none", connecting), RangeError, "enough");
  using peer = new RawClient(await within("a connection", listener.accept()));
  await peer.recv(); // it has begun
  stop.abort(new RangeError("enough"));
  await failing;
  await peer.rest();
});
