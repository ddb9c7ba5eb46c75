/** What a server does as time passes, which passes when the test says so. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Gatekeeper } from "../../lib/auth/gatekeeper.ts";
import { type Grant, UNLIMITED } from "../../lib/auth/grant.ts";
import { PUBLISHERS } from "../../lib/broker/mod.ts";
import { Connection } from "../../lib/sessions/connection.ts";
import type { Transport } from "../../lib/sessions/mod.ts";
import { PROCESS_HEAP } from "../../lib/sessions/process_heap.ts";
import { LINUX_SEND_QUEUES } from "../../lib/sessions/send_queues.ts";
import { standIn } from "../cli/stand_in.ts";
import { settled } from "../support/handed_clock.ts";
import type { RawClient } from "../support/raw_client.ts";
import { upgrade } from "../support/v2.ts";
import { within } from "../support/within.ts";
import { Room } from "./server_room.ts";

Deno.test("time passes four times a second while somebody is here, and not before and behind that", async () => {
  await using room = new Room();
  assertEquals(room.clock.alarms, 0);
  const [one, two] = [room.connect(), room.connect()];
  assertEquals(room.clock.alarms, 1, "one for all");
  room.clock.pass(249);
  assertEquals(room.engine.ticks, []);
  room.clock.pass(1);
  room.clock.pass(500);
  assertEquals(room.engine.ticks, [5250, 5500, 5750]);
  await one.endInput();
  assertEquals(await one.rest(), "");
  assertEquals(room.clock.alarms, 1, "somebody is here");
  await two.endInput();
  await room.empty();
  assertEquals(room.clock.alarms, 0);
  using _ = room.connect();
  assertEquals(room.clock.alarms, 1);
});

Deno.test("time passes while the engine waits for it, though nobody is here, and until it does not", async () => {
  await using room = new Room({ waits: true });
  assertEquals(room.clock.alarms, 1);
  const client = room.connect();
  await client.endInput();
  await room.empty();
  assertEquals(room.clock.alarms, 1);
  room.clock.pass(1000);
  assertEquals([room.engine.ticks.length, room.clock.alarms], [4, 1]);
  room.engine.waits = false;
  room.clock.pass(250);
  assertEquals([room.engine.ticks.length, room.clock.alarms], [5, 0]);
});

Deno.test("memory that nobody needs is given back every two seconds, and the heap looked at every second", async () => {
  let looks = 0;
  const { worked } = PROCESS_HEAP;
  await using room = new Room();
  using _heap = standIn(PROCESS_HEAP, "worked", () => {
    looks++;
    return worked();
  });
  using _ = room.connect();
  const seen: number[][] = [];
  for (let ticks = 1; ticks <= 16; ticks++) {
    room.clock.pass(250);
    seen.push([room.pool.trims, looks]);
  }
  assertEquals(seen, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 1],
    [0, 1],
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 3],
    [1, 3],
    [1, 3],
    [1, 3],
    [2, 4],
  ]);
});

Deno.test("what sockets keep for peers is looked up for those that seem to stall, and for nobody else", async () => {
  let looks = 0;
  await using room = new Room();
  using _queues = standIn(LINUX_SEND_QUEUES, "look", () => {
    looks++;
    return Promise.resolve(new Map<string, number>());
  });
  using _ = room.connect();
  for (let ticks = 0; ticks < 16; ticks++) {
    room.clock.pass(250);
    await settled();
  }
  assertEquals(looks, 0);
});

Deno.test("an account's rate fills by what has passed, a quarter of a second at a time (A9)", async () => {
  await using room = new Room();
  const grant = { ...UNLIMITED, account: "slow", limits: { messageRate: 4 } };
  using client = await upgrade(room.connect("publishers", undefined, grant));
  await client.send("pub #a 1 ttl=1\nx\n".repeat(5));
  await client.send("pub #b 1\nx\n");
  for (let count = 0; count < 5;) count += Number((await client.line())!.split(" ")[1]);
  const waits = (): boolean => room.server.snapshot()[0]!.waits;
  while (!waits()) await settled();
  room.clock.pass(249);
  await settled();
  assertEquals(waits(), true);
  room.clock.pass(1);
  assertEquals(await client.line(), "ok 1 level=memory subs=0");
});

Deno.test("where accounts change with time, connections may do what theirs may by then (P8)", async () => {
  const grant: Grant = { ...UNLIMITED, account: "a" };
  let changed = false;
  const asked: string[] = [];
  const gatekeeper: Gatekeeper = {
    admit: () => {},
    admitClassic: () => grant,
    renew: (had, visitor) => {
      asked.push(`${visitor.id} from ${visitor.address}`);
      return changed ? undefined : had;
    },
    tick: () => changed,
  };
  await using room = new Room({ gatekeeper });
  using client = room.connect();
  assertEquals(await client.ask("me pub #a x"), "OK");
  room.clock.pass(1000);
  assertEquals(asked, []);
  changed = true;
  room.clock.pass(250);
  assertEquals([asked, await client.rest()], [["me from memory"], ""]);
  client.close();
  await room.empty();
  assertEquals([...room.counters.endings], [["account gone", 1]]);
});

Deno.test("who takes nothing for the timeout is given up with the tick that reaches it, among hundreds", async () => {
  await using room = new Room({ stallTimeout: 1000 });
  using clients = new DisposableStack();
  const stuck: RawClient[] = [];
  for (let at = 0; at < 300; at++) {
    const client = clients.use(room.connect("subscribers", 8));
    // the first, one in the middle of a pass, and the last
    if (![0, 255, 256, 299].includes(at)) continue;
    await client.send("s sub #a\n");
    assertEquals(await client.line(), "OK");
    stuck.push(client);
  }
  using publisher = clients.use(room.connect());
  assertEquals(await publisher.ask("p pub #a 0123456789"), "OK");
  for (let ticks = 1; ticks <= 4; ticks++) {
    const { length } = room.told;
    assertEquals(length, 0, `${ticks}`);
    room.clock.pass(250);
    await within("the others' turn", new Promise<void>((resolve) => room.server.later(resolve)));
    await within("the others' turn", new Promise<void>((resolve) => room.server.later(resolve)));
  }
  assertEquals(room.told.map(([, event, { connection }]) => [event, connection]), [
    ["slow consumer disconnected", 1],
    ["slow consumer disconnected", 256],
    ["slow consumer disconnected", 257],
    ["slow consumer disconnected", 300],
  ]);
});

/** One that neither reads nor writes nor ends. */
function deaf(): { transport: Transport; closes: () => number; written: () => string } {
  const never = new Promise<never>(() => {});
  let closes = 0;
  let written = "";
  const transport: Transport = {
    read: () => never,
    write: (bytes) => {
      written += new TextDecoder().decode(bytes);
      return never;
    },
    closeWrite: () => never,
    close: () => void closes++,
  };
  return { transport, closes: () => closes, written: () => written };
}

