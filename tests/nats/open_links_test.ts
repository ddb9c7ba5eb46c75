import { assert, assertEquals, assertRejects } from "@std/assert";
import { RunError } from "../../lib/errors.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { openLinks } from "../../lib/nats/open_links.ts";
import { NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { freePort } from "../support/ports.ts";
import { within } from "../support/within.ts";

const OPTIONS = {
  prefix: "p",
  plain: [],
  replicas: 1,
  connectTimeout: 20_000,
  name: "broker 7",
  credentials: {},
  durable: [],
  log: SILENT_LOG,
};

function closed(link: NatsConnectionLink): Promise<void> {
  return new Promise((resolve) => link.close(resolve));
}

/** Says what a server says to who connects, and answers a PING after a while. */
class SlowServer {
  delay = 0;
  readonly #listener: Deno.Listener;
  readonly #connections = new Set<Deno.Conn>();
  readonly #serving: Promise<void>[] = [];

  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#serving.push(this.#accept());
  }

  cut(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  async close(): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) this.#serving.push(this.#serve(connection));
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    this.#connections.add(connection);
    const write = (text: string) => connection.write(new TextEncoder().encode(text));
    const read = new Uint8Array(65_536);
    try {
      await write(
        `INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1000}\r\n`,
      );
      for (let length = 0; length !== null; length = (await connection.read(read))!) {
        if (!new TextDecoder().decode(read.subarray(0, length)).includes("PING\r\n")) continue;
        await new Promise((resolve) => setTimeout(resolve, this.delay));
        await write("PONG\r\n");
      }
    } catch {
      // it was cut
    }
  }
}

/** A process that has been running for a day, until it is disposed of. */
function runningForLong(): Disposable {
  const now = performance.now.bind(performance);
  performance.now = () => 86_400_000 + now();
  return { [Symbol.dispose]: () => void (performance.now = now) };
}

Deno.test({
  name: "an engine has two connections: what it sends comes back over that of its groups alone",
  ...NEEDS_NATS,
  fn: async () => {
    const port = freePort();
    await using nats = await startNats({ config: `http: "127.0.0.1:${port}"` });
    const { link, groupLink } = await openLinks({ ...OPTIONS, servers: nats.servers });
    const { connections } = await (await fetch(`http://127.0.0.1:${port}/connz`)).json();
    const names = (connections as { name: string }[]).map(({ name }) => name).sort();
    assertEquals(names, ["broker 7", "broker 7 groups"], "as NATS's monitoring shows them");
    const came: string[] = [];
    link.subscribe("a", () => came.push("link"));
    groupLink.subscribe("a", () => came.push("group link"));
    for (const each of [link, groupLink]) await each.connection.flush();
    for (const each of [link, groupLink]) each.publish("a", new Uint8Array(1));
    for (const each of [link, groupLink, link]) await each.connection.flush();
    assertEquals(came.sort(), ["group link", "group link", "link"]);
    await Promise.all([link, groupLink].map(closed));
  },
});

Deno.test({
  name: "where the second connection cannot be had the first is given back",
  ...NEEDS_NATS,
  fn: async () => {
    const port = freePort();
    await using nats = await startNats({ config: `max_connections: 1\nhttp: "127.0.0.1:${port}"` });
    const { servers } = nats;
    const error = await assertRejects(
      () => openLinks({ ...OPTIONS, servers, connectTimeout: 300 }),
      RunError,
    );
    assertEquals(error.code, "NO_BROKER");
    const connections = async (): Promise<number> =>
      (await (await fetch(`http://127.0.0.1:${port}/connz`)).json()).num_connections;
    // the server hears of it when it comes to that
    const givenBack = async (): Promise<void> => {
      while (await connections() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await within("the end of the first", givenBack());
    const options = { servers, name: "x", credentials: {}, echo: false, timeout: 5_000 };
    await closed(await NatsConnectionLink.open(options));
  },
});

Deno.test("a server that takes connections and says nothing is tried no longer than is said", async () => {
  using _old = runningForLong();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) taken.push(connection);
  })();
  const servers = [`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`];
  const opening = assertRejects(() => openLinks({ ...OPTIONS, servers, connectTimeout: 400 }), RunError);
  // one attempt that nobody bounds takes 5 s
  const error = await within("its end", opening, 4_500);
  assertEquals(error.code, "NO_BROKER");
  assert(error.message.includes("within 0.4 s"), error.message);
  assertEquals(taken.length, 1, "one attempt takes all of the time");
  listener.close();
  await serving;
  for (const connection of taken) connection.close();
});

Deno.test("of several that say nothing each has its turn, within the time that is said", async () => {
  const listeners = Array.from({ length: 4 }, () => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const taken: Deno.Conn[] = [];
  const serving = listeners.map(async (listener) => {
    for await (const connection of listener) taken.push(connection);
  });
  const servers = listeners.map(({ addr }) => `127.0.0.1:${(addr as Deno.NetAddr).port}`);
  const opening = assertRejects(() => openLinks({ ...OPTIONS, servers, connectTimeout: 1_000 }), RunError);
  // with all of the time for each it would be 4 s
  const error = await within("its end", opening, 3_500);
  assertEquals([error.code, taken.length], ["NO_BROKER", 4]);
  for (const listener of listeners) listener.close();
  await Promise.all(serving);
  for (const connection of taken) connection.close();
});

Deno.test("who connected late has as much time as others to come back", async () => {
  const port = freePort();
  const connectTimeout = 1_000;
  const opening = openLinks({ ...OPTIONS, servers: [`127.0.0.1:${port}`], connectTimeout });
  await new Promise((resolve) => setTimeout(resolve, 400));
  const server = new SlowServer(port);
  const { link, groupLink } = await within("a connection", opening);
  server.delay = connectTimeout + 200;
  const isBack = new Promise<void>((resolve) => link.watch({ up: resolve }));
  server.cut();
  await within("its return", isBack);
  await Promise.all([link, groupLink].map(closed));
  await server.close();
});

Deno.test({
  name: "who is not let in is told so with the code for that",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats({ config: "authorization { token: secret }" });
    const wrong = { ...OPTIONS, servers: nats.servers, credentials: { token: "guess" } };
    const told = assertRejects(() => openLinks(wrong), RunError);
    assertEquals((await within("that it is wrong", told, 10_000)).code, "DENIED");
  },
});

Deno.test("between two attempts lies a quarter of a second", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let attempts = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      attempts++;
      connection.close();
    }
  })();
  const servers = [`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`];
  await assertRejects(() => openLinks({ ...OPTIONS, servers, connectTimeout: 600 }), RunError);
  assert(attempts >= 1 && attempts <= 3, `${attempts}`);
  listener.close();
  await serving;
});
