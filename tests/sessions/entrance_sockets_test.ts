/** What becomes of who comes in by a socket, whose runtime is played by the test. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PUBLISHERS } from "../../lib/broker/mod.ts";
import { RunError } from "../../lib/errors.ts";
import type { LogFields } from "../../lib/log.ts";
import { Entrance, turnAway } from "../../lib/sessions/entrance.ts";
import type { ListenSpec } from "../../lib/sessions/listener.ts";
import type { Handshake, TlsSource } from "../../lib/sessions/tls/types.ts";
import { HandshakeError } from "../../lib/sessions/tls/types.ts";
import type { Transport } from "../../lib/sessions/transport.ts";
import { standIn } from "../cli/stand_in.ts";
import { settled } from "../support/handed_clock.ts";
import { StillClock } from "../support/still_clock.ts";

/** A connection that was accepted, and all that was done to it. */
function comerFrom(remoteAddr: Deno.Addr): { connection: Deno.TcpConn; done: string[] } {
  const done: string[] = [];
  const connection = {
    remoteAddr,
    localAddr: remoteAddr,
    setNoDelay: (on: boolean) => done.push(`no delay ${on}`),
    setKeepAlive: (on: boolean) => done.push(`keep alive ${on}`),
    read: () => Promise.resolve(null),
    write: (bytes: Uint8Array) => {
      done.push(`write ${new TextDecoder().decode(bytes)}`);
      return Promise.resolve(bytes.length);
    },
    closeWrite: () => Promise.resolve(),
    close: () => done.push("close"),
  };
  return { connection: connection as unknown as Deno.TcpConn, done };
}

function tcp(hostname: string): Deno.NetAddr {
  return { transport: "tcp", hostname, port: 5 };
}

/** A socket by which these come. */
function socketOf(comers: readonly Deno.TcpConn[]): { socket: Deno.TcpListener; closes: () => number } {
  const left = [...comers];
  const closed = Promise.withResolvers<never>();
  closed.promise.catch(() => {});
  let closes = 0;
  const socket = {
    addr: tcp("127.0.0.1"),
    accept: () => {
      const next = left.shift();
      return next === undefined ? closed.promise : Promise.resolve(next);
    },
    close: () => {
      closes++;
      closed.reject(new Deno.errors.BadResource("closed"));
    },
  };
  return { socket: socket as unknown as Deno.TcpListener, closes: () => closes };
}

/** An entrance, and all it tells. */
class Door {
  readonly clock = new StillClock();
  readonly logged: (readonly [event: string, fields: LogFields])[] = [];
  readonly served: string[] = [];
  readonly failures: unknown[] = [];
  /** Places that are taken. */
  places = 0;
  mayCome = true;
  /** Why nobody can be served. */
  broken: Error | undefined;
  readonly entrance: Entrance;

  constructor() {
    const add = (event: string, fields: LogFields = {}): void => void this.logged.push([event, fields]);
    this.entrance = new Entrance({
      log: { debug: add, info: add, warn: add, error: add },
      clock: this.clock,
      turned: () => Promise.resolve(),
      comes: ({ address }) => {
        this.served.push(`comes ${address}`);
        if (!this.mayCome) return undefined;
        this.places++;
        return { leave: () => void this.places-- };
      },
      serve: (_, { address, listener }) => {
        this.served.push(`serve ${address} ${listener.name}`);
        return this.broken === undefined ? Promise.resolve() : Promise.reject(this.broken);
      },
      exhausted: () => {},
      failed: (error) => this.failures.push(error),
    });
  }

  /** Listens on sockets by which these come. */
  async listen(
    comers: readonly Deno.TcpConn[],
    more: Partial<ListenSpec> = {},
  ): Promise<ReturnType<typeof socketOf>> {
    const made = socketOf(comers);
    using _ = standIn(Deno, "listen", (() => made.socket) as unknown as typeof Deno.listen);
    this.entrance.listen([{ ...SPEC, ...more }]);
    await settled();
    return made;
  }
}

const SPEC: ListenSpec = { ...PUBLISHERS, hostname: "127.0.0.1", port: 5 };

Deno.test("who comes in is served without delays and kept alive, and known by where it comes from", async () => {
  const comers = [
    comerFrom(tcp("10.0.0.1")),
    comerFrom(tcp("::ffff:10.0.0.1")),
    comerFrom(tcp("::1")),
    comerFrom(tcp("fe80::ffff:1")),
    comerFrom({ transport: "unix", path: "/x" }),
  ];
  const door = new Door();
  await door.listen(comers.map(({ connection }) => connection));
  assertEquals(door.served, [
    "serve 10.0.0.1:5 publishers",
    "serve 10.0.0.1:5 publishers",
    "serve [::1]:5 publishers",
    "serve [fe80::ffff:1]:5 publishers",
    "serve unix publishers",
  ]);
  for (const { done } of comers) assertEquals(done, ["no delay true", "keep alive true"]);
  door.entrance.close();
});

Deno.test("what is listened on is known until it is closed, and who cannot listen on all listens on none", async () => {
  const door = new Door();
  const { closes } = await door.listen([]);
  assertEquals(door.entrance.listening, [{ name: "publishers", address: tcp("127.0.0.1") }]);
  const other = socketOf([]);
  let left = 1;
  const listen = (): Deno.TcpListener => {
    if (left-- > 0) return other.socket;
    throw new Deno.errors.AddrInUse("taken");
  };
  {
    using _ = standIn(Deno, "listen", listen as unknown as typeof Deno.listen);
    assertThrows(() => door.entrance.listen([SPEC, SPEC]), RunError);
  }
  assertEquals([door.entrance.listening.length, other.closes(), closes()], [1, 1, 0]);
  door.entrance.close();
  door.entrance.close();
  assertEquals([door.entrance.listening, closes()], [[], 1]);
});

