/** Members of groups, through the real broker and one that says what a test wants. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Broker, listenersOn } from "../../../lib/broker/mod.ts";
import {
  connectPublisher,
  connectSubscriber,
  type Message,
  RefusedError,
  RunError,
  type Subscriber,
} from "../../../lib/mod.ts";
import { startGate } from "../gate.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { take } from "../take.ts";

/** A broker in this process, and clients of it. */
async function start(): Promise<
  AsyncDisposable & {
    readonly publisher: Awaited<ReturnType<typeof connectPublisher>>;
    readonly subPort: number;
    readonly broker: Broker;
    subscriber(id?: string): Promise<Subscriber>;
  }
> {
  const broker = new Broker({});
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const subPort = subscribers!.address.port;
  const publisher = await connectPublisher({ id: "p1", port: publishers!.address.port });
  const opened: Subscriber[] = [];
  return {
    broker,
    publisher,
    subPort,
    subscriber: async (id = "s1") => {
      const subscriber = await connectSubscriber({ id, port: subPort });
      opened.push(subscriber);
      return subscriber;
    },
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      for (const each of opened) await each.close();
      await broker.close();
    },
  };
}

/** The texts of an iteration, to its end. */
async function all(messages: AsyncIterable<Message>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of messages) texts.push(text);
  return texts;
}

Deno.test("requests name the group and the window, and the same again asks nothing; another window does (G1, G3)", async () => {
  const lines: (string | undefined)[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    for (let line = await conn.line(); line !== undefined; line = await conn.line()) {
      lines.push(line);
      if (line === "quit") return await conn.send("bye QUIT goodbye\n");
      await conn.send(line.includes("#other") ? "err BAD_FIELD they overlap\n" : "ok 1\n");
    }
  });
  const subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const first = await subscriber.subscribe("jobs.>", { group: "wörkers", window: 10 });
  await subscriber.subscribe("#jobs.>", { group: "wörkers", window: 10 });
  await subscriber.subscribe("#jobs.>");
  await subscriber.subscribe("#jobs.>", { group: "wörkers" });
  assertEquals([first.pattern, first.group], ["#jobs.>", "wörkers"]);
  assertEquals((await subscriber.subscribe("#jobs.>")).group, undefined);
  assertEquals([...subscriber.patterns], ["#jobs.>"], "however it is subscribed to");
  await subscriber.unsubscribe("#jobs.>");
  assertEquals([...subscriber.patterns], ["#jobs.>"], "the group still is");
  await assertRejects(
    () => subscriber.subscribe("#other", { group: "wörkers" }),
    RefusedError,
    'the broker refused to subscribe to "#other" in group "wörkers" (BAD_FIELD): they overlap',
  );
  await subscriber.unsubscribe("#jobs.>", { group: "wörkers" });
  assertEquals([...subscriber.patterns], []);
  await first.caughtUp();
  await subscriber.close();
  assertEquals(lines, [
    "sub #jobs.> group=wörkers window=10",
    "sub #jobs.>",
    "sub #jobs.> group=wörkers",
    "unsub #jobs.>",
    "sub #other group=wörkers",
    "unsub #jobs.> group=wörkers",
    "quit",
  ]);
});

Deno.test("a classic broker has no groups: NEEDS_V2, and nothing is sent", async () => {
  await using place = await start();
  await using classic = await connectSubscriber({ id: "s1", port: place.subPort, protocol: "classic" });
  await classic.subscribe("#a");
  const options = { group: "g", window: 2 };
  const { code, message } = await assertRejects(() => classic.subscribe("#a", options), RefusedError);
  assertEquals(code, "NEEDS_V2");
  assertEquals(message, "this broker speaks only the classic protocol, which has no group= or window=");
  await assertRejects(() => classic.unsubscribe("#a", { group: "g" }), RefusedError, "has no group=");
  await place.publisher.publish("#a", "still");
  assertEquals((await take(classic, 1)).map(({ text, group }) => [text, group]), [["still", undefined]]);
});

Deno.test("what comes for a member goes to its group's iteration, else to the common one, and never to a plain subscription (G1)", async () => {
  const go = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    for (let at = 0; at < 3; at++) await conn.line();
    await conn.send("ok 3\n");
    await go.promise;
    const one = (text: string): string => `pub #a 1\n${text}\n`;
    const shared = (text: string, group: string): string => `batch #a 1 11 group=${group}\n${one(text)}`;
    await conn.send(
      one("1") + shared("2", "g") + one("3") + shared("4", "other") + shared("5", "g") + one("6") +
        shared("7", "unknown") + one("8"),
    );
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const [plain, group] = await Promise.all([
    subscriber.subscribe("#a"),
    subscriber.subscribe("#a", { group: "g" }),
    subscriber.subscribe("#*", { group: "other" }),
  ]);
  const ofPlain = plain[Symbol.asyncIterator]();
  const ofGroup = group[Symbol.asyncIterator]();
  go.resolve();
  const next = async (from: AsyncIterator<Message, undefined>): Promise<string> => {
    const { value } = await from.next();
    return `${value?.text} ${value?.group}`;
  };
  assertEquals([await next(ofGroup), await next(ofGroup)], ["2 g", "5 g"]);
  const seen = [];
  for (let at = 0; at < 4; at++) seen.push(await next(ofPlain));
  assertEquals(seen, ["1 undefined", "3 undefined", "6 undefined", "8 undefined"]);
  const common = await take(subscriber, 2);
  assertEquals(common.map(({ text, group }) => `${text} ${group}`), ["4 other", "7 unknown"]);
});

