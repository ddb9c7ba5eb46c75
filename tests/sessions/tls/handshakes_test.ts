import { assertEquals, assertRejects } from "@std/assert";
import { PUBLISHERS } from "../../../lib/broker/mod.ts";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { HANDSHAKE_MS, LAST_WORDS_MS, SELDOM_MS } from "../../../lib/limits.ts";
import { type LogFields, SILENT_LOG } from "../../../lib/log.ts";
import { Handshakes } from "../../../lib/sessions/tls/handshakes.ts";
import { type Handshake, HandshakeError, type TlsSource } from "../../../lib/sessions/tls/types.ts";
import type { Transport } from "../../../lib/sessions/transport.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { memoryPair } from "../../support/memory_pair.ts";
import { within } from "../../support/within.ts";

/** Handshakes that end when a test says so. */
class ByHand implements TlsSource {
  readonly certificate = { names: "", notBefore: 0, notAfter: 0 };
  readonly begun: PromiseWithResolvers<Transport>[] = [];
  readonly abandoned: number[] = [];

  handshake(): Handshake {
    const outcome = Promise.withResolvers<Transport>();
    const number = this.begun.push(outcome) - 1;
    const abandon = (): void => {
      this.abandoned.push(number);
      outcome.reject(new HandshakeError("failed", "abandoned"));
    };
    return { done: outcome.promise, abandon };
  }
}

Deno.test("where there are too many handshakes the oldest goes, and those that are done are none", async () => {
  const source = new ByHand();
  const told: unknown[] = [];
  const log = { ...SILENT_LOG, warn: (event: string, fields = {}) => void told.push([event, fields]) };
  const handshakes = new Handshakes({ clock: SYSTEM_CLOCK, log, turned: () => Promise.resolve(), most: 2 });
  const [transport] = memoryPair();
  const accepted = { transport, listener: PUBLISHERS, address: "10.0.0.1:5" };
  const shake = (): Promise<Transport | undefined> => handshakes.shake(accepted, source);
  const first = shake();
  const second = shake();
  source.begun[1]!.resolve(transport);
  assertEquals(await within("the second", second), transport);
  const third = shake();
  assertEquals([handshakes.size, source.abandoned], [2, []]);
  const fourth = shake();
  assertEquals(await within("the first", first), undefined);
  assertEquals([handshakes.size, source.abandoned], [2, [0]]);
  const reason = "more than 2 at a time";
  const fields = { listener: "publishers", address: "10.0.0.1:5", reason, times: 1 };
  assertEquals(told, [["TLS handshake failed", fields]]);
  handshakes.close();
  assertEquals(await within("the others", Promise.all([third, fourth])), [undefined, undefined]);
  assertEquals(handshakes.size, 0);
});

/** Handshakes with a clock that is moved by hand, one of which is begun over a connection in memory. */
class Desk {
  readonly source = new ByHand();
  readonly clock = new HandedClock();
  readonly told: unknown[] = [];
  turns = 0;
  /** Until others had their turn. */
  turn: Promise<void> = Promise.resolve();
  closes = 0;
  readonly handshakes: Handshakes;
  readonly peer: Transport;
  readonly shaking: Promise<Transport | undefined>;

  constructor(broken: Partial<Transport> = {}) {
    const tell = (level: string) => (event: string, fields: LogFields = {}): void =>
      void this.told.push([level, event, fields["reason"]]);
    this.handshakes = new Handshakes({
      clock: this.clock,
      log: { debug: tell("debug"), info: tell("info"), warn: tell("warn"), error: tell("error") },
      turned: () => {
        // who goes round without waiting would let nothing else happen
        if (++this.turns > 1000) throw new Error("others had a thousand turns");
        return this.turn;
      },
    });
    const [mine, theirs] = memoryPair();
    this.peer = mine;
    this.shaking = this.shake({
      read: (into) => theirs.read(into),
      write: (bytes) => theirs.write(bytes),
      closeWrite: () => theirs.closeWrite(),
      close: () => {
        this.closes++;
        theirs.close();
      },
      ...broken,
    });
  }

  shake(transport: Transport): Promise<Transport | undefined> {
    const accepted = { transport, listener: PUBLISHERS, address: "10.0.0.1:5" };
    return within("the end of the handshake", this.handshakes.shake(accepted, this.source));
  }

  /** The handshake comes to nothing. */
  fail(kind: HandshakeError["kind"]): void {
    this.source.begun.at(-1)!.reject(new HandshakeError(kind, "why"));
  }

  /** What the peer reads next; undefined at the end. */
  async read(): Promise<string | undefined> {
    const into = new Uint8Array(100);
    const count = await within("an answer", this.peer.read(into));
    return count === null ? undefined : new TextDecoder().decode(into.subarray(0, count));
  }

  async write(text: string): Promise<number> {
    return await within("room", this.peer.write(new TextEncoder().encode(text)));
  }
}