Deno.test("that TLS is spoken where it is not is told once in a while, with how often it was", () => {
  const door = new Door();
  const tell = (): void => door.entrance.tellTls({ listener: PUBLISHERS, address: "10.0.0.1:5" });
  for (let times = 0; times < 3; times++) tell();
  door.clock.pass(9999);
  tell();
  door.clock.pass(1);
  tell();
  const event = "TLS on a port without: connect without TLS, or start the broker with --tls-cert";
  assertEquals(
    door.logged,
    [1, 4].map((times) => [
      event,
      { listener: "publishers", address: "10.0.0.1:5", times },
    ]),
  );
});

/** TLS whose handshakes end as the test says. */
class Tls implements TlsSource {
  readonly certificate = { names: "DNS:a", notBefore: 0, notAfter: 1 };
  readonly begun: PromiseWithResolvers<Transport>[] = [];

  handshake(): Handshake {
    const outcome = Promise.withResolvers<Transport>();
    this.begun.push(outcome);
    return {
      done: outcome.promise,
      abandon: () => outcome.reject(new HandshakeError("failed", "abandoned")),
    };
  }
}

Deno.test("who speaks TLS has a place from when it comes until its handshake is over, and is served then", async () => {
  const door = new Door();
  const tls = new Tls();
  const comer = comerFrom(tcp("10.0.0.1"));
  await door.listen([comer.connection], { tls });
  assertEquals(door.entrance.listening, [
    { name: "publishers", address: tcp("127.0.0.1"), certificate: tls.certificate },
  ]);
  assertEquals([door.served, door.places, door.entrance.handshakes], [["comes 10.0.0.1:5"], 1, 1]);
  tls.begun[0]!.resolve(comer.connection);
  await settled();
  assertEquals([door.served, door.places, door.entrance.handshakes], [
    ["comes 10.0.0.1:5", "serve 10.0.0.1:5 publishers"],
    0,
    0,
  ]);
  door.entrance.close();
});

Deno.test("who finds no place begins no handshake and is closed, and who fails it leaves its place", async () => {
  const door = new Door();
  const tls = new Tls();
  const [late, failing] = [comerFrom(tcp("10.0.0.1")), comerFrom(tcp("10.0.0.2"))];
  door.mayCome = false;
  await door.listen([late.connection], { tls });
  assertEquals([tls.begun.length, late.done.at(-1), door.places], [0, "close", 0]);
  door.mayCome = true;
  await door.listen([failing.connection], { tls });
  assertEquals(door.places, 1);
  tls.begun[0]!.reject(new HandshakeError("failed", "why"));
  await settled();
  assertEquals([door.places, door.served.filter((each) => each.startsWith("serve"))], [0, []]);
  assertEquals(door.failures, []);
  door.entrance.close();
});

Deno.test("whose handshake is over when its socket has been closed is not served, but closed", async () => {
  const door = new Door();
  const tls = new Tls();
  const comer = comerFrom(tcp("10.0.0.1"));
  await door.listen([comer.connection], { tls });
  tls.begun[0]!.resolve(comer.connection);
  door.entrance.close();
  await settled();
  assertEquals([door.served, comer.done.at(-1), door.places], [["comes 10.0.0.1:5"], "close", 0]);
});

Deno.test("an entrance that closes ends the handshakes that are under way, and their places are left", async () => {
  const door = new Door();
  const comer = comerFrom(tcp("10.0.0.1"));
  await door.listen([comer.connection], { tls: new Tls() });
  assertEquals([door.places, door.entrance.handshakes], [1, 1]);
  door.entrance.close();
  await settled();
  assertEquals([door.places, door.entrance.handshakes, door.served], [0, 0, ["comes 10.0.0.1:5"]]);
});

Deno.test("a defect behind a handshake is told as one", async () => {
  const door = new Door();
  const tls = new Tls();
  const comer = comerFrom(tcp("10.0.0.1"));
  door.broken = new TypeError("a defect");
  await door.listen([comer.connection], { tls });
  tls.begun[0]!.resolve(comer.connection);
  await settled();
  assertEquals(door.failures, [door.broken]);
  door.entrance.close();
});

Deno.test("who is turned away is told why and closed, also where it is gone already", async () => {
  const comer = comerFrom(tcp("10.0.0.1"));
  await turnAway(comer.connection, PUBLISHERS);
  assertEquals(comer.done, ["write ERR_TOO_MANY_CONNECTIONS\n", "close"]);
  for (const [error, told] of [[new Deno.errors.BrokenPipe("gone"), false], ["no error", true]] as const) {
    const gone = comerFrom(tcp("10.0.0.1"));
    const transport = {
      ...gone.connection,
      write: () => Promise.reject(error),
      close: gone.connection.close,
    };
    const turned = turnAway(transport as unknown as Transport, PUBLISHERS);
    if (told) await assertRejects(() => turned.catch((why) => Promise.reject(new Error(String(why)))), Error);
    else await turned;
    assertEquals(gone.done, ["close"]);
  }
});
