/** From a link on trial to the one that follows it: what leaves over which of them. */
import { assertEquals } from "@std/assert";
import type { HandedSocket } from "../links/handed_socket.ts";
import { ConnectionBench } from "./connection_bench.ts";

const LATE = "the broker answered hello late, it speaks protocol 2";

/** A broker that is silent at hello: the connection hello was said on, which is half closed, and the one beside it. */
async function onTrial(
  bench: ConnectionBench,
  id: string,
): Promise<{ readonly first: HandedSocket; readonly second: HandedSocket }> {
  const first = await bench.machine.hello(id);
  await bench.clock.pass(1000);
  const second = await bench.machine.accept();
  await bench.clock.pass(2000);
  assertEquals((await bench.told()).map(({ type }) => type), ["silent", "connected"]);
  return { first, second };
}

/** The broker answers hello, and the one that is said on a connection behind it. */
async function answer(bench: ConnectionBench, first: HandedSocket, id: string): Promise<HandedSocket> {
  first.come("OK_2\n");
  const third = await bench.machine.hello(id);
  third.come('OK_2\ninfo {"durable":[]}\n');
  await bench.told();
  return third;
}

Deno.test("the request on the wire is waited for, and the rest leaves over v2", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  assertEquals(publisher.protocol, "classic");
  await bench.watch("one", publisher.publish("#a", "one"));
  await bench.watch("two", publisher.publish("#a", "two", { key: "k" }));
  await second.says("p1 pub #a one\n");
  first.come("OK_2\n");
  const third = await bench.machine.hello();
  third.come('OK_2\ninfo {"durable":[]}\n');
  assertEquals([await bench.told(), bench.clock.set], [[], [120_000]]);
  await third.says("");
  second.come("OK\n");
  assertEquals(await bench.ended(), ["one"]);
  assertEquals([await bench.told(), publisher.protocol], [[{ type: "upgraded" }], "2"]);
  await second.says("p1 quit\n");
  assertEquals(bench.clock.set, [500], "the first link may close first");
  second.come("OK\n");
  await bench.told();
  assertEquals(bench.clock.set, [100]);
  second.come(null);
  third.come("ok 1\n");
  assertEquals([await bench.ended(), bench.clock.set, second.closed], [["two"], [], true]);
  third.come(null);
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"]);
});

Deno.test("a request without an answer is sent again over v2 two minutes later", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  await bench.watch("one", publisher.publish("#a", "one"));
  await second.says("p1 pub #a one\n");
  const third = await answer(bench, first, "p1");
  await bench.clock.pass(119_999);
  assertEquals(await bench.told(), []);
  await bench.clock.pass(1);
  assertEquals(await bench.told(), [{ type: "upgraded" }]);
  third.come("ok 1\n");
  assertEquals(await bench.ended(), ["one"]);
});

Deno.test("with nothing on the wire v2 is spoken at once", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  await bench.watch("keyed", publisher.publish("#a", "x", { key: "k" }));
  await second.says("");
  first.come("OK_2\n");
  const third = await bench.machine.hello();
  third.come('OK_2\ninfo {"durable":[]}\n');
  assertEquals(await bench.told(), [{ type: "upgraded" }]);
  third.come("ok 1\n");
  assertEquals(await bench.ended(), ["keyed"]);
});

Deno.test("a first link that ends meanwhile is waited for no longer", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  await bench.watch("one", publisher.publish("#a", "one"));
  await answer(bench, first, "p1");
  second.come(null);
  assertEquals([await bench.told(), publisher.protocol], [[{ type: "upgraded" }], "2"]);
});

Deno.test("who is closed behind that says goodbye over v2", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  const third = await answer(bench, first, "p1");
  second.come(null);
  await bench.watch("close", publisher.close());
  await third.says("quit\n");
  assertEquals(await bench.ended(), []);
  third.come(null);
  assertEquals(await bench.ended(), ["close"]);
});

Deno.test("a v2 link that ends meanwhile is lost, and another is made", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first } = await onTrial(bench, "p1");
  const publisher = await connecting;
  await bench.watch("one", publisher.publish("#a", "one"));
  const third = await answer(bench, first, "p1");
  third.come(null);
  const told = await bench.told();
  assertEquals(told.map(({ type }) => type), ["upgraded", "lost", "retrying"]);
  await bench.clock.pass(100);
  await bench.machine.hello();
});

Deno.test("where v2 is to be tried again, the link ends for that, and the broker is known to be there", async () => {
  const bench = new ConnectionBench({ connectTimeout: 3000 });
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  await bench.watch("closed", publisher.closed);
  first.come("OK_2\n");
  await bench.machine.refuse();
  const told = await bench.told();
  assertEquals(told, [
    { type: "lost", reason: LATE },
    { type: "retrying", attempt: 1, delay: 100, reason: LATE },
  ]);
  assertEquals([second.closed, await bench.ended(), publisher.protocol], [true, [], "classic"]);
});

Deno.test("one that is known to be classic gets what waited for that, and is told", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connect();
  const { first, second } = await onTrial(bench, "p1");
  const publisher = await connecting;
  await bench.watch("keyed", publisher.publish("#a", "x", { key: "k" }));
  await bench.watch("plain", publisher.publish("#a", "y"));
  await second.says("");
  first.come("OK\n");
  assertEquals((await bench.told()).map(({ type }) => type), ["fallback"]);
  const [refused, ...others] = await bench.ended();
  assertEquals([refused?.startsWith("keyed: "), refused?.endsWith("(NEEDS_V2)"), others], [true, true, []]);
  await second.says("p1 pub #a y\n");
});

Deno.test("a subscriber has asked for nothing but whether it is awake, and subscribes over v2 at once", async () => {
  const bench = new ConnectionBench();
  const connecting = bench.connectSubscriber();
  const { first, second } = await onTrial(bench, "s1");
  const subscriber = await connecting;
  await bench.watch("one", subscriber.subscribe("#a"));
  await second.says("s1 unsub #a\n");
  first.come("OK_2\n");
  const third = await bench.machine.hello("s1");
  third.come("OK_2\ninfo {}\n");
  await third.says("sub #a\n");
  assertEquals(await bench.told(), [{ type: "upgraded" }]);
  third.come("ok 1\n");
  assertEquals([await bench.ended(), subscriber.protocol], [["one"], "2"]);
});
