import { assertEquals } from "@std/assert";
import { Greeting } from "../../../lib/client/connecting/greeting.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

/** A connection on which hello is said. */
class Bench {
  readonly clock = new HandedClock();
  readonly greeting: Greeting;
  released = 0;

  constructor(readonly socket: HandedSocket = new HandedSocket()) {
    this.greeting = new Greeting(socket, {
      id: "p1",
      credentials: undefined,
      clock: this.clock,
      release: () => {
        this.released++;
      },
    });
  }
}

Deno.test("hello is said as it is made, and a connection that breaks there is one that was closed", async () => {
  const bench = new Bench();
  await bench.socket.says("p1 hello 2\n");

  const broken = new HandedSocket();
  broken.failure = new Deno.errors.BrokenPipe("gone");
  const { greeting, clock } = new Bench(broken);
  assertEquals(await within("an answer", greeting.answer(1000)), {
    kind: "unanswered",
    silent: false,
    reason: "connection reset at hello",
  });
  assertEquals(clock.set, []);
});

Deno.test("an answer that came too late for one is the next one's, however often that is asked for", async () => {
  const bench = new Bench();
  const soon = bench.greeting.answer(1000);
  await bench.clock.pass(1000);
  assertEquals((await within("silence", soon)).kind, "unanswered");
  const late = bench.greeting.late();
  assertEquals(bench.greeting.late() === late, true);
  assertEquals(bench.clock.set, []);
  bench.socket.come("OK_2\n");
  assertEquals(await within("the answer", late), { kind: "2" });
});

Deno.test("a connection is released once, by who closes it or by whom it was handed over to", () => {
  const closed = new Bench();
  assertEquals([closed.socket.closed, closed.released], [false, 0]);
  closed.greeting.close();
  assertEquals([closed.socket.closed, closed.released], [true, 1]);

  const handed = new Bench();
  const release = handed.greeting.handOver();
  handed.greeting.close();
  assertEquals(handed.released, 0);
  release();
  assertEquals(handed.released, 1);
});

Deno.test("what is said here is ended once, and a connection that is gone by then is no error", async () => {
  let ended = 0;
  const socket = new HandedSocket();
  socket.closeWrite = () => {
    ended++;
    return Promise.reject(new Deno.errors.NotConnected("gone"));
  };
  const { greeting } = new Bench(socket);
  assertEquals(greeting.halfClosed, false);
  greeting.halfClose();
  greeting.halfClose();
  await settled();
  assertEquals([ended, greeting.halfClosed], [1, true]);
});

Deno.test("one that is given up is read to its end, and closed a minute later at most", async () => {
  const bench = new Bench();
  bench.greeting.abandon();
  await settled();
  assertEquals([bench.socket.halfClosed, bench.socket.closed, bench.clock.set], [true, false, [60_000]]);
  for (const text of ["OK\n", "and", " more"]) {
    bench.socket.come(text);
    await settled();
  }
  assertEquals([bench.socket.closed, bench.released], [false, 0]);
  bench.socket.come(null);
  await settled();
  assertEquals([bench.socket.closed, bench.released, bench.clock.set], [true, 1, []]);

  const silent = new Bench();
  silent.greeting.abandon();
  await silent.clock.pass(60_000);
  assertEquals([silent.socket.closed, silent.released, silent.clock.set], [true, 1, []]);
});

Deno.test("one that is given up while its answer is waited for is read by one at a time", async () => {
  const bench = new Bench();
  const late = bench.greeting.late();
  await settled();
  bench.greeting.abandon();
  await settled();
  assertEquals(bench.socket.closed, false);
  bench.socket.come("OK\n");
  assertEquals((await within("the answer", late)).kind, "classic");
  await settled();
  assertEquals([bench.socket.closed, bench.released], [false, 0]);
  bench.socket.come(null);
  await settled();
  assertEquals([bench.socket.closed, bench.released], [true, 1]);
});

Deno.test("one that is given up and breaks is closed as any other", async () => {
  const socket = new HandedSocket();
  const bench = new Bench(socket);
  socket.come("OK\n");
  await within("the answer", bench.greeting.late());
  socket.read = () => Promise.reject(new Deno.errors.ConnectionReset("reset"));
  bench.greeting.abandon();
  await settled();
  assertEquals([socket.closed, bench.released, bench.clock.set], [true, 1, []]);
});