Deno.test("a drain cuts off after its time, gives last words half a second, and is over after as much again", async () => {
  await using room = new Room();
  const { transport, closes } = deaf();
  void room.serve(transport);
  using slow = await upgrade(room.connect("subscribers", 1024));
  await slow.ask("sub #a");
  using publisher = await upgrade(room.connect());
  await publisher.ask(`pub #a 3000\n${"x".repeat(3000)}`);
  let cut: number | undefined;
  const drained = room.server.drain(2000).then((count) => cut = count);
  await settled();
  publisher.close();
  await settled();
  // a connection that ends its output waits half a second for the other side
  const at = async (ms: number): Promise<readonly unknown[]> => {
    room.clock.pass(ms);
    for (let turns = 0; turns < 3; turns++) await settled();
    return [closes(), cut];
  };
  assertEquals(await at(499), [0, undefined]);
  assertEquals(await at(1), [1, undefined], "one with nothing queued is over");
  assertEquals(await at(1499), [1, undefined]);
  assertEquals(room.told, []);
  assertEquals(await at(1), [1, undefined]);
  assertEquals(await at(499), [1, undefined]);
  assertEquals(await at(1), [1, undefined]);
  assertEquals(await at(499), [1, undefined], "its read has not ended");
  assertEquals(await at(1), [1, 1], "it is over whatever anybody does: one had something queued");
  await within("the end of the drain", drained);
  assertEquals(room.told.map(([level, event, { reason }]) => [level, event, reason]), [
    ["warn", "connection closed", "drain timeout"],
  ]);
  assertEquals(room.clock.alarms, 0);
});

Deno.test("a drain that comes to its end before its time leaves no alarm behind, and cuts nobody off", async () => {
  await using room = new Room();
  using client = room.connect();
  assertEquals(await client.ask("p pub #a x"), "OK");
  const drained = room.server.drain(2000);
  assertEquals(await client.rest(), "");
  client.close();
  assertEquals(await within("the end of the drain", drained), 0);
  assertEquals([room.clock.alarms, room.server.connections], [0, 0]);
  assertEquals([...room.counters.endings], [["drained", 1]]);
});

Deno.test("publishers are drained before subscribers: what they were promised is in the outboxes then", async () => {
  await using room = new Room();
  using subscriber = await upgrade(room.connect("subscribers"));
  using publisher = await upgrade(room.connect());
  const drained = room.server.drain(2000);
  assertEquals(await publisher.rest(), 'info {"draining":true}\nbye DRAINING the broker is stopping\n');
  assertEquals(room.server.snapshot().map(({ number }) => number), [1, 2]);
  publisher.close();
  assertEquals(await subscriber.rest(), 'info {"draining":true}\nbye DRAINING the broker is stopping\n');
  assertEquals(room.server.snapshot().map(({ number }) => number), [1]);
  subscriber.close();
  assertEquals(await within("the end of the drain", drained), 0);
});

Deno.test("closing cuts off whoever is here", async () => {
  const room = new Room();
  using one = await upgrade(room.connect("subscribers"));
  await within("the end of the server", room.server.close());
  assertEquals(await one.rest(), "");
  assertEquals([...room.counters.endings], [["closed", 1]]);
  assertEquals([room.server.connections, room.clock.alarms], [0, 0]);
});

