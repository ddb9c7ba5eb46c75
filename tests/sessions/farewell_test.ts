import { assert, assertEquals, assertMatch } from "@std/assert";
import { LOG_HIGH_WATER } from "../../lib/limits.ts";
import { type Farewell, farewellTo } from "../../lib/sessions/farewell.ts";
import type { RawClient } from "../support/raw_client.ts";
import { HeldStore } from "../support/held_store.ts";
import { TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { upgrade } from "../support/v2.ts";

const TEXT = "x".repeat(1000);

/** Publishes so many numbered messages to `#a`; resolves when all are acknowledged. */
async function publish(publisher: RawClient, count: number): Promise<void> {
  const replies = (async () => {
    for (let done = 0; done < count;) done += Number((await publisher.line())?.split(" ")[1]);
  })();
  for (let at = 0; at < count; at++) {
    await publisher.send(`pub #a 1005\n${String(at).padStart(5, "0")}${TEXT}\n`);
  }
  await replies;
}

/** What came to the end: whole messages to `#a` in order, how many, and the last line. */
async function toTheEnd(subscriber: RawClient): Promise<{ messages: number; last: string }> {
  const frames = /^(?:pub #a 1005\n(\d{5})x{1000}\n)*/;
  const said = await subscriber.rest();
  const whole = frames.exec(said)?.[0] ?? "";
  const numbers = [...whole.matchAll(/\n(\d{5})x/g)].map(([, number]) => Number(number));
  assertEquals(numbers, numbers.map((_, at) => at), "whole messages, in order");
  return { messages: numbers.length, last: said.slice(whole.length) };
}

Deno.test("a subscriber with slow=disconnect is told behind a whole message why it is cut off, and what it costs (V11)", async () => {
  await using broker = new TestServer({ limits: { outbox: 64 * 1024 } });
  using stuck = await upgrade(broker.connect("subscribers", 4096));
  assertEquals(await stuck.ask("sub #a slow=disconnect"), "ok 1");
  using publisher = await upgrade(broker.connect("publishers"));
  const publishing = publish(publisher, 500);
  await until("nobody waits for it any more", () => broker.subscriptions === 0);
  const { messages, last } = await toTheEnd(stuck);
  await publishing;
  assertMatch(
    last,
    /^bye SLOW_CONSUMER more waited than 65536 bytes \(--max-outbox\), or than was free of --max-memory, and \d+ messages are not sent: read faster, .*slow=drop-old.*\n$/,
  );
  assert(messages > 0 && messages + Number(/and (\d+)/.exec(last)?.[1]) <= 500);
  const { fields } = await broker.event("slow consumer disconnected");
  assertEquals(fields["reason"], "outbox full");
});

Deno.test("a subscriber that stalled and reads on at once is told why it is cut off; its publishers have gone on", async () => {
  await using broker = new TestServer({ stallTimeout: 500 });
  using stuck = await upgrade(broker.connect("subscribers", 4096));
  await stuck.ask("sub #a");
  using publisher = await upgrade(broker.connect("publishers"));
  const publishing = publish(publisher, 3000);
  await until("it is given up", () => broker.subscriptions === 0);
  const { last } = await toTheEnd(stuck);
  await publishing;
  assertMatch(
    last,
    /^bye SLOW_CONSUMER nothing was taken for 0\.5 s \(--stall-timeout\), and \d+ messages are not sent: /,
  );
});

Deno.test("one that reads nothing even then is cut off all the same, within a second, and holds nothing (V11)", async () => {
  await using broker = new TestServer({ limits: { outbox: 64 * 1024 } });
  using stuck = await upgrade(broker.connect("subscribers", 512));
  await stuck.ask("sub #a slow=disconnect");
  using publisher = await upgrade(broker.connect("publishers"));
  await publish(publisher, 500);
  const [waits] = broker.broker.snapshot().connections;
  assert(waits !== undefined && waits.queued < 64 * 1024, "what was queued is gone at once");
  const { fields } = await broker.event("slow consumer disconnected");
  assertEquals(fields["reason"], "outbox full");
});

Deno.test("what it asks for when it is given up is not done any more, and a classic one is just cut off", async () => {
  await using broker = new TestServer({ slowConsumer: "disconnect", limits: { outbox: 64 * 1024 } });
  using asking = await upgrade(broker.connect("subscribers", 4096));
  using classic = broker.connect("subscribers", 4096);
  await asking.ask("sub #a");
  await classic.ask("s sub #a");
  using publisher = await upgrade(broker.connect("publishers"));
  const publishing = publish(publisher, 500);
  await until("both are given up", () => broker.subscriptions === 0);
  await asking.send("sub #b\nunsub #a\n");
  assertMatch((await toTheEnd(asking)).last, /^bye SLOW_CONSUMER [^\n]*\n$/);
  assert(!(await classic.rest()).includes("bye"));
  await publishing;
});

Deno.test("what is cut off because draining takes too long is told so (V11)", async () => {
  await using broker = new TestServer();
  using slow = await upgrade(broker.connect("subscribers", 4096));
  await slow.ask("sub #a");
  using publisher = await upgrade(broker.connect("publishers"));
  await publish(publisher, 500);
  const drained = broker.broker.drain(50);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const said = await slow.rest();
  assertMatch(said, /\nbye DRAINING the broker stops \(--drain-timeout\), and \d+ messages are not sent\n$/);
  assertEquals(await drained, 1);
});

Deno.test("an error inside the broker ends one connection, with a word, and no other", async () => {
  class BrokenStore extends HeldStore {
    override seek(): void {
      throw new TypeError("a defect");
    }
  }
  await using broker = new TestServer({ durable: { store: new BrokenStore(), patterns: ["#a"] } });
  using other = await upgrade(broker.connect("subscribers"));
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.send("sub #a from=1\n");
  assertMatch(await subscriber.rest(), /^bye INTERNAL an error inside the broker [^\n]*\n$/);
  assertEquals(await other.ask("ping"), "pong");
  assertEquals((await broker.event("internal error")).level, "error");
});

Deno.test("draining ends in its time though a publisher waits for a store that is lost", async () => {
  const store = new HeldStore();
  store.free = false;
  await using broker = new TestServer({ durable: { store, patterns: ["#a"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  const large = "x".repeat(1024 * 1024);
  const frame = `pub #a ${large.length}\n${large}\n`;
  const sending = (async () => {
    try {
      for (let bytes = 0; bytes <= 2 * LOG_HIGH_WATER; bytes += frame.length) await publisher.send(frame);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  })();
  while (!broker.broker.snapshot().connections[0]?.waits) await new Promise((go) => setTimeout(go, 5));
  (await store.next()).end({ kind: "lost", reason: "fsync failed" });
  const rest = publisher.rest();
  await broker.broker.drain(20);
  assertMatch(await rest, /bye DRAINING the broker stops \(--drain-timeout\)\n$/);
  await sending;
});

Deno.test("a farewell says what it was and what it costs, in one message or in more (V11)", () => {
  const facts = { unsent: 0, outbox: 1000, stallTimeout: 2500, loginTimeout: 10_000 };
  const advice = "read faster, or subscribe with slow=drop-old or, to what is durable, with from=";
  const said = (reason: Farewell, unsent: number): string => {
    const { code, text } = farewellTo(reason, { ...facts, unsent });
    return `${code}: ${text}`;
  };
  assertEquals(
    [said("stalled", 0), said("stalled", 1), said("stalled", 2)],
    ["", ", and 1 message is not sent", ", and 2 messages are not sent"].map((lost) =>
      `SLOW_CONSUMER: nothing was taken for 2.5 s (--stall-timeout)${lost}: ${advice}`
    ),
  );
  assertEquals([said("account gone", 0), said("account gone", 1)], [
    "DENIED: this account has no place here any more",
    "DENIED: this account has no place here any more, and 1 message is not sent",
  ]);
  assertEquals([said("drain timeout", 0), said("drain timeout", 3)], [
    "DRAINING: the broker stops (--drain-timeout)",
    "DRAINING: the broker stops (--drain-timeout), and 3 messages are not sent",
  ]);
  assertEquals(
    said("outbox full", 2),
    "SLOW_CONSUMER: more waited than 1000 bytes (--max-outbox), or than was free of --max-memory, and 2 " +
      `messages are not sent: ${advice}`,
  );
  assertEquals(said("no login", 0), "TIMEOUT: nobody logged in within 10 s (--login-timeout)");
  assertEquals(
    said("unfinished request", 0),
    "TIMEOUT: a request began and is not whole: it may take 30 s, and a second more for each 64 KiB",
  );
});

Deno.test("whoever runs the broker ends one connection, with a word, by its number and no other (V11)", async () => {
  await using broker = new TestServer();
  using one = await upgrade(broker.connect("subscribers"));
  using two = await upgrade(broker.connect("subscribers"));
  assertEquals(broker.broker.disconnect(3), false);
  assertEquals(broker.broker.disconnect(2), true);
  assertEquals(await two.rest(), "bye DISCONNECTED who runs the broker has ended this connection\n");
  assertEquals(await one.ask("ping"), "pong");
  assertEquals(await one.ask("ping"), "pong");
});