const PLAIN = ["warn", "plain text on a port with TLS: connect with TLS (--tls)", undefined];

Deno.test("who speaks plain text is answered, and what still comes is thrown away until it closes", async () => {
  const desk = new Desk();
  let over = false;
  const shaken = desk.shaking.then((transport) => {
    over = true;
    return transport;
  });
  desk.fail("plain");
  assertEquals([await desk.read(), await desk.read()], ["ERR_NEEDS_TLS\n", undefined]);
  for (let times = 0; times < 3; times++) {
    await desk.write("p1 pub #a x\n");
    await settled();
  }
  assertEquals([over, desk.turns], [false, 3], "others have their turns meanwhile");
  desk.peer.close();
  assertEquals(await shaken, undefined);
  assertEquals([desk.told, desk.clock.set, desk.handshakes.size], [[PLAIN], [], 0]);
  assertEquals(desk.closes, 1);
});

Deno.test("what is thrown away is read no faster than others have their turns", async () => {
  const desk = new Desk();
  const turn = Promise.withResolvers<void>();
  desk.turn = turn.promise;
  desk.fail("plain");
  await desk.read();
  for (let times = 0; times < 3; times++) {
    await desk.write("x");
    await settled();
  }
  assertEquals(desk.turns, 1);
  turn.resolve();
  await settled();
  assertEquals(desk.turns, 2, "what came meanwhile is one read");
  desk.peer.close();
  await desk.shaking;
});

Deno.test("who does not close behind the answer to plain text is closed in its time", async () => {
  const desk = new Desk();
  desk.fail("plain");
  await desk.read();
  assertEquals(desk.clock.set[0], LAST_WORDS_MS);
  await desk.clock.pass(LAST_WORDS_MS - 1);
  assertEquals(await desk.write("x"), 1);
  await desk.clock.pass(1);
  assertEquals([await desk.shaking, desk.closes], [undefined, 1]);
  await assertRejects(() => desk.write("x"), Deno.errors.BrokenPipe);
});

Deno.test("who has gone before it could be answered is closed as well, and so is whatever goes wrong", async () => {
  const desk = new Desk();
  desk.peer.close();
  desk.fail("plain");
  assertEquals(await desk.shaking, undefined);
  assertEquals([desk.clock.set, desk.handshakes.size], [[], 0]);
  assertEquals(desk.closes, 1);
  const reset = (): Promise<never> => Promise.reject(new Deno.errors.ConnectionReset("reset"));
  for (const half of [{ write: reset }, { closeWrite: reset }, { read: reset }]) {
    const cut = new Desk(half);
    cut.fail("plain");
    assertEquals([await cut.shaking, cut.closes, cut.clock.set], [undefined, 1, []]);
  }
  const odd = new Desk({ write: () => Promise.reject("no error") });
  odd.fail("plain");
  assertEquals(await odd.shaking.catch((error) => error), "no error");
  const broken = new Desk();
  broken.source.begun[0]!.reject(new TypeError("a defect"));
  await assertRejects(() => broken.shaking, TypeError, "a defect");
  assertEquals([broken.told, broken.clock.set, broken.handshakes.size], [[], [], 0]);
});

Deno.test("a handshake that is not done in its time is ended, and one that is done is let alone", async () => {
  const desk = new Desk();
  assertEquals(desk.clock.set, [HANDSHAKE_MS]);
  await desk.clock.pass(HANDSHAKE_MS - 1);
  assertEquals([desk.source.abandoned, desk.handshakes.size], [[], 1]);
  await desk.clock.pass(1);
  assertEquals(await desk.shaking, undefined);
  assertEquals(desk.told, [["warn", "TLS handshake failed", "not done within 2 s"]]);
  const done = new Desk();
  const [transport] = memoryPair();
  done.source.begun[0]!.resolve(transport);
  assertEquals(await done.shaking, transport);
  assertEquals([done.clock.set, done.told], [[], []]);
});

Deno.test("what fails is told once in a while, each kind by itself, and who only looks is no warning", async () => {
  const desk = new Desk();
  const fails = async (kind: HandshakeError["kind"]): Promise<void> => {
    const [mine, theirs] = memoryPair();
    const shaking = desk.shake(theirs);
    mine.close();
    desk.fail(kind);
    await shaking;
  };
  const kinds = ["failed", "failed", "plain", "plain", "gone", "gone"] as const;
  for (const kind of kinds) await fails(kind);
  const gone = ["debug", "TLS: gone before the handshake", undefined];
  const failed = ["warn", "TLS handshake failed", "why"];
  assertEquals(desk.told.splice(0), [failed, PLAIN, gone, gone]);
  desk.source.begun[0]!.resolve(desk.peer);
  await desk.shaking;
  await desk.clock.pass(SELDOM_MS);
  for (const kind of kinds.slice(0, 4)) await fails(kind);
  assertEquals(desk.told, [failed, PLAIN]);
});
