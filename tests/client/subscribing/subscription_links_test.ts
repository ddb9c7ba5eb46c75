/** A subscription in the hands of who asked for it, in memory: what it is given, and how it is given up. */
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { Gap } from "../../../lib/client/gap.ts";
import type { Message, SubscribeOptions, Subscriber, Subscription } from "../../../lib/client/types.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { ConnectionBench } from "../connecting/connection_bench.ts";
import type { HandedSocket } from "../links/handed_socket.ts";

/** A subscriber over v2, and its connection. */
class Bench extends ConnectionBench {
  subscriber!: Subscriber;
  socket!: HandedSocket;

  static async start(): Promise<Bench> {
    const bench = new Bench({ reconnect: false });
    return Object.assign(bench, await bench.framesSubscriber());
  }

  async subscribe(pattern: string, options: SubscribeOptions = {}): Promise<Subscription> {
    const subscribing = this.subscriber.subscribe(pattern, options);
    this.socket.come("ok 1\n");
    const subscription = await within("a subscription", subscribing);
    await this.socket.says(await this.#line(pattern, options));
    return subscription;
  }

  async comes(...texts: readonly string[]): Promise<void> {
    for (const text of texts) this.socket.come(`pub #${text[0]} ${text.length}\n${text}\n`);
    await settled();
  }

  #line(pattern: string, { group, from }: SubscribeOptions): string {
    return `sub ${pattern}${group === undefined ? "" : ` group=${group}`}${
      from === undefined ? "" : ` from=${from}`
    }\n`;
  }
}

/** All that an iteration gives, to its end. */
async function all(messages: AsyncIterable<Message | Gap>): Promise<string[]> {
  const taken: string[] = [];
  const taking = (async () => {
    for await (const each of messages) taken.push("missed" in each ? `${each.missed} missed` : each.text);
  })();
  await within(() => `the end behind ${taken}`, taking);
  return taken;
}

Deno.test("a subscription says what it is of, and is one however often it is asked for", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  const shared = await bench.subscribe("#a", { group: "g" });
  assertEquals([a.pattern, a.group, shared.pattern, shared.group], ["#a", undefined, "#a", "g"]);
  const again = await bench.subscriber.subscribe("#a");
  const reader = a[Symbol.asyncIterator]();
  assertThrows(
    () => again[Symbol.asyncIterator](),
    TypeError,
    'the subscription to "#a" is being iterated already: one consumer at a time, hand messages on from there',
  );
  shared[Symbol.asyncIterator]();
  await within("the end", Promise.resolve(reader.return!()));
  again[Symbol.asyncIterator]();
});

Deno.test("unsubscribing is asked for once, and its iteration ends behind what had come", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  await bench.subscribe("#b");
  const taking = all(a);
  await settled();
  await bench.comes("a1", "b1");
  const ending = a.unsubscribe();
  assertStrictEquals(a.unsubscribe(), ending);
  await bench.watch("ended", ending);
  await bench.socket.says("unsub #a\n");
  await bench.comes("a2", "b2");
  assertEquals([await taking, await bench.ended()], [["a1"], []]);
  bench.socket.come("ok 1\n");
  assertEquals(await bench.ended(), ["ended"]);
  await bench.watch("at once", (await bench.subscriber.subscribe("#b")).caughtUp());
  bench.socket.come(null);
  await assertRejects(() => all(bench.subscriber), RunError, "lost the broker");
  assertEquals(await bench.ended(), ["at once"]);
});

Deno.test("closing ends each iteration behind what had come, that in common, too", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  await bench.subscribe("#b");
  const [ofA, common] = [all(a), all(bench.subscriber)];
  await bench.comes("a1", "b1");
  await bench.watch("close", bench.subscriber.close());
  assertEquals([await ofA, await common, await bench.ended()], [["a1"], ["b1"], []]);
  bench.socket.come(null);
  assertEquals(await bench.ended(), ["close"]);
});

Deno.test("what waits in common for it alone goes with it, and what is for others stays", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  await bench.subscribe("#b");
  await bench.comes("a1", "b1", "a2");
  const ending = a.unsubscribe();
  bench.socket.come("gap #a 3\n");
  await bench.comes("a3", "b2");
  bench.socket.come("ok 1\n");
  await within("the end", ending);
  const taken: string[] = [];
  for await (const { text } of bench.subscriber) if (taken.push(text) === 2) break;
  assertEquals([taken, await bench.told()], [["b1", "b2"], []]);
  await within("the end of what is over", a.unsubscribe());
  assertEquals(await all(a), []);
  await bench.socket.says("unsub #a\n");
});

Deno.test("gaps are in it for who wants them, in their place", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  const taking = all(a.withGaps());
  await settled();
  await bench.comes("a1");
  bench.socket.come("gap #a 3\n");
  await bench.comes("a2");
  bench.socket.come('info {"ended":"#a","reason":"no more"}\n');
  await assertRejects(
    () => taking,
    RefusedError,
    'the broker has ended the subscription to "#a": no more',
  );
  assertEquals((await bench.told()).map(({ type }) => type), ["gap", "ended"]);
});

Deno.test("one that the broker has ended is given up without asking, and what waited of it is dropped", async () => {
  const bench = await Bench.start();
  const stored = await bench.subscribe("#a", { from: 1 });
  await bench.watch("caught up", stored.caughtUp());
  bench.socket.come('batch #a 1 11 seq=1 ts=1\npub #a 1\nx\ninfo {"end":"#a"}\n');
  await bench.told();
  await within("its end", stored.unsubscribe());
  assertEquals(await bench.ended(), [
    'caught up: "#a" was unsubscribed before all of it had come (undefined)',
  ]);
  await bench.socket.says("");
  assertEquals([await all(stored), await bench.told()], [[], []]);
});

