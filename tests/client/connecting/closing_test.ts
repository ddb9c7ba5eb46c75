/** The end of a connection by the clock: what is waited for, and for how long. */
import { assertEquals } from "@std/assert";
import { ConnectionBench } from "./connection_bench.ts";

const HUNG_UP = "the broker closed the connection";

Deno.test("with nothing pending goodbye is said, and the broker may close first for a while", async () => {
  for (const [localPort, ms] of [[undefined, 600], [77, 1000]] as const) {
    const bench = new ConnectionBench(localPort === undefined ? {} : { localPort });
    const { publisher, socket } = await bench.frames();
    await bench.watch("closed", publisher.closed);
    await bench.watch("close", publisher.close());
    await socket.says("quit\n");
    assertEquals([bench.clock.set, socket.closed, await bench.ended()], [[ms], false, []]);
    await bench.clock.pass(ms);
    assertEquals([socket.closed, await bench.ended()], [true, ["closed", "close"]]);
    assertEquals([await bench.told(), bench.clock.set, bench.machine.tries], [[], [], 1]);
  }
});

Deno.test("a broker that closes first ends it at once", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch("close", publisher.close());
  socket.come(null);
  assertEquals([await bench.ended(), bench.clock.set], [["close"], []]);
});

Deno.test("in classic goodbye is answered, and then the broker may close first", async () => {
  const bench = new ConnectionBench({ protocol: "classic" });
  const { publisher, socket } = await bench.classic();
  await bench.watch("published", publisher.publish("#a", "x"));
  await socket.says("p1 pub #a x\n");
  socket.come("OK\n");
  assertEquals(await bench.ended(), ["published"]);
  await bench.watch("close", publisher.close());
  await socket.says("p1 quit\n");
  assertEquals(bench.clock.set, [500]);
  socket.come("OK\n");
  assertEquals([await bench.ended(), bench.clock.set], [[], [100]]);
  await bench.clock.pass(100);
  assertEquals([await bench.ended(), socket.closed], [["close"], true]);
});

Deno.test("what is pending is acknowledged first, and nothing more is taken", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch("published", publisher.publish("#a", "x"));
  await socket.says("pub #a 1\nx\n");
  await bench.watch("close", publisher.close());
  await bench.watch("later", publisher.publish("#a", "y"));
  assertEquals(await bench.ended(), ["later: the publisher is closed (CLOSED)"]);
  await socket.says("");
  assertEquals(bench.clock.set, []);
  socket.come("ok 1\n");
  await socket.says("quit\n");
  assertEquals(await bench.ended(), ["published"]);
});

Deno.test("a connection that is lost while it is closed is made again for as long as connecting may take", async () => {
  const bench = new ConnectionBench({ connectTimeout: 250 });
  const { publisher, socket } = await bench.frames();
  await bench.clock.pass(5000);
  await bench.watch("published", publisher.publish("#a", "x"));
  await bench.watch("close", publisher.close());
  await bench.clock.pass(5000);
  socket.come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"]);
  await bench.clock.pass(100);
  await bench.machine.refuse();
  const why = "lost the broker at 127.0.0.1:9000 (connection refused), 1 message not acknowledged (LOST)";
  assertEquals(await bench.ended(), [`published: ${why}`, `close: ${why}`]);
  assertEquals([await bench.told(), bench.clock.set], [[], []]);
});

Deno.test("what is pending when it is closed leaves over the next connection, and then it is over", async () => {
  const bench = new ConnectionBench({ connectTimeout: 250 });
  const { publisher, socket } = await bench.frames();
  await bench.watch("published", publisher.publish("#a", "x"));
  await bench.watch("close", publisher.close());
  socket.come(null);
  await bench.clock.pass(100);
  const next = await bench.machine.hello();
  next.come("OK_2\ninfo {}\n");
  await next.says("pub #a 1\nx\n");
  next.come("ok 1\n");
  await next.says("quit\n");
  next.come(null);
  assertEquals(await bench.ended(), ["published", "close"]);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying", "restored"]);
});

Deno.test("closing between two connections waits as long as connecting may take from then on, and not without need", async () => {
  const bench = new ConnectionBench({ connectTimeout: 250 });
  const { publisher, socket } = await bench.frames();
  await bench.watch("published", publisher.publish("#a", "x"));
  await bench.clock.pass(1000);
  socket.come(null);
  await bench.clock.pass(100);
  await bench.machine.next();
  await bench.clock.pass(4000);
  await bench.watch("close", publisher.close());
  await bench.machine.refuse();
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying", "retrying"]);
  await bench.clock.pass(200);
  await bench.machine.refuse();
  assertEquals((await bench.ended()).length, 2);

  const idle = new ConnectionBench();
  const other = await idle.frames();
  await idle.watch("closed", other.publisher.closed);
  other.socket.come(null);
  await idle.told();
  await idle.watch("close", other.publisher.close());
  assertEquals([await idle.ended(), idle.clock.set, await idle.told()], [["closed", "close"], [], []]);
});

