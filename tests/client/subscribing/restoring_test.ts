/** Many subscriptions that are asked for again, and what is withdrawn while nothing is connected. */
import { assertEquals } from "@std/assert";
import { isLeased } from "../../../lib/client/leased_message.ts";
import type { Message, Subscriber } from "../../../lib/client/types.ts";
import { within } from "../../support/within.ts";
import { ConnectionBench } from "../connecting/connection_bench.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

const MANY = 2048;

Deno.test("no more are asked for again at once than may wait for their answers, and the rest behind these", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  for (let at = 0; at < MANY; at++) void subscriber.subscribe(`#${at}`);
  const lines = Array.from({ length: MANY }, (_, at) => `sub #${at}\n`);
  await socket.says(lines.slice(0, 1024).join(""));
  socket.come("ok 1024\n");
  await socket.says(lines.slice(1024).join(""));
  socket.come("ok 1024\n");
  await bench.told();
  assertEquals(subscriber.patterns.size, MANY);
  socket.come(null);
  await bench.clock.pass(100);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says(lines.slice(0, 1024).join(""));
  next.come("ok 1023\n");
  await bench.told();
  await next.says("");
  next.come("ok 1\n");
  await next.says(lines.slice(1024).join(""));
  assertEquals(await bench.told(), []);
  next.come("ok 1024\n");
  assertEquals((await bench.told()).map(({ type }) => type), ["restored"]);
});

Deno.test("in classic they are asked for one by one", async () => {
  const bench = new ConnectionBench({ protocol: "classic" });
  const connecting = bench.connectSubscriber();
  let socket = await bench.machine.accept();
  const subscriber = await connecting;
  for (const pattern of ["#a", "#b", "#c"]) {
    await bench.watch(pattern, subscriber.subscribe(pattern));
    await socket.says(`s1 sub ${pattern}\n`);
    socket.come("OK\n");
    assertEquals(await bench.ended(), [pattern]);
  }
  socket.come(null);
  await bench.clock.pass(100);
  socket = await bench.machine.accept();
  for (const pattern of ["#a", "#b", "#c"]) {
    await socket.says(`s1 sub ${pattern}\n`);
    assertEquals((await bench.told()).filter(({ type }) => type === "restored"), []);
    socket.come("OK\n");
  }
  assertEquals((await bench.told()).map(({ type }) => type), ["restored"]);
  socket.come(null);
  await bench.told();
  await bench.clock.pass(200);
  socket = await bench.machine.accept();
  for (const pattern of ["#a", "#b", "#c"]) {
    await socket.says(`s1 sub ${pattern}\n`);
    socket.come(pattern === "#c" ? null : "OK\n");
  }
  assertEquals((await bench.told()).map(({ type }) => type), ["lost", "retrying"], "the last has no answer");
  await bench.watch("close", subscriber.close());
  assertEquals(await bench.ended(), ["close"]);
});

Deno.test("what is subscribed to anew goes on from where that has come", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  for (const [from, seq] of [[1, 1], [5, 5]] as const) {
    await bench.watch("#a", subscriber.subscribe("#a", { from }));
    socket.come("ok 1\n");
    assertEquals(await bench.ended(), ["#a"]);
    socket.come(`batch #a 1 11 seq=${seq} ts=1\npub #a 1\nx\n`);
  }
  await bench.told();
  socket.come(null);
  await bench.clock.pass(100);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a from=6\n");
});

Deno.test("a replay goes on where it is under another policy, and where the pattern is asked for beside it (V8)", async () => {
  for (const slow of [undefined, "drop-old"] as const) {
    const bench = new ConnectionBench();
    const { subscriber, socket } = await bench.framesSubscriber();
    await bench.watch("replay", subscriber.subscribe("#a", { from: 1, to: 3 }));
    await bench.watch("beside it", subscriber.subscribe("#a", slow === undefined ? {} : { slow }));
    const fields = slow === undefined ? "" : ` slow=${slow}`;
    await socket.says(`sub #a from=1 to=3\nsub #a${fields}\n`);
    socket.come("ok 1\n");
    await bench.told();
    await bench.watch("caught up", subscriber.caughtUp("#a"));
    socket.come("batch #a 1 11 seq=1 ts=1\npub #a 1\nx\nok 1\n");
    assertEquals(await bench.ended(), ["replay", "beside it"]);
    socket.come(null);
    await bench.told();
    await bench.clock.pass(200);
    const next = await bench.machine.hello("s1");
    next.come("OK_2\ninfo {}\n");
    await next.says(`sub #a from=2 to=3${fields}\n`);
    next.come('ok 1\ninfo {"end":"#a"}\n');
    const reader = subscriber[Symbol.asyncIterator]();
    for (let count = 0; count < 2; count++) void reader.next();
    assertEquals([await bench.ended(), [...subscriber.patterns]], [["caught up"], []]);
  }
});

