/** The life of a connection by the clock: its start, its losses, and what is told of them. */
import { assertEquals, assertRejects } from "@std/assert";
import { RunError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { ConnectionBench } from "./connection_bench.ts";

const HUNG_UP = "the broker closed the connection";
const REFUSED = "connection refused";

Deno.test("connecting is tried with growing pauses until the time for it would be over", async () => {
  const bench = new ConnectionBench({ connectTimeout: 300 });
  const failing = bench.watch("connecting", bench.connect());
  for (const [attempt, delay, within] of [[1, 100, 1000], [2, 200, 1000]] as const) {
    await bench.machine.next();
    assertEquals(bench.clock.set, [within], "a try has a second at least");
    await bench.machine.refuse();
    assertEquals(await bench.told(), [{ type: "retrying", attempt, delay, reason: REFUSED }]);
    assertEquals([bench.machine.waiting, bench.clock.set], [0, [delay]]);
    await bench.clock.pass(delay);
  }
  await bench.machine.refuse();
  await failing;
  assertEquals(await bench.ended(), [`connecting: no broker at 127.0.0.1:9000 (${REFUSED}) (NO_BROKER)`]);
  assertEquals([await bench.told(), bench.machine.tries, bench.clock.set], [[], 3, []]);
});

Deno.test("a pause that ends when the time does is waited for, and one that ends later is not", async () => {
  const just = new ConnectionBench({ connectTimeout: 100 });
  await just.watch("connecting", just.connect());
  await just.machine.refuse();
  await just.clock.pass(100);
  await just.machine.refuse();
  assertEquals((await just.ended()).length, 1);

  const over = new ConnectionBench({ connectTimeout: 99 });
  await over.watch("connecting", over.connect());
  await over.machine.refuse();
  assertEquals([(await over.ended()).length, await over.told(), over.clock.set], [1, [], []]);
});

Deno.test("a try has what is left of the time for connecting", async () => {
  const bench = new ConnectionBench({ connectTimeout: 5000 });
  await bench.watch("connecting", bench.connect());
  await bench.machine.next();
  assertEquals(bench.clock.set, [5000]);
  await bench.clock.pass(1500);
  await bench.machine.refuse();
  await bench.clock.pass(100);
  assertEquals(bench.clock.set, [3400]);
  await bench.clock.pass(3400);
  assertEquals(await bench.ended(), [
    "connecting: no broker at 127.0.0.1:9000 (no answer within 3400 ms) (NO_BROKER)",
  ]);
  assertEquals((await bench.told()).length, 1);
});

Deno.test("what no other try could change ends connecting at once, and what was said is told", async () => {
  const table: [answer: string, ends: string][] = [
    [
      "HTTP/1.1 400 Bad Request\r\n",
      "cannot connect to 127.0.0.1:9000: the port speaks HTTP: publishers have another",
    ],
    ["ERR_NEEDS_TLS\n", "cannot connect to 127.0.0.1:9000: the port speaks TLS: connect with it (--tls)"],
    [
      "ERR_DENIED\n",
      "the broker at 127.0.0.1:9000 lets in only who shows the name and the token of an account",
    ],
  ];
  for (const [answer, ends] of table) {
    const bench = new ConnectionBench();
    await bench.watch("connecting", bench.connect());
    (await bench.machine.hello()).come(answer);
    const [told] = await bench.ended();
    assertEquals([told?.startsWith(`connecting: ${ends} (`), await bench.told()], [true, []], told);
    assertEquals([bench.machine.tries, bench.clock.set], [1, []]);
  }
});

Deno.test("who takes a connection and does not serve it is told apart from who is not there", async () => {
  const bench = new ConnectionBench({ connectTimeout: 0 });
  await bench.watch("connecting", bench.connect());
  (await bench.machine.hello()).come("ERR_BUSY\n");
  assertEquals(await bench.ended(), [
    "connecting: the broker at 127.0.0.1:9000 turned this publisher away (ERR_BUSY): " +
    "try again later, or raise its limit (undefined)",
  ]);

  const silent = new ConnectionBench({ connectTimeout: 0, protocol: "2" });
  await silent.watch("connecting", silent.connectSubscriber());
  (await silent.machine.hello("s1")).come(null);
  assertEquals(await silent.ended(), [
    "connecting: 127.0.0.1:9090 takes a connection and gives no answer (the broker closed the connection at hello): " +
    "it serves no more subscribers now, stands still, or is no broker (undefined)",
  ]);
});

Deno.test("a signal ends connecting with its reason, in the middle of a pause, too, and leaves nothing behind", async () => {
  for (const paused of [true, false]) {
    const bench = new ConnectionBench();
    const connecting = bench.connect();
    if (paused) await bench.machine.refuse();
    await bench.told();
    bench.stop.abort(new Error("enough"));
    await assertRejects(() => connecting, Error, "enough");
    assertEquals([bench.machine.waiting, bench.clock.set], [0, []]);
  }
});

Deno.test("that there is a connection is told with where it goes to, where it leaves from, and how it speaks", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  (await bench.machine.hello()).come("OK_2\ninfo {}\n");
  const publisher = await connecting;
  const address = "127.0.0.1:9000";
  assertEquals(await bench.told(), [{ type: "connected", address, localPort: 1, protocol: "2" }]);
  assertEquals([publisher.protocol, bench.clock.set], ["2", []]);
});

