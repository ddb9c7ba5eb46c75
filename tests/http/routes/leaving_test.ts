/** Of who leaves before its answer nothing is kept. */
import { assertEquals } from "@std/assert";
import { Server } from "node:http";
import type { Socket } from "node:net";
import { UNLIMITED } from "../../../lib/auth/grant.ts";
import type { Gatekeeper } from "../../../lib/auth/gatekeeper.ts";
import { Bodies, type Holding } from "../../../lib/http/bodies.ts";
import { standIn } from "../../cli/stand_in.ts";
import { HeldStore } from "../../support/held_store.ts";
import { startHttp } from "../../support/http.ts";
import { until } from "../../support/until.ts";

/** A store whose reads wait until the test lets them go. */
class HeldReads extends HeldStore {
  held: (() => void)[] | undefined;

  override read(...asked: Parameters<HeldStore["read"]>): void {
    if (this.held === undefined) return super.read(...asked);
    this.held.push(() => super.read(...asked));
  }
}

/** All that is counted of bodies from now on. */
function counted(): Disposable & { readonly holdings: readonly Holding[] } {
  const { holding } = Bodies.prototype;
  const holdings: Holding[] = [];
  const stand = standIn(Bodies.prototype, "holding", function (this: Bodies): Holding {
    const made = holding.call(this);
    holdings.push(made);
    return made;
  });
  return { holdings, [Symbol.dispose]: () => stand[Symbol.dispose]() };
}

const GET = "GET /api/topics/%23a/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n";

Deno.test("of a reader that leaves while its messages are read nothing is counted any more", async () => {
  const store = new HeldReads();
  await using http = await startHttp({ store });
  await http.publish("#a", "x".repeat(1000));
  await until("the end of the publisher", () => http.broker.connections === 0);
  using all = counted();
  const held = store.held = [] as (() => void)[];
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
  await connection.write(new TextEncoder().encode(`${GET}\r\n`));
  await until("a read", () => held.length > 0);
  connection.close();
  await until("the end of the reader", () => http.broker.connections === 0);
  store.held = undefined;
  for (const go of held) go();
  assertEquals((await http.json("/api/topics/%23a/messages")).messages.length, 1);
  assertEquals(all.holdings.length, 2);
  await until("that all is let go of", () => all.holdings.every(({ bytes }) => bytes === 0));
});

Deno.test("who leaves before it is known who it is is read nothing for", async () => {
  const asked: Parameters<Gatekeeper["admit"]>[2][] = [];
  const gatekeeper: Gatekeeper = {
    admit: (_, __, done) => void asked.push(done),
    admitClassic: () => undefined,
    renew: (grant) => grant,
  };
  const sockets: Socket[] = [];
  const setTimeout = function (this: Server): Server {
    return this.on("connection", (socket) => sockets.push(socket));
  };
  using _set = standIn(Server.prototype, "setTimeout", setTimeout as Server["setTimeout"]);
  const store = new HeldReads();
  await using http = await startHttp({ store, gatekeeper });
  store.held = [];
  using all = counted();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
  await connection.write(new TextEncoder().encode(`${GET}Authorization: Bearer a:b\r\n\r\n`));
  await until("the question who it is", () => asked.length === 1);
  connection.close();
  await until("the end of its connection", () => sockets[0]?.destroyed === true);
  asked[0]!({ kind: "admitted", grant: UNLIMITED });
  await until("what is counted for it", () => all.holdings.length === 1);
  await until("the end of the reader", () => http.broker.connections === 0);
});

Deno.test("HEAD of a stream subscribes nobody, and says what GET would", async () => {
  await using http = await startHttp();
  const path = "/api/topics/%23a/stream";
  for (let times = 0; times < 3; times++) {
    const { status, headers, text } = await http.ask(path, { method: "HEAD" });
    assertEquals([status, headers.get("content-type"), text], [200, "text/event-stream", ""]);
  }
  assertEquals((await http.ask(`${path}?slow=what`, { method: "HEAD" })).status, 400);
  assertEquals(http.broker.connections, 0);
});

Deno.test("streams that were asked for in a row end with their connection", async () => {
  await using http = await startHttp();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
  const get = "GET /api/topics/%23a/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  await connection.write(new TextEncoder().encode(get.repeat(10)));
  await until("a stream", () => http.broker.connections > 0);
  connection.close();
  await until("the end of all of them", () => http.broker.connections === 0);
});