Deno.test("members share what is published, each message once; a subscription beside them gets all of it (G1)", async () => {
  await using place = await start();
  const { publisher } = place;
  const [one, two, other] = [await place.subscriber(), await place.subscriber(), await place.subscriber()];
  const first = await one.subscribe("#jobs.>", { group: "g" });
  const plain = await one.subscribe("#jobs.>");
  await two.subscribe("#jobs.>", { group: "g" });
  await other.subscribe("#jobs.>", { group: "h" });
  const [ofFirst, ofPlain] = [all(first), all(plain)];
  const sent = Array.from({ length: 1000 }, (_, n) => `${n}`);
  for (const text of sent) publisher.send(`#jobs.${Number(text) % 3}`, text);
  await publisher.drained();
  assertEquals((await take(other, 1000)).map(({ text }) => text), sent, "in order");
  const ofSecond = all(two);
  await two.close();
  await one.close();
  assertEquals(await ofPlain, sent);
  const [mine, theirs] = [await ofFirst, await ofSecond];
  assert(mine.length > 0 && theirs.length > 0, `${mine.length} and ${theirs.length}`);
  assertEquals([...mine, ...theirs].sort((a, b) => Number(a) - Number(b)), sent);
});

for (
  const how of ["the subscriber is closed", "the subscription is given up", "its group is left"] as const
) {
  Deno.test(`what is on its way to a member when ${how} still comes: nothing is lost (G4)`, async () => {
    await using place = await start();
    const { publisher } = place;
    const worker = await place.subscriber("w1");
    const jobs = await worker.subscribe("#jobs", { group: "g" });
    const other = await place.subscriber("w2");
    await other.subscribe("#jobs", { group: "g" });
    const theirs: string[] = [];
    const taking = (async () => {
      for await (const { text } of other) theirs.push(text);
    })();
    const mine: string[] = [];
    let left: Promise<void> | undefined;
    const working = (async () => {
      for await (const { text } of jobs) {
        mine.push(text);
        if (mine.length < 100 || left !== undefined) continue;
        left = how === "the subscriber is closed"
          ? worker.close()
          : how === "its group is left"
          ? worker.unsubscribe("#jobs", { group: "g" })
          : jobs.unsubscribe();
      }
    })();
    const large = "x".repeat(3000);
    for (let n = 0; n < 5000; n++) {
      publisher.send("#jobs", `${n} ${large}`);
      if (publisher.full) await publisher.ready();
    }
    await publisher.drained();
    await working;
    await left;
    await other.close();
    await taking;
    const came = [...mine, ...theirs].map((text) => parseInt(text)).sort((a, b) => a - b);
    assertEquals(came, Array.from({ length: 5000 }, (_, n) => n));
    assert(mine.length < 5000, "the other had a part");
  });
}

Deno.test("a member that was lost is one again, with its window, and what had not left goes to the others meanwhile (G4)", async () => {
  await using place = await start();
  const { publisher, broker } = place;
  await using gate = startGate();
  gate.open(place.subPort);
  const restored = Promise.withResolvers<void>();
  await using worker = await connectSubscriber({
    id: "w1",
    port: gate.port,
    onEvent: ({ type }) => type === "restored" && restored.resolve(),
  });
  const jobs = await worker.subscribe("#jobs", { group: "g", window: 7 });
  await worker.subscribe("#jobs", { group: "h" });
  gate.shut();
  gate.open(place.subPort);
  await restored.promise;
  const groups = broker.snapshot().groups.map(({ name, pattern, members }) => [name, pattern, members]);
  assertEquals(groups.sort(), [["g", "#jobs", 1], ["h", "#jobs", 1]]);
  await publisher.publish("#jobs", "again");
  for await (const { text, group } of jobs) {
    assertEquals([text, group], ["again", "g"]);
    break;
  }
});

Deno.test("a group that is granted too late is left again, and a plain subscription to its pattern stays", async () => {
  const lines: (string | undefined)[] = [];
  const given = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    lines.push(await conn.line());
    await conn.send("ok 1\n");
    lines.push(await conn.line());
    await given.promise;
    await conn.send("ok 1\nbatch #a 1 11 group=g\npub #a 1\n1\npub #a 1\n2\n");
    lines.push(await conn.line());
    await conn.send("ok 1\npub #a 1\n3\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  await subscriber.subscribe("#a");
  await assertRejects(
    () => subscriber.subscribe("#a", { group: "g", timeout: 20 }),
    RunError,
    'has not answered within 20 ms to subscribe to "#a" in group "g"',
  );
  given.resolve();
  assertEquals((await take(subscriber, 2)).map(({ text }) => text), ["2", "3"]);
  assertEquals(lines, ["sub #a", "sub #a group=g", "unsub #a group=g"]);
});

Deno.test("closing waits for no answer of a broker that gives none, or of one whose messages nobody takes", async () => {
  const broken = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    await conn.line();
    await conn.send("ok 1\n");
    if (number === 1) return await broken.promise;
    const payload = "x".repeat(1000);
    const frame = `pub #a ${payload.length}\n${payload}\n`;
    await conn.send(`batch #a 2000 ${2000 * frame.length} group=g\n${frame.repeat(2000)}`);
    await conn.rest();
  });
  for (const _ of ["silent", "not taken from"]) {
    const subscriber = await connectSubscriber({ id: "s1", port: broker.port });
    await subscriber.subscribe("#a", { group: "g" });
    const closing = subscriber.close();
    await assertRejects(() => subscriber.subscribe("#b"), RunError, "the subscriber is closed");
    await closing;
    await subscriber.closed;
  }
  broken.resolve();
});