Deno.test("what had come to its end is not asked for again, and to unsubscribe from it is no mistake", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  await bench.watch("replay", subscriber.subscribe("#a", { from: 1, to: 1 }));
  socket.come("ok 1\nbatch #a 1 11 seq=1 ts=1\npub #a 1\nx\n");
  await bench.told();
  await bench.watch("end of #a", subscriber.unsubscribe("#a"));
  socket.come(null);
  await bench.told();
  await bench.clock.pass(100);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("unsub #a\n");
  next.come("err NOT_SUBSCRIBED you are not\n");
  assertEquals(await bench.ended(), ["replay", "end of #a"]);
});

Deno.test("a group that was refused holds nothing, and one that could not be left holds as before", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  const job = async (messages: AsyncIterable<Message>, seq: number): Promise<Message> => {
    socket.come(`batch #a 1 11 group=g seq=${seq} ts=1\npub #a 1\nx\n`);
    for await (const message of messages) return message;
    throw new Error("there is none");
  };
  await bench.watch("explicit", subscriber.subscribe("#a", { group: "g", ack: "explicit" }));
  socket.come("err DENIED no\n");
  assertEquals((await bench.ended()).length, 1);
  const joining = subscriber.subscribe("#a", { group: "g" });
  socket.come("ok 1\n");
  const plain = await within("the group", joining);
  assertEquals(isLeased(await within("a message", job(plain, 1))), false);

  const changing = subscriber.subscribe("#a", { group: "g", ack: "explicit" });
  socket.come("ok 1\n");
  const jobs = await within("the group", changing);
  await bench.watch("left", subscriber.unsubscribe("#a", { group: "g" }));
  socket.come("err BUSY no\n");
  assertEquals((await bench.ended()).length, 1);
  const message = await within("a message", job(jobs, 2));
  assertEquals([message.seq, isLeased(message)], [2, true]);
});

Deno.test("what is asked for between two connections waits for the next, behind what was subscribed to", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  await bench.watch("#a", subscriber.subscribe("#a"));
  socket.come("ok 1\n");
  await bench.told();
  socket.come(null);
  await bench.told();
  await bench.watch("#b", subscriber.subscribe("#b"));
  await bench.watch("late", subscriber.subscribe("#late", { timeout: 50 }));
  await bench.watch("end of #a", subscriber.unsubscribe("#a"));
  await bench.clock.pass(100);
  assertEquals(await bench.ended(), [
    "#a",
    'late: could not ask the broker within 50 ms to subscribe to "#late"; it is not asked any more (TIMEOUT)',
  ]);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a\n");
  next.come("ok 1\n");
  await next.says("sub #b\nunsub #a\n");
  next.come("ok 2\n");
  assertEquals(await bench.ended(), ["#b", "end of #a"]);
  assertEquals([...subscriber.patterns], ["#b"]);
});

Deno.test("a group that was left and is joined anew gives out what comes, to be settled or not", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  for (const [at, ack] of (["explicit", "auto", "explicit"] as const).entries()) {
    const joining = subscriber.subscribe("#a", { group: "g", ack });
    socket.come("ok 1\n");
    const jobs = await within("the group", joining);
    await socket.says(`sub #a group=g ack=${ack}\n`);
    socket.come(`batch #a 1 11 group=g seq=${at + 1} ts=1\npub #a 1\nx\n`);
    const { value } = await within("a message", jobs[Symbol.asyncIterator]().next());
    assertEquals([value?.seq, isLeased(value!)], [at + 1, ack === "explicit"]);
    const leaving = subscriber.unsubscribe("#a", { group: "g" });
    socket.come("ok 1\n");
    await within("the end", leaving);
    await socket.says("unsub #a group=g\n");
  }
});

/** A replay of `#a` that has come to number 1 and is not live, and its broker. */
async function reading(): Promise<{ bench: ConnectionBench; subscriber: Subscriber; socket: HandedSocket }> {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  await bench.watch("#a", subscriber.subscribe("#a", { from: "earliest" }));
  await socket.says("sub #a from=earliest\n");
  socket.come("ok 1\nbatch #a 1 11 seq=1 ts=1\npub #a 1\nx\n");
  assertEquals(await bench.ended(), ["#a"]);
  return { bench, subscriber, socket };
}