Deno.test("a connection that is lost is made again, with pauses that begin anew when it was up for a second", async () => {
  const bench = new ConnectionBench();
  const { socket } = await bench.frames();
  await bench.clock.pass(1000);
  socket.come(null);
  const lost = { type: "lost", reason: HUNG_UP } as const;
  assertEquals(await bench.told(), [lost, { type: "retrying", attempt: 1, delay: 100, reason: HUNG_UP }]);
  await bench.clock.pass(100);
  assertEquals(bench.clock.set, [5000], "how long a try may take");
  let next = await bench.machine.hello();
  next.come("OK_2\ninfo {}\n");
  assertEquals(await bench.told(), [{ type: "restored", address: "127.0.0.1:9000", protocol: "2" }]);
  await bench.clock.pass(999);
  next.come(null);
  assertEquals(await bench.told(), [lost, { type: "retrying", attempt: 2, delay: 200, reason: HUNG_UP }]);
  await bench.clock.pass(200);
  await bench.machine.refuse();
  assertEquals(await bench.told(), [{ type: "retrying", attempt: 3, delay: 400, reason: REFUSED }]);
  await bench.clock.pass(400);
  next = await bench.machine.hello();
  next.come("OK_2\ninfo {}\n");
  await bench.told();
  await bench.clock.pass(1000);
  next.come(null);
  assertEquals((await bench.told())[1], { type: "retrying", attempt: 1, delay: 100, reason: HUNG_UP });
});

Deno.test("a broker that was there is tried again for ever, whatever is said meanwhile", async () => {
  const bench = new ConnectionBench({ connectTimeout: 1000 });
  const { publisher, socket } = await bench.frames();
  await bench.watch("closed", publisher.closed);
  socket.come(null);
  await settled();
  for (
    const each of ["refused", "ERR_NEEDS_TLS\n", "ERR_BUSY\n", "refused", "refused", "refused", "refused"]
  ) {
    await bench.clock.pass(5000);
    if (each === "refused") await bench.machine.refuse();
    else (await bench.machine.hello()).come(each);
  }
  assertEquals((await bench.told()).at(-1), { type: "retrying", attempt: 8, delay: 5000, reason: REFUSED });
  assertEquals(await bench.ended(), []);
});

Deno.test("one that never answered is tried until the time for connecting is over, if none of its connections was up for a second", async () => {
  const bench = new ConnectionBench({ protocol: "classic", connectTimeout: 150 });
  const { publisher, socket } = await bench.classic();
  await bench.watch("closed", publisher.closed);
  socket.come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"]);
  await bench.clock.pass(100);
  (await bench.machine.accept()).come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["restored", "lost"]);
  assertEquals(await bench.ended(), [
    `closed: 127.0.0.1:9000 takes a connection and gives no answer (${HUNG_UP}): ` +
    "it serves no more publishers now, stands still, or is no broker (undefined)",
  ]);
});

Deno.test("a connection that was up for a second is one to a broker, however little was asked on it", async () => {
  for (const ms of [999, 1000]) {
    const bench = new ConnectionBench({ protocol: "classic", connectTimeout: 0 });
    const { publisher, socket } = await bench.classic();
    await bench.watch("closed", publisher.closed);
    await bench.clock.pass(ms);
    socket.come(null);
    assertEquals((await bench.ended()).length, ms === 999 ? 1 : 0, `${ms}`);
  }
});

