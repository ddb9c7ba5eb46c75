/** What becomes of a port that cannot be had, and of who comes when there is no descriptor left. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Clock } from "../../lib/clock.ts";
import { RunError } from "../../lib/errors.ts";
import { ACCEPTED_A_ROUND } from "../../lib/limits.ts";
import type { LogFields } from "../../lib/log.ts";
import { CLASSIC } from "../../lib/protocols/mod.ts";
import { acceptAll, listen } from "../../lib/sessions/listener.ts";
import { SpareDescriptor } from "../../lib/sessions/spare_descriptor.ts";
import { OpenedFiles } from "../cli/stand_in.ts";

const SPEC = { name: "publishers", roles: new Set(["publisher"] as const), protocol: CLASSIC };

/** Accepts what a test has: a connection, or an error. */
class Socket {
  readonly #accepts: (Deno.TcpConn | Error)[];
  /** Called before the accept that takes so many from its end. */
  readonly #before: ReadonlyMap<number, () => Promise<unknown>>;
  taken = 0;

  constructor(
    accepts: readonly (Deno.TcpConn | Error)[],
    before: ReadonlyMap<number, () => Promise<unknown>> = new Map(),
  ) {
    this.#accepts = [...accepts];
    this.#before = before;
  }

  async accept(): Promise<Deno.TcpConn> {
    await this.#before.get(this.taken++)?.();
    const next = this.#accepts.shift() ?? new Deno.errors.BadResource("closed");
    if (next instanceof Error) throw next;
    return next;
  }
}

/** Time passes as it is waited for. */
class Waits {
  readonly waited: number[] = [];
  readonly clock = {
    now: () => this.waited.reduce((sum, each) => sum + each, 0),
    after: (ms: number, callback: () => void) => {
      this.waited.push(ms);
      queueMicrotask(callback);
    },
  } as unknown as Clock;
}

/** What comes of all that a socket accepts. */
async function accepted(socket: Socket): Promise<{
  readonly served: number[];
  readonly away: number[];
  readonly exhausted: number;
  readonly logged: (readonly [event: string, fields: LogFields])[];
  readonly waited: readonly number[];
  readonly turns: number[];
}> {
  const { waited, clock } = new Waits();
  const told = { served: [] as number[], away: [] as number[], exhausted: 0, turns: [] as number[] };
  const logged: (readonly [event: string, fields: LogFields])[] = [];
  const add = (event: string, fields: LogFields = {}): void => void logged.push([event, fields]);
  await acceptAll(socket as unknown as Deno.TcpListener, {
    log: { debug: add, info: add, warn: add, error: add },
    clock,
    name: "publishers",
    onConnection: (connection) => told.served.push(numberOf(connection)),
    turned: () => Promise.resolve(void told.turns.push(told.served.length)),
    turnAway: (connection) => Promise.resolve(void told.away.push(numberOf(connection))),
    exhausted: () => told.exhausted++,
  });
  return { ...told, logged, waited };
}

function comer(number: number): Deno.TcpConn {
  return { number } as unknown as Deno.TcpConn;
}

function numberOf(connection: Deno.TcpConn): number {
  return (connection as unknown as { readonly number: number }).number;
}

const NO_DESCRIPTOR = new Error("Too many open files (os error 24)");

Deno.test("a port that is taken is told with where, and with what another is chosen", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const spec = { ...SPEC, hostname: "127.0.0.1", port };
  const told = (flag?: string): string =>
    assertThrows(() => listen({ ...spec, ...(flag === undefined ? {} : { flag }) }), RunError).message;
  const where = `127.0.0.1:${port} is in use: stop the program that has it, or choose another port`;
  assertEquals(told("-s"), `${where} with -s (0 takes a free one)`);
  assertEquals(told(), `${where} (0 takes a free one)`);
});

Deno.test("an address that is not this machine's is told with why, and what to change", () => {
  const { message } = assertThrows(() => listen({ ...SPEC, hostname: "192.0.2.1", port: 0 }), RunError);
  assertEquals(
    message.replace(/\(.*\)/, "(why)"),
    "cannot listen on 192.0.2.1:0 (why): choose an address of this machine with --host",
  );
});

Deno.test({
  name: "a port that may not be listened on is told as that",
  permissions: { net: false },
  fn: () => {
    const spec = { ...SPEC, hostname: "127.0.0.1", port: 80, flag: "-p" };
    assertEquals(
      assertThrows(() => listen(spec), RunError).message,
      "may not listen on 127.0.0.1:80: choose a port from 1024 up with -p",
    );
  },
});

Deno.test("others have their turn behind every few that are accepted", async () => {
  const comers = Array.from({ length: 2 * ACCEPTED_A_ROUND + 1 }, (_, at) => comer(at));
  const { served, turns, logged } = await accepted(new Socket(comers));
  assertEquals(served, comers.map((_, at) => at));
  assertEquals(turns, [ACCEPTED_A_ROUND, 2 * ACCEPTED_A_ROUND]);
  assertEquals(logged, [], "a socket that is closed is no failure");
});

Deno.test("a failure that one descriptor more mends is nobody's business", async () => {
  const { served, waited, logged, exhausted } = await accepted(new Socket([NO_DESCRIPTOR, comer(1)]));
  assertEquals({ served, waited, logged, exhausted }, { served: [1], waited: [], logged: [], exhausted: 0 });
});

Deno.test({
  name: "who comes when no descriptor is left is turned away, which is told, and the next is served",
  permissions: { read: true },
  fn: async () => {
    // where nothing may be read, the one in reserve cannot be had again
    const none = (): Promise<unknown> => Deno.permissions.revoke({ name: "read" });
    const { served, away, exhausted, logged, waited } = await accepted(
      new Socket([comer(1), NO_DESCRIPTOR, comer(2), comer(3)], new Map([[2, none]])),
    );
    assertEquals({ served, away, exhausted, waited }, {
      served: [1],
      away: [2, 3],
      exhausted: 2,
      waited: [],
    });
    const error = "no file descriptor is left, who comes is turned away";
    assertEquals(logged, [["cannot accept", { listener: "publishers", error, times: 1 }]]);
  },
});

Deno.test({
  name: "where there is none in reserve, accepting waits longer each time, until one has come",
  permissions: { read: false },
  fn: async () => {
    const fails = Array<Error>(9).fill(NO_DESCRIPTOR);
    const { served, waited, logged } = await accepted(
      new Socket([...fails, comer(1), NO_DESCRIPTOR]),
    );
    assertEquals(served, [1]);
    assertEquals(waited, [10, 20, 40, 80, 160, 320, 640, 1000, 1000, 10]);
    assertEquals(logged[0], [
      "cannot accept",
      { listener: "publishers", error: String(NO_DESCRIPTOR), times: 1 },
    ]);
    assertEquals(logged.length, 1, "once in a while");
  },
});

Deno.test("the descriptor in reserve is closed with the port", async () => {
  using opened = new OpenedFiles();
  await accepted(new Socket([comer(1)]));
  assertEquals(opened.files.length, 1);
  assertThrows(() => opened.files[0]!.statSync(), Deno.errors.BadResource);
});

Deno.test("the descriptor in reserve is there once, until it is taken again", () => {
  const spare = new SpareDescriptor();
  assertStrictEquals(spare.take(), true, "it is there");
  assertStrictEquals(spare.letGo(), true);
  assertStrictEquals(spare.letGo(), false);
  assertStrictEquals(spare.take(), true);
  assertStrictEquals(spare.letGo(), true);
});
