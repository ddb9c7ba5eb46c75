import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Host } from "../../../lib/client/host.ts";
import { ConnectError } from "../../../lib/client/sockets/connect_error.ts";
import { openSocket } from "../../../lib/client/sockets/open_socket.ts";
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import { within } from "../../support/within.ts";

const TO = { host: "broker.example", port: 5, localPort: undefined };
const SOCKET = {} as Socket;

/** A host whose tries end as the test says, with a clock that goes off by hand. */
class Bench {
  readonly tries: { readonly signal: AbortSignal; readonly settle: PromiseWithResolvers<Socket> }[] = [];
  readonly timers = new Map<number, { readonly ms: number; readonly callback: () => void }>();
  readonly host: Host;

  constructor() {
    this.host = {
      clock: {
        now: () => 0,
        wall: () => 0,
        after: (ms, callback) => {
          this.timers.set(this.timers.size + 1, { ms, callback });
          return this.timers.size;
        },
        every: () => 0,
        cancel: (timer) => void this.timers.delete(timer as number),
      },
      random: () => 0,
      random32: () => 0,
      connect: (_, signal) => {
        const settle = Promise.withResolvers<Socket>();
        signal.addEventListener("abort", () => settle.reject(new Error("of the machine's own making")));
        this.tries.push({ signal, settle });
        return settle.promise;
      },
    };
  }

  open(signal: AbortSignal): Promise<Socket> {
    const opening = openSocket(TO, { host: this.host, within: 1234.4, signal });
    return within("a socket, or why there is none", opening);
  }
}

Deno.test("a socket that opens in time is given, and nothing is waited for any more", async () => {
  const bench = new Bench();
  const end = new AbortController();
  const opened = bench.open(end.signal);
  assertEquals([...bench.timers.values()].map(({ ms }) => ms), [1234.4]);
  bench.tries[0]!.settle.resolve(SOCKET);
  assert(await opened === SOCKET);
  assertEquals(bench.timers.size, 0);
  end.abort();
  assert(!bench.tries[0]!.signal.aborted, "it is the caller's now, whatever the signal says");
});

Deno.test("with a signal that is aborted already nothing is tried", async () => {
  const bench = new Bench();
  await assertRejects(() => bench.open(AbortSignal.abort(new RangeError("enough"))), RangeError, "enough");
  assertEquals([bench.tries.length, bench.timers.size], [0, 0]);
});

Deno.test("a signal ends a try, with its own reason", async () => {
  const bench = new Bench();
  const end = new AbortController();
  const opened = bench.open(end.signal);
  end.abort(new RangeError("enough"));
  await assertRejects(() => opened, RangeError, "enough");
  assert(bench.tries[0]!.signal.aborted);
  assertEquals(bench.timers.size, 0);
});

Deno.test("a try that takes too long ends with how long it had", async () => {
  const bench = new Bench();
  const opened = bench.open(new AbortController().signal);
  bench.timers.get(1)!.callback();
  await assertRejects(() => opened, ConnectError, "no answer within 1234 ms");
  assert(bench.tries[0]!.signal.aborted);
});

Deno.test("what the system says is said in words", async () => {
  const bench = new Bench();
  const opened = bench.open(new AbortController().signal);
  bench.tries[0]!.settle.reject(new Deno.errors.ConnectionRefused("os error 111"));
  await assertRejects(() => opened, ConnectError, "connection refused");
  assertEquals(bench.timers.size, 0);
});