Deno.test("what goes wrong with what several wrote is told as the broker's own, and harms none of them", async () => {
  await using room = new Room();
  using client = room.connect();
  assertEquals(await client.ask("p pub #a x"), "OK");
  room.flushes.add({
    ready: () => {
      throw new TypeError("a defect");
    },
  });
  assertEquals(await client.ask("p pub #a y"), "OK");
  const [[level, event, { error }]] = room.told as [(typeof room.told)[0]];
  assertEquals([level, event, String(error).split("\n")[0]], [
    "error",
    "internal error",
    "TypeError: a defect",
  ]);
});

Deno.test("who finds no place is told so, which is logged with the limit, seldom and with how many it were", async () => {
  await using room = new Room({ limits: { connections: 1 } });
  using _first = room.connect();
  const refused = async (): Promise<void> => {
    using client = room.connect("subscribers");
    assertEquals(await client.rest(), "ERR_TOO_MANY_CONNECTIONS\n");
  };
  for (let times = 0; times < 3; times++) await refused();
  room.clock.pass(9999);
  await refused();
  room.clock.pass(1);
  await refused();
  const fields = { listener: "subscribers", address: "memory", limit: 1 };
  assertEquals(room.told, [
    ["warn", "connection refused: too many", { ...fields, times: 1 }],
    ["warn", "connection refused: too many", { ...fields, times: 4 }],
  ]);
  assertEquals(room.server.connections, 1);
});

Deno.test("connections have numbers in the order in which they came, and are ended by them", async () => {
  await using room = new Room();
  const clients = [room.connect(), room.connect("subscribers"), room.connect()];
  assertEquals(room.server.snapshot().map(({ number, listener }) => [number, listener]), [
    [1, "publishers"],
    [2, "subscribers"],
    [3, "publishers"],
  ]);
  assertEquals([room.server.disconnect(4), room.server.disconnect(0)], [false, false]);
  assertEquals(room.server.disconnect(2), true);
  assertEquals(await clients[1]!.rest(), "");
  assertEquals(await clients[0]!.ask("p pub #a x"), "OK");
  for (const client of clients) client.close();
  await room.empty();
  const opened = room.logged.filter(([, event]) => event === "connection opened");
  assertEquals(opened[1], [
    "debug",
    "connection opened",
    { connection: 2, listener: "subscribers", address: "memory" },
  ]);
});

Deno.test("of hundreds 256 are told the time before others have their turn, and a pass that is not over stands for the next", async () => {
  await using room = new Room();
  using clients = new DisposableStack();
  for (let at = 0; at < 600; at++) clients.use(room.connect());
  let told = 0;
  const { tick } = Connection.prototype;
  using _ = standIn(Connection.prototype, "tick", function (this: Connection, milliseconds: number): boolean {
    told++;
    return tick.call(this, milliseconds);
  });
  const turned = (): Promise<void> =>
    within("the others' turn", new Promise<void>((resolve) => room.server.later(resolve)));
  room.clock.pass(250);
  assertEquals(told, 256);
  await turned();
  assertEquals(told, 512);
  room.clock.pass(250);
  assertEquals(told, 512, "it is not over");
  await turned();
  assertEquals(told, 600);
  room.clock.pass(250);
  assertEquals(told, 856, "and the next begins anew");
});

Deno.test("the heap is not collected while more than 64 MiB are alive, connections with what they take counted", async () => {
  const MIB = 1024 * 1024;
  for (const [more, collected] of [[0, 1], [1, 0]] as const) {
    let [bytes, collections] = [10 * MIB, 0];
    using _bytes = standIn(PROCESS_HEAP, "bytes", () => bytes);
    using _worked = standIn(PROCESS_HEAP, "worked", () => 0);
    using _collect = standIn(PROCESS_HEAP, "collect", () => void collections++);
    await using room = new Room();
    using clients = new DisposableStack();
    for (let at = 0; at < 100; at++) clients.use(room.connect());
    room.memory.hold(64 * MIB - room.memory.held - 100 * 16 * 1024 + more);
    bytes = 100 * MIB;
    // the first look has nothing to compare with
    room.clock.pass(11_000);
    await settled();
    assertEquals(collections, collected);
  }
});

Deno.test("who is late is not waited for by a server that has closed", async () => {
  const gatekeeper: Gatekeeper = { admit: () => {}, admitClassic: () => undefined, renew: () => undefined };
  const room = new Room({ gatekeeper });
  using client = room.connect();
  room.clock.pass(10_000);
  assertEquals(room.clock.alarms, 2, "the ticks, and the end of who is late");
  await within("the end of the server", room.server.close());
  assertEquals([room.clock.alarms, await client.rest()], [0, ""]);
});

Deno.test("a server that drains listens no more", async () => {
  await using room = new Room();
  const [listening] = room.server.listen([{ ...PUBLISHERS, hostname: "127.0.0.1", port: 0 }]);
  assertEquals(room.server.listening, [listening!]);
  await within("the end of the drain", room.server.drain(1000));
  assertEquals([room.server.listening, room.clock.alarms], [[], 0]);
  await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port: listening!.address.port }), Error);
});