Deno.test("one that has come to its end is over, and there is nothing to give up", async () => {
  const bench = await Bench.start();
  const stored = await bench.subscribe("#a", { from: 1 });
  bench.socket.come('batch #a 1 11 seq=1 ts=1\npub #a 1\nx\ninfo {"end":"#a"}\n');
  assertEquals([await all(stored), await all(stored)], [["x"], []]);
  await within("its end", stored.unsubscribe());
  await within("that all had come", stored.caughtUp());
  await bench.socket.says("");
});

Deno.test("the end of a block is that of its subscription, which is waited for where its answer can come", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  await bench.watch("left", (async () => await a[Symbol.asyncDispose]())());
  await bench.socket.says("unsub #a\n");
  assertEquals(await bench.ended(), []);
  bench.socket.come("ok 1\n");
  assertEquals(await bench.ended(), ["left"]);

  const full = await Bench.start();
  const other = await full.subscribe("#a");
  await full.subscribe("#b");
  await full.comes(`b${"x".repeat(1024 * 1024)}`);
  await full.watch("left", (async () => await other[Symbol.asyncDispose]())());
  await full.socket.says("unsub #a\n");
  assertEquals(await full.ended(), ["left"], "nothing is read before somebody takes what waits");
});

Deno.test("the end of a block says what the broker refuses, and not that there is no broker", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  const leaving = (async () => await a[Symbol.asyncDispose]())();
  bench.socket.come("err BUSY no\n");
  await assertRejects(() => within("the end", leaving), RefusedError, "(BUSY): no");

  const gone = await Bench.start();
  const other = await gone.subscribe("#a");
  await gone.watch("left", (async () => await other[Symbol.asyncDispose]())());
  gone.socket.come(null);
  assertEquals(await gone.ended(), ["left"]);
});

Deno.test("one that could not be given up goes on with another iteration", async () => {
  const bench = await Bench.start();
  const a = await bench.subscribe("#a");
  const taking = all(a);
  await settled();
  await bench.watch("refused", a.unsubscribe());
  bench.socket.come("err BUSY no\n");
  assertEquals([await taking, (await bench.ended()).length], [[], 1]);
  await bench.comes("a1");
  const again = await within("it again", bench.subscriber.subscribe("#a"));
  for await (const { text } of again) {
    assertEquals(text, "a1");
    break;
  }
});

const NOT_SUBSCRIBED = "err NOT_SUBSCRIBED you are not\n";

Deno.test("one whose end crosses its unsubscribing is given up well, is over, and can be had again at once", async () => {
  const bench = await Bench.start();
  const stored = await bench.subscribe("#a", { from: 1 });
  await bench.watch("caught up", stored.caughtUp());
  await bench.watch("left", (async () => await stored[Symbol.asyncDispose]())());
  const again = bench.subscriber.subscribe("#a");
  await bench.socket.says("unsub #a\nsub #a\n");
  bench.socket.come(`info {"end":"#a"}\n${NOT_SUBSCRIBED}ok 1\npub #a 1\nx\n`);
  const next = await within("it again", again);
  assertEquals([await bench.ended(), await bench.told()], [
    ['caught up: "#a" was unsubscribed before all of it had come (undefined)', "left"],
    [],
  ]);
  assertEquals(await all(stored), []);
  await within("the end of what is over", stored.unsubscribe());
  for await (const { text } of next) {
    assertEquals(text, "x");
    break;
  }
  await bench.socket.says("");
});

Deno.test("a pattern whose end crosses its unsubscribing leaves in common what had come, and its end", async () => {
  const bench = await Bench.start();
  await bench.subscribe("#a", { from: 1 });
  bench.socket.come("batch #a 1 11 seq=1 ts=1\npub #a 1\nx\n");
  await bench.watch("left", bench.subscriber.unsubscribe("#a"));
  bench.socket.come(`info {"end":"#a"}\n${NOT_SUBSCRIBED}`);
  assertEquals([await bench.ended(), [...bench.subscriber.patterns]], [["left"], []]);
  const reader = bench.subscriber[Symbol.asyncIterator]();
  assertEquals((await within("what had come", reader.next())).value?.text, "x");
  void reader.next();
  assertEquals((await bench.told()).map(({ type }) => type), ["end"]);
  await bench.watch("never had", bench.subscriber.unsubscribe("#a"));
  bench.socket.come(NOT_SUBSCRIBED);
  assertEquals((await bench.ended()).length, 1, "it was not subscribed when that was asked for");
});

Deno.test("a group that the broker ends while it is being left has been left, and can be joined again (P8)", async () => {
  const bench = await Bench.start();
  const jobs = await bench.subscribe("#a", { group: "g" });
  const reader = jobs[Symbol.asyncIterator]();
  await bench.watch("left", jobs.unsubscribe());
  bench.socket.come(`info {"ended":"#a","group":"g","reason":"no more"}\n${NOT_SUBSCRIBED}`);
  assertEquals(await bench.ended(), ["left"]);
  await assertRejects(() => within("its end", reader.next()), RefusedError, "no more");
  await bench.socket.says("unsub #a group=g\n");
  const again = await bench.subscribe("#a", { group: "g" });
  bench.socket.come("batch #a 1 11 group=g\npub #a 1\nx\n");
  for await (const { text } of again) {
    assertEquals(text, "x");
    break;
  }
});
