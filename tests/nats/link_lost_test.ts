import { assert, assertEquals } from "@std/assert";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { within } from "../support/within.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a server says of itself. */
interface Said {
  readonly version: string;
  readonly maxPayload: number;
}

/** Enough of a NATS server to connect to, to be answered by, and to be cut off from. */
class FakeServer {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  #said: Said = { version: "2.9.10", maxPayload: 1000 };
  /** Whether it answers a PING. */
  answers = true;

  constructor() {
    void this.#accept();
  }

  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** What the next connections are told. */
  says(said: Said): void {
    this.#said = said;
  }

  /** Cuts everybody off, with an error before it or without. */
  async cut(error?: string): Promise<void> {
    for (const connection of this.#connections) {
      if (error !== undefined) await connection.write(encoder.encode(`-ERR '${error}'\r\n`));
      connection.close();
    }
    this.#connections.clear();
  }

  close(): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(connection);
      void this.#serve(connection).catch(() => this.#connections.delete(connection));
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const { version, maxPayload } = this.#said;
    const info = { server_id: "x", version, proto: 1, headers: true, max_payload: maxPayload };
    await connection.write(encoder.encode(`INFO ${JSON.stringify(info)}\r\n`));
    const read = new Uint8Array(65_536);
    for (;;) {
      const length = await connection.read(read);
      if (length === null) return;
      const pings = decoder.decode(read.subarray(0, length)).match(/^PING\r$/gm) ?? [];
      if (this.answers) { for (const _ of pings) await connection.write(encoder.encode("PONG\r\n")); }
    }
  }
}

/** A link, and a list of what it tells that can be waited for. */
class Watched {
  readonly told: string[] = [];
  readonly link: NatsConnectionLink;
  #changed: (() => void) | undefined;

  constructor(link: NatsConnectionLink) {
    this.link = link;
    link.watch({ down: (reason) => this.tell(`down: ${reason}`), up: () => this.tell("up") });
    // one that wants to know nothing
    link.watch({});
  }

  static async to(...servers: readonly string[]): Promise<Watched> {
    const options = { servers, name: "x", credentials: {}, echo: false, timeout: 5_000 };
    return new Watched(await NatsConnectionLink.open(options));
  }

  tell(what: string): void {
    this.told.push(what);
    this.#changed?.();
  }

  /** All it has told, once that is so much. */
  async count(most: number): Promise<readonly string[]> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changed = () => this.told.length >= most ? resolve() : undefined;
    this.#changed();
    await within(() => `more than ${JSON.stringify(this.told)}`, promise);
    return this.told;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.link.close(resolve));
  }
}

Deno.test("a link says what the server said before it cut it off, and of the next time nothing of that", async () => {
  const server = new FakeServer();
  const watched = await Watched.to(server.address);
  await server.cut("Stale Connection");
  await watched.count(2);
  await server.cut();
  await watched.count(4);
  assertEquals(watched.told, ["down: Stale Connection", "up", "down: the connection was lost", "up"]);
  assertEquals(watched.link.state.reconnects, 2);
  await watched.close();
  server.close();
});

Deno.test("a link that is back goes by what its server says now", async () => {
  const [one, other] = [new FakeServer(), new FakeServer()];
  one.says({ version: "2.9.10", maxPayload: 1000 });
  const watched = await Watched.to(one.address);
  const { link } = watched;
  assertEquals([link.maxPayload, link.state.version, link.state.server], [1000, "2.9.10", one.address]);
  one.says({ version: "2.10.1", maxPayload: 2000 });
  await one.cut();
  await watched.count(2);
  assertEquals([link.maxPayload, link.state.version, link.up], [2000, "2.10.1", true]);
  await watched.close();

  const either = await Watched.to(one.address, other.address);
  const [first, second] = either.link.state.server === one.address ? [one, other] : [other, one];
  first.close();
  await either.count(1);
  assertEquals([either.link.up, either.link.state.server], [false, first.address], "the last it had");
  await either.count(2);
  assertEquals(either.link.state.server, second.address);
  await either.close();
  second.close();
});

Deno.test("what was asked before a link went down is answered once, before that is told, and not when it is back", async () => {
  const server = new FakeServer();
  const watched = await Watched.to(server.address);
  const { link } = watched;
  server.answers = false;
  for (const name of ["one", "two"]) link.flush((taken) => watched.tell(`${name} ${taken}`));
  await server.cut();
  await watched.count(3);
  link.flush((taken) => watched.tell(`three ${taken}`));
  assertEquals(watched.told.splice(0), ["one false", "two false", "down: the connection was lost"]);
  server.answers = true;
  await watched.count(2);
  link.flush((taken) => watched.tell(`four ${taken}`));
  await watched.count(3);
  assertEquals(watched.told, ["three false", "up", "four true"]);
  await watched.close();
  server.close();
});

Deno.test("a link that is ended by another than its owner is lost for good, and says why", async () => {
  const server = new FakeServer();
  const watched = await Watched.to(server.address);
  const { link } = watched;
  await link.connection.close();
  assertEquals(await within("its end", link.lost), "the connection was closed");
  assertEquals([watched.told, link.up], [["down: it was closed"], false]);
  link.flush((taken) => watched.tell(`flush ${taken}`));
  await watched.count(2);
  link.publish("a", new Uint8Array(1));
  link.publish("a", new Uint8Array(1), { reply: "b" });
  const subscription = link.subscribe("a", () => {});
  subscription.drain();
  subscription.unsubscribe();
  assertEquals(watched.told, ["down: it was closed", "flush false"]);
  server.close();
});

Deno.test("a link that its owner closes tells nobody that it is down, and is not lost", async () => {
  const server = new FakeServer();
  const watched = await Watched.to(server.address);
  let lost = false;
  void watched.link.lost.then(() => lost = true);
  await watched.close();
  await watched.link.connection.closed();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([watched.told, lost], [[], false]);
  server.close();
});

Deno.test({
  name:
    "what the server says in between cuts nobody off: a subject that is not allowed is told to nobody as a message",
  ...NEEDS_NATS,
  fn: async () => {
    const config = `authorization { token: t, default_permissions { publish: ">", subscribe: "a" } }`;
    await using nats = await startNats({
      config: config.replace("token: t,", `users: [{ user: u, password: p }],`),
    });
    const options = { servers: nats.servers, name: "x", echo: true, timeout: 5_000 };
    const link = await NatsConnectionLink.open({ ...options, credentials: { user: "u", password: "p" } });
    const watched = new Watched(link);
    let came = 0;
    link.subscribe("a", () => came++);
    link.subscribe("b", () => came++);
    for (const subject of ["a", "b"]) link.publish(subject, new Uint8Array(1));
    link.flush((taken) => watched.tell(`flush ${taken}`));
    await watched.count(1);
    assertEquals([watched.told, came, link.up], [["flush true"], 1, true]);
    assert(link.state.inMessages >= 1);
    await watched.close();
  },
});