Deno.test("an answer makes it one to a broker, too", async () => {
  const bench = new ConnectionBench({ protocol: "classic", connectTimeout: 0 });
  const { publisher, socket } = await bench.classic();
  await bench.watch("published", publisher.publish("#a", "x"));
  socket.come("OK\n");
  assertEquals(await bench.ended(), ["published"]);
  socket.come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"]);
});

Deno.test("who does not reconnect is over with its first connection, and says what is not acknowledged", async () => {
  const bench = new ConnectionBench({ reconnect: false });
  const { publisher, socket } = await bench.frames();
  await bench.watch("closed", publisher.closed);
  await bench.watch("one", publisher.publish("#a", "x"));
  await bench.watch("two", publisher.publish("#a", "y"));
  socket.come(null);
  const why = `lost the broker at 127.0.0.1:9000 (${HUNG_UP}), 2 messages not acknowledged (LOST)`;
  assertEquals(await bench.ended(), [`closed: ${why}`, `one: ${why}`, `two: ${why}`]);
  assertEquals([await bench.told(), bench.machine.tries, bench.clock.set], [[], 1, []]);
  await assertRejects(() => publisher.publish("#a", "z"), RunError, "the publisher is closed");
});

Deno.test("who does not reconnect and loses nothing says no more than that", async () => {
  const bench = new ConnectionBench({ reconnect: false });
  const { publisher, socket } = await bench.frames();
  await bench.watch("closed", publisher.closed);
  socket.come(null);
  assertEquals(await bench.ended(), [`closed: lost the broker at 127.0.0.1:9000 (${HUNG_UP}) (LOST)`]);
});

Deno.test("who does not reconnect to one that never answered is told that", async () => {
  const bench = new ConnectionBench({ reconnect: false, protocol: "classic" });
  const { publisher, socket } = await bench.classic();
  await bench.watch("closed", publisher.closed);
  socket.come(null);
  assertEquals((await bench.ended())[0]?.startsWith("closed: 127.0.0.1:9000 takes a connection"), true);
});

Deno.test("a port that speaks TLS is not tried again when it says so at the first connection, and is later", async () => {
  const first = new ConnectionBench({ protocol: "classic" });
  const one = await first.classic();
  await first.watch("closed", one.publisher.closed);
  one.socket.come("ERR_NEEDS_TLS\n");
  one.socket.come(null);
  assertEquals(await first.ended(), [
    "closed: the broker at 127.0.0.1:9000 turned this publisher away (ERR_NEEDS_TLS): " +
    "connect with TLS (--tls) (undefined)",
  ]);
  assertEquals(await first.told(), []);

  const later = new ConnectionBench({ protocol: "classic" });
  const other = await later.classic();
  await later.clock.pass(1000);
  other.socket.come("ERR_NEEDS_TLS\n");
  other.socket.come(null);
  assertEquals((await later.told()).map(({ type }) => type), ["lost", "retrying"]);
});

Deno.test("an account that is denied while it is connected is over, and nothing is tried again", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch("closed", publisher.closed);
  await bench.watch("published", publisher.publish("#a", "x"));
  socket.come("bye DENIED gone\n");
  socket.come(null);
  const why = "the broker at 127.0.0.1:9000 lets this client in no longer (gone) (DENIED)";
  assertEquals(await bench.ended(), [`closed: ${why}`, `published: ${why}`]);
  assertEquals([await bench.told(), bench.machine.tries], [[], 1]);
});

Deno.test("what is subscribed to comes back before it is told, and not where the connection ends meanwhile", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  await bench.watch("subscribed", subscriber.subscribe("#a"));
  await socket.says("sub #a\n");
  socket.come("ok 1\n");
  assertEquals(await bench.ended(), ["subscribed"]);
  socket.come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"]);
  await bench.clock.pass(100);
  let next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a\n");
  assertEquals(await bench.told(), []);
  next.come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"]);
  await bench.clock.pass(200);
  next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a\n");
  next.come("ok 1\n");
  assertEquals((await bench.told()).map(({ type }) => type), ["restored"]);
});
