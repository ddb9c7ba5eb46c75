/** Messages that are given up, and who is let go of by that. */
import { assertEquals } from "@std/assert";
import { ConnectionBench } from "../connecting/connection_bench.ts";

const MIB = "x".repeat(1024 * 1024);

Deno.test("who waits for what is withdrawn is told, and who waits for room has it then", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  socket.come(null);
  await bench.told();
  const stop = new AbortController();
  for (let at = 0; at < 5; at++) {
    await bench.watch(`${at}`, publisher.publish("#a", MIB, { signal: stop.signal }));
  }
  assertEquals(publisher.full, true);
  await bench.watch("ready", publisher.ready());
  await bench.watch("drained", publisher.drained());
  assertEquals(await bench.ended(), []);
  stop.abort(new Error("enough"));
  assertEquals((await bench.ended()).toSorted(), [
    ...[0, 1, 2, 3, 4].map((at) => `${at}: enough (undefined)`),
    "drained",
    "ready",
  ]);
  assertEquals([publisher.pending, publisher.full], [0, false]);
});

Deno.test("a publisher that is lost for good leaves no time and no signal behind", async () => {
  const bench = new ConnectionBench({ reconnect: false });
  const { publisher, socket } = await bench.frames();
  const stop = new AbortController();
  await bench.watch("1", publisher.publish("#a", "x", { timeout: 1000, signal: stop.signal }));
  await bench.watch("2", publisher.publish("#a", "x", { timeout: 5000 }));
  await bench.watch("drained", publisher.drained());
  socket.come(null);
  const lost =
    "lost the broker at 127.0.0.1:9000 (the broker closed the connection), 2 messages not acknowledged";
  assertEquals((await bench.ended()).toSorted(), [`1: ${lost} (LOST)`, `2: ${lost} (LOST)`, "drained"]);
  assertEquals(bench.clock.set, []);
  stop.abort(new Error("late"));
  assertEquals([await bench.told(), await bench.ended()], [[], []]);
});

Deno.test("a message that has left is told as uncertain, and its place is kept until it is answered", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  await bench.watch("1", publisher.publish("#a", "x", { timeout: 50 }));
  publisher.send("#a", "y", { timeout: 50 });
  await bench.watch("3", publisher.publish("#a", "z"));
  await bench.watch("drained", publisher.drained());
  await bench.clock.pass(60);
  const unsure =
    'the message to "#a" was not acknowledged within 50 ms: it may have been published, or may still be';
  assertEquals(await bench.ended(), [`1: ${unsure} (TIMEOUT)`]);
  const [told] = await bench.told();
  assertEquals(told?.type === "refused" && [told.number, told.error.message], [2, unsure]);
  assertEquals(publisher.pending, 3);
  socket.come("ok 2\nerr DENIED no\n");
  assertEquals(await bench.ended(), [
    "drained",
    '3: the broker refused to publish to "#a" (DENIED): no (DENIED)',
  ]);
  assertEquals(await bench.told(), []);
});

Deno.test("a message that nobody waits for and whose signal is aborted is told with that", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  socket.come(null);
  await bench.told();
  const stop = new AbortController();
  publisher.send("#a", "x", { signal: stop.signal });
  stop.abort(new Error("enough"));
  const [told] = await bench.told();
  const said = told?.type === "refused" && [told.number, told.error.code, told.error.message];
  const aborted = 'the message to "#a" was given up, for its signal was aborted: it was not published';
  assertEquals(said, [1, "ABORTED", aborted]);
});

Deno.test("a message that was given up is told of once, whatever comes of it", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  publisher.send("#a", "x", { timeout: 50, minSubs: 2 });
  await bench.watch("2", publisher.publish("#a", "y", { timeout: 5000 }));
  await bench.clock.pass(60);
  assertEquals((await bench.told()).length, 1);
  socket.come("ok 1 subs=0\n");
  assertEquals([await bench.told(), await bench.ended()], [[], []]);
  socket.come("err DENIED no\n");
  assertEquals([await bench.told(), (await bench.ended()).length, bench.clock.set], [[], 1, []]);
});

Deno.test("a message that nobody waits for and that was given up on its way is not told as refused, too", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  const stop = new AbortController();
  publisher.send("#a", "1", { timeout: 50, minSubs: 2 });
  publisher.send("#a", "2", { signal: stop.signal, timeout: 5000 });
  publisher.send("#a", "3");
  await socket.says("pub #a 1\n1\npub #a 1\n2\npub #a 1\n3\n");
  await bench.clock.pass(60);
  stop.abort();
  const numbers = async (): Promise<unknown[]> =>
    (await bench.told()).map((each) => each.type === "refused" && [each.number, each.error.code]);
  assertEquals(await numbers(), [[1, "TIMEOUT"], [2, "ABORTED"]]);
  socket.come("err DENIED no\n".repeat(3));
  assertEquals([await numbers(), bench.clock.set], [[[3, "DENIED"]], []]);
});

Deno.test("a message that nobody waits for is refused behind one that was withdrawn, and told", async () => {
  const bench = new ConnectionBench();
  const { publisher, socket } = await bench.frames();
  socket.come(null);
  await bench.told();
  await bench.watch("1", publisher.publish("#a", "x", { timeout: 50 }));
  publisher.send("#a", "y");
  await bench.clock.pass(100);
  assertEquals((await bench.ended()).length, 1);
  const next = await bench.machine.hello();
  next.come('OK_2\ninfo {"durable":[]}\n');
  await next.says("pub #a 1\ny\n");
  await bench.told();
  next.come("err DENIED no\n");
  const [told, ...others] = await bench.told();
  assertEquals([told?.type === "refused" && told.number, others], [2, []]);
});