Deno.test("a time to close in is waited for at most, and nothing behind its end", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch("published", publisher.publish("#a", "x"));
  await bench.watch("close", publisher.close({ timeout: 2000 }));
  await bench.watch("again", publisher.close({ timeout: 1500 }));
  await bench.watch("longer", publisher.close({ timeout: 1700 }));
  assertEquals(bench.clock.set, [1500]);
  await bench.clock.pass(1499);
  assertEquals([await bench.ended(), socket.closed], [[], false]);
  await bench.clock.pass(1);
  const why = "1 message not acknowledged by 127.0.0.1:9000 within 1.5 s (TIMEOUT)";
  assertEquals((await bench.ended()).sort(), [
    `again: ${why}`,
    `close: ${why}`,
    `longer: ${why}`,
    `published: ${why}`,
  ]);
  assertEquals([socket.closed, bench.clock.set], [true, []]);
  await publisher.close({ timeout: 100 }).catch(() => {});
  assertEquals(bench.clock.set, []);
});

Deno.test("closing that ends in time leaves no time behind, and one whose goodbye takes longer is no failure", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch("close", publisher.close({ timeout: 5000 }));
  assertEquals(bench.clock.set, [600, 5000]);
  socket.come(null);
  assertEquals([await bench.ended(), bench.clock.set], [["close"], []]);

  const short = new ConnectionBench();
  const other = await short.frames();
  await short.watch("closed", other.publisher.closed);
  await short.watch("close", other.publisher.close({ timeout: 100 }));
  await short.clock.pass(100);
  assertEquals([await short.ended(), other.socket.closed, short.clock.set], [["closed", "close"], true, []]);
});

Deno.test("a subscriber that is closed gives up what has not left, and has half a second for what has", async () => {
  const bench = new ConnectionBench({ protocol: "classic" });
  const connecting = bench.connectSubscriber();
  const socket = await bench.machine.accept();
  const subscriber = await connecting;
  await bench.watch("one", subscriber.subscribe("#a"));
  await bench.watch("two", subscriber.subscribe("#b"));
  await socket.says("s1 sub #a\n");
  await bench.watch("close", subscriber.close());
  const why = "the subscriber was closed before the broker answered (CLOSED)";
  assertEquals([await bench.ended(), bench.clock.set], [[`two: ${why}`], [500]]);
  await bench.clock.pass(500);
  assertEquals((await bench.ended())[0], `one: ${why}`);
});

Deno.test("a subscriber whose last request is answered in time has that answer", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  await bench.watch("one", subscriber.subscribe("#a"));
  await socket.says("sub #a\n");
  await bench.watch("close", subscriber.close());
  assertEquals(bench.clock.set, [500]);
  socket.come("ok 1\n");
  await socket.says("quit\n");
  assertEquals([await bench.ended(), bench.clock.set], [["one"], [600]]);
  socket.come(null);
  assertEquals([await bench.ended(), bench.clock.set], [["close"], []]);
});

Deno.test("a subscriber whose last request loses its broker is closed well, and at once", async () => {
  for (const reconnect of [true, false]) {
    for (const bye of ["", "bye DENIED no more\n"]) {
      const bench = new ConnectionBench({ reconnect });
      const { subscriber, socket } = await bench.framesSubscriber();
      await bench.watch("closed", subscriber.closed);
      await bench.watch("one", subscriber.subscribe("#a"));
      await bench.watch("close", subscriber.close());
      socket.come(bye);
      socket.come(null);
      assertEquals((await bench.ended()).sort(), [
        "close",
        "closed",
        "one: the subscriber was closed before the broker answered (CLOSED)",
      ]);
      assertEquals([await bench.told(), bench.clock.set], [[], []]);
    }
  }
});

Deno.test("a subscriber that is closed between two connections waits for nothing", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  socket.come(null);
  await bench.told();
  await bench.watch("one", subscriber.subscribe("#a"));
  await bench.watch("close", subscriber.close());
  assertEquals(await bench.ended(), [
    "one: the subscriber was closed before the broker answered (CLOSED)",
    "close",
  ]);
  assertEquals(bench.clock.set, []);
});

Deno.test("a publisher that is left behind is closed, and one that was lost is no error then", async () => {
  const bench = new ConnectionBench({ reconnect: false });
  const { publisher, socket } = await bench.frames();
  socket.come(null);
  await bench.watch("closed", publisher.closed);
  await bench.watch("disposed", (async () => await publisher[Symbol.asyncDispose]())());
  await bench.watch("close", publisher.close());
  const why = `lost the broker at 127.0.0.1:9000 (${HUNG_UP}) (LOST)`;
  assertEquals(await bench.ended(), [`closed: ${why}`, "disposed", `close: ${why}`]);
});

Deno.test("a time to close in that cannot be meant is refused, and nothing is closed", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  for (const timeout of [-1, NaN, 2 ** 31]) await bench.watch(`${timeout}`, publisher.close({ timeout }));
  assertEquals(
    await bench.ended(),
    [-1, NaN, 2 ** 31].map((ms) =>
      `${ms}: timeout is milliseconds from 0 to 2147483647, ${ms} is not (undefined)`
    ),
  );
  await socket.says("");
  await bench.watch("published", publisher.publish("#a", "x"));
  socket.come("ok 1\n");
  assertEquals([await bench.ended(), bench.clock.set], [["published"], []]);
  await bench.watch("close", publisher.close());
  socket.come(null);
  assertEquals(await bench.ended(), ["close"]);
});