const AHEAD = "batch #a 1 11 seq=1001 ts=1001\npub #a 1\nx\n";

Deno.test("what came for a subscription that was not acknowledged yet says nothing of how far others have come", async () => {
  for (const refused of [false, true]) {
    const { bench, subscriber, socket } = await reading();
    void subscriber.subscribe("#>").catch(() => {});
    await socket.says("sub #>\n");
    socket.come(AHEAD + (refused ? "err DENIED no\n" : "ok 1\n"));
    socket.come("batch #a 1 11 seq=2 ts=2\npub #a 1\nx\n");
    await bench.told();
    socket.come(null);
    await bench.clock.pass(100);
    const next = await bench.machine.hello("s1");
    next.come("OK_2\ninfo {}\n");
    await next.says(refused ? "sub #a from=3\n" : "sub #a from=3\nsub #>\n");
  }
});

Deno.test("nor does what came for one that was granted when nobody waited any more, until that is taken back", async () => {
  for (const takenBack of [false, true]) {
    const { bench, subscriber, socket } = await reading();
    await bench.watch("#>", subscriber.subscribe("#>", { timeout: 50 }));
    await socket.says("sub #>\n");
    await bench.clock.pass(50);
    assertEquals((await bench.ended()).length, 1);
    socket.come("ok 1\n");
    await socket.says("unsub #>\n");
    socket.come(AHEAD);
    const own = "batch #a 1 11 seq=7 ts=7\npub #a 1\nx\n";
    if (takenBack) socket.come("ok 1\n" + own);
    let last = socket;
    for (const asks of [takenBack ? "sub #a from=8\n" : "sub #a from=2\n", "sub #a from=8\n"]) {
      await bench.told();
      last.come(null);
      await bench.clock.pass(400);
      last = await bench.machine.hello("s1");
      last.come("OK_2\ninfo {}\n");
      await last.says(asks);
      last.come("ok 1\n" + own);
    }
  }
});

Deno.test("before anything is asked for again nothing is live, so that what comes for one is not taken for another's", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  for (let at = 0; at < 1024; at++) void subscriber.subscribe(at === 0 ? "#t.a" : `#${at}`);
  socket.come("ok 1024\n");
  void subscriber.subscribe("#t.*", { from: "earliest" });
  socket.come('ok 1\nbatch #t.b 1 13 seq=1 ts=1000\npub #t.b 1\nx\ninfo {"live":"#t.*"}\n');
  await bench.told();
  socket.come(null);
  await bench.clock.pass(100);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await bench.told();
  await next.says(Array.from({ length: 1024 }, (_, at) => `sub ${at === 0 ? "#t.a" : `#${at}`}\n`).join(""));
  // what is live for the first of them, before the last has been asked for
  next.come("batch #t.a 1 13 seq=9 ts=9000\npub #t.a 1\nx\nok 1024\n");
  await next.says("sub #t.* from=1970-01-01T00:00:01.000Z\n");
});

Deno.test("a group that is asked for while it is left has messages to be settled, also before it is granted", async () => {
  const bench = new ConnectionBench();
  const { subscriber, socket } = await bench.framesSubscriber();
  const join = (): Promise<AsyncIterable<Message>> =>
    subscriber.subscribe("#a", { group: "g", ack: "explicit" });
  const first = join();
  socket.come("ok 1\n");
  await within("the group", first);
  void subscriber.unsubscribe("#a", { group: "g" });
  const again = join();
  socket.come("ok 1\nbatch #a 1 11 group=g seq=1 ts=1\npub #a 1\nx\nok 1\n");
  for await (const message of await within("the group", again)) {
    assertEquals(isLeased(message), true);
    break;
  }
});

Deno.test("what was granted twice when nobody waited counts until it is taken back, and no longer", async () => {
  const { bench, subscriber, socket } = await reading();
  for (let at = 0; at < 2; at++) await bench.watch("#>", subscriber.subscribe("#>", { timeout: 50 }));
  await socket.says("sub #>\nsub #>\n");
  await bench.clock.pass(50);
  assertEquals((await bench.ended()).length, 2);
  socket.come("ok 2\n");
  await socket.says("unsub #>\n");
  socket.come("ok 1\n");
  await socket.says("unsub #>\n");
  socket.come("err NOT_SUBSCRIBED no\nbatch #a 1 11 seq=7 ts=7\npub #a 1\nx\n");
  await bench.told();
  socket.come(null);
  await bench.clock.pass(400);
  const next = await bench.machine.hello("s1");
  next.come("OK_2\ninfo {}\n");
  await next.says("sub #a from=8\n");
});
