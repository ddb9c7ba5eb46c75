import { assertEquals, assertRejects } from "@std/assert";
import { Incoming, QUIET } from "../../../lib/client/sockets/incoming.ts";
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import { HandedClock } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

/** What comes out of a socket in memory. */
class Bench {
  readonly socket = new HandedSocket();
  readonly clock = new HandedClock();
  readonly incoming = new Incoming(this.socket, this.clock);

  async read(): Promise<string | null> {
    const bytes = await within("a read", this.incoming.read());
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  /** Begins to read with so much patience. */
  readWithin(ms: number): Promise<string | null | typeof QUIET> {
    const reading = within("a read with patience", this.incoming.readWithin(ms));
    return reading.then((read) => read instanceof Uint8Array ? new TextDecoder().decode(read) : read);
  }
}

Deno.test("what comes in time is given, and nothing is waited for any more", async () => {
  const bench = new Bench();
  const reading = bench.readWithin(100);
  assertEquals(bench.clock.set, [100]);
  await bench.clock.pass(99);
  bench.socket.come("in time");
  assertEquals([await reading, bench.clock.set], ["in time", []]);
  bench.socket.come(null);
  assertEquals(await bench.readWithin(100), null);
});

Deno.test("a read that took too long is the next one's, whoever that is", async () => {
  const bench = new Bench();
  for (const next of ["read", "readWithin"] as const) {
    const late = bench.readWithin(100);
    await bench.clock.pass(100);
    assertEquals(await late, QUIET);
    const reading = next === "read" ? bench.read() : bench.readWithin(100);
    bench.socket.come("first");
    bench.socket.come("second");
    assertEquals([await reading, await bench.read()], ["first", "second"], next);
  }
});

Deno.test("with all the patience there is no time is set, and an end comes as it would", async () => {
  const bench = new Bench();
  const reading = bench.readWithin(Infinity);
  assertEquals(bench.clock.set, []);
  bench.socket.come("whenever");
  assertEquals(await reading, "whenever");
});

Deno.test("bytes that are given back are read next, once; none are none", async () => {
  const bench = new Bench();
  bench.incoming.unread(new TextEncoder().encode("back"));
  bench.socket.come("new");
  assertEquals([await bench.read(), await bench.read()], ["back", "new"]);
  bench.incoming.unread(new Uint8Array(0));
  bench.socket.come("newer");
  assertEquals(await bench.read(), "newer");
});

Deno.test("what goes wrong after a read took too long is told to who reads next, and to nobody before", async () => {
  const failing = Promise.withResolvers<Uint8Array | null>();
  const clock = new HandedClock();
  const incoming = new Incoming({ read: () => failing.promise } as Socket, clock);
  const late = within("a read with patience", incoming.readWithin(10));
  await clock.pass(10);
  assertEquals(await late, QUIET);
  failing.reject(new Deno.errors.ConnectionReset("reset"));
  await clock.pass(0);
  await assertRejects(() => within("a read", incoming.read()), Deno.errors.ConnectionReset);
});
