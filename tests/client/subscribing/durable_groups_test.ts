/** Members of groups over durable topics, through the real broker. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Broker, type BrokerOptions, listenersOn, MemoryStore } from "../../../lib/broker/mod.ts";
import {
  connectPublisher,
  connectSubscriber,
  type LeasedMessage,
  type Message,
  type Publisher,
  RefusedError,
  RunError,
  type Subscriber,
} from "../../../lib/mod.ts";
import { RawClient } from "../../support/raw_client.ts";
import { upgrade } from "../../support/v2.ts";

/** A broker in this process that stores, and clients of it. */
class Place implements AsyncDisposable {
  readonly broker: Broker;
  readonly subPort: number;
  readonly publisher: Publisher;
  readonly #opened: Subscriber[] = [];

  private constructor(broker: Broker, subPort: number, publisher: Publisher) {
    this.broker = broker;
    this.subPort = subPort;
    this.publisher = publisher;
  }

  static async open(
    options: BrokerOptions = {},
    store: MemoryStore = new MemoryStore({ now: Date.now }),
  ): Promise<Place> {
    const broker = new Broker({ ...options, store });
    const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
    const publisher = await connectPublisher({ id: "p1", port: publishers.address.port });
    return new Place(broker, subscribers.address.port, publisher);
  }

  async subscriber(): Promise<Subscriber> {
    const subscriber = await connectSubscriber({ id: "s1", port: this.subPort });
    this.#opened.push(subscriber);
    return subscriber;
  }

  /** A member that acknowledges, by itself. */
  async worker(
    options: { readonly window?: number; readonly from?: "earliest" } = {},
  ): Promise<
    { readonly subscriber: Subscriber; readonly messages: AsyncIterator<LeasedMessage, undefined> }
  > {
    const subscriber = await this.subscriber();
    const subscription = await subscriber.subscribe("#jobs", { group: "g", ack: "explicit", ...options });
    return { subscriber, messages: subscription[Symbol.asyncIterator]() };
  }

  async publish(...texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map((text) => this.publisher.publish("#jobs", text)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#opened) await each.close();
    await this.publisher.close();
    await this.broker.close();
  }
}

async function take<M extends Message>(messages: AsyncIterator<M, undefined>, count: number): Promise<M[]> {
  const taken: M[] = [];
  while (taken.length < count) {
    const { value, done } = await messages.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

const shown = (messages: readonly LeasedMessage[]): string[] =>
  messages.map(({ seq, attempt, text }) => `${seq} ${attempt} ${text}`);

Deno.test("members share what is stored, hold what they may, and get more for what they acknowledge (G6 to G8)", async () => {
  await using place = await Place.open();
  const one = await place.worker({ window: 2 });
  const two = await place.worker({ window: 2 });
  await place.publish("a", "b", "c", "d", "e");
  const first = await take(one.messages, 2);
  assertEquals(first[0]!.ackTimeout, 30_000);
  const second = await take(two.messages, 2);
  assertEquals([...shown(first), ...shown(second)].toSorted(), ["1 1 a", "2 1 b", "3 1 c", "4 1 d"]);
  await first[0]!.ack();
  assertEquals(shown(await take(one.messages, 1)), ["5 1 e"]);
  const [group] = place.broker.snapshot().groups;
  assertEquals([group?.name, group?.members, group?.held], ["g", 2, 4]);
});

Deno.test("what a member holds comes to another when it is given back, its time is over or its connection ends (G9) (F21)", async () => {
  await using place = await Place.open({ ackTimeout: 1000 });
  const one = await place.worker({ window: 3 });
  await place.publish("nack", "timeout", "lost");
  const [nacked, timed, lost] = await take(one.messages, 3) as [LeasedMessage, LeasedMessage, LeasedMessage];
  const two = await place.worker();
  await nacked.nack();
  const [given] = await take(two.messages, 1) as [LeasedMessage];
  assertEquals(shown([given]), ["1 2 nack"]);
  await given.ack();
  const extending = setInterval(() => void lost.extend(), 100);
  const [again] = await take(two.messages, 1) as [LeasedMessage];
  assertEquals(shown([again]), ["2 2 timeout"]);
  const { code } = await assertRejects(() => timed.ack(), RefusedError, 'does not hold message 2 of "#jobs"');
  assertEquals(code, "NOT_HELD");
  await again.ack();
  clearInterval(extending);
  await one.subscriber.close();
  const [gone] = await take(two.messages, 1) as [LeasedMessage];
  assertEquals(shown([gone]), ["3 2 lost"]);
  await assertRejects(() => lost.ack(), RunError, "its group was left");
  await gone.ack();
});

Deno.test("what is given back for later comes then, and what comes meanwhile before it (G9)", async () => {
  await using place = await Place.open();
  const { messages } = await place.worker();
  await place.publish("a", "b");
  const [a] = await take(messages, 1) as [LeasedMessage];
  await a.nack({ delay: 300 });
  assertEquals(shown(await take(messages, 2)), ["2 1 b", "1 2 a"]);
});

Deno.test("what was not acknowledged is there when the group has been empty and the broker was started anew (G6)", async () => {
  const store = new MemoryStore({ now: Date.now });
  {
    await using place = await Place.open({}, store);
    const { subscriber, messages } = await place.worker();
    await place.publish("a", "b", "c");
    const [, b] = await take(messages, 3);
    await b!.ack();
    await subscriber.close();
    await place.publish("d");
  }
  await using place = await Place.open({}, store);
  const { messages } = await place.worker({ from: "earliest" });
  assertEquals(shown(await take(messages, 3)), ["1 2 a", "3 2 c", "4 1 d"]);
});

Deno.test("a group that settles what it is sent gives it out once, across connections (G6)", async () => {
  await using place = await Place.open();
  const first = await place.subscriber();
  const subscription = await first.subscribe("#jobs", { group: "auto" });
  await place.publish("a", "b");
  assertEquals((await take(subscription[Symbol.asyncIterator](), 2)).map(({ seq }) => seq), [1, 2]);
  await first.close();
  await place.publish("c");
  const second = await place.subscriber();
  const again = await second.subscribe("#jobs", { group: "auto" });
  const [c] = await take(again[Symbol.asyncIterator](), 1);
  assertEquals([c?.seq, c?.group, c?.text, "ack" in c!], [3, "auto", "c", false]);
  const { code } = await assertRejects(
    async () => await (await place.subscriber()).subscribe("#jobs", { group: "auto", ack: "explicit" }),
    RefusedError,
    "ack=auto",
  );
  assertEquals(code, "BAD_FIELD");
});

Deno.test("what a member had not been given to look at when it left does not count as given out (G9)", async () => {
  await using place = await Place.open();
  for (let times = 0; times < 3; times++) {
    const { subscriber, messages } = await place.worker();
    if (times === 0) await place.publish("a", "b", "c", "d");
    assertEquals(shown(await take(messages, 1)), [`1 ${times + 1} a`]);
    await subscriber.close();
  }
  const { messages } = await place.worker();
  assertEquals(shown(await take(messages, 4)).toSorted(), ["1 4 a", "2 1 b", "3 1 c", "4 1 d"]);
});

Deno.test("two groups and who is in none have nothing to do with each other (G1, G6)", async () => {
  await using place = await Place.open();
  const subscriber = await place.subscriber();
  const g = await subscriber.subscribe("#jobs", { group: "g", ack: "explicit" });
  const h = await subscriber.subscribe("#jobs", { group: "h", ack: "explicit" });
  const all = await subscriber.subscribe("#jobs");
  const [ofG, ofH, ofAll] = [g, h, all].map((each) => each[Symbol.asyncIterator]());
  await place.publish("a");
  const [one] = await take(ofG as AsyncIterator<LeasedMessage, undefined>, 1);
  const [other] = await take(ofH as AsyncIterator<LeasedMessage, undefined>, 1);
  const [plain] = await take(ofAll as AsyncIterator<Message, undefined>, 1);
  assertEquals([one?.group, other?.group, plain?.group], ["g", "h", undefined]);
  await one!.nack();
  assertEquals(shown(await take(ofG as AsyncIterator<LeasedMessage, undefined>, 1)), ["1 2 a"]);
  await other!.ack();
});

Deno.test("a message that is given back too often is a dead letter (G11) (F52)", async () => {
  await using place = await Place.open({ maxAttempts: 2 });
  const { messages } = await place.worker();
  const dead = await (await place.subscriber()).subscribe("#dead.>");
  await place.publisher.publish("#jobs", "poison", { headers: { a: "b" } });
  for (const attempt of [1, 2]) {
    const [message] = await take(messages, 1) as [LeasedMessage];
    assertEquals(message.attempt, attempt);
    await message.nack();
  }
  const [letter] = await take(dead[Symbol.asyncIterator](), 1) as [Message];
  assertEquals([letter.topic, letter.text], ["#dead.g.jobs", "poison"]);
  assertEquals(Object.fromEntries(letter.headers), {
    a: "b",
    "dead-topic": "#jobs",
    "dead-seq": "1",
    "dead-group": "g",
    "dead-attempts": "2",
    "dead-reason": "nack",
  });
  await place.publish("next");
  assertEquals(shown(await take(messages, 1)), ["2 1 next"]);
});

Deno.test("an ack of what one does not hold is refused, and nothing else changes (G8)", async () => {
  await using place = await Place.open({ ackTimeout: 60_000 });
  const other = await place.worker({ window: 1 });
  await place.publish("a");
  const [held] = await take(other.messages, 1) as [LeasedMessage];
  using raw = await upgrade(await RawClient.connect(place.subPort));
  for (const group of ["g", "h"]) {
    assertEquals(await raw.ask(`sub #jobs group=${group} ack=explicit from=earliest`), "ok 1");
  }
  // of the group h it holds the first one, of g another member does
  await raw.lines(3);
  await place.publish("b");
  await raw.lines(6);
  const refused = async (request: string): Promise<void> =>
    assertMatch(await raw.ask(request) ?? "end", /^err NOT_HELD [^\n]+ #?"?/, request);
  await refused("ack g #jobs 1");
  await refused("nack g #jobs 1");
  await refused("extend g #jobs 1");
  await refused("ack g #jobs 3");
  await refused("ack g #jobs 1-2 all");
  await refused("ack i #jobs 1");
  assertEquals(await raw.ask("ack g #jobs 2"), "ok 1 level=synced");
  await refused("ack g #jobs 2");
  assertEquals(await raw.ask("ack h #jobs 1-9"), "ok 1 level=synced");
  await refused("ack h #jobs 1 upto");
  assertMatch(await raw.ask("nack g #jobs 1 delay=31536000") ?? "end", /^err BAD_FIELD delay=/);
  await held.ack();
  const groups = place.broker.snapshot().groups.map(({ name, held }) => [name, held]);
  assertEquals(groups, [["g", 0], ["h", 0]]);
});

Deno.test("ten thousand messages are acknowledged without waiting for each, and none is left (G8)", async () => {
  await using place = await Place.open();
  const workers = [await place.worker(), await place.worker()];
  const seen = new Set<number>();
  const acknowledged: Promise<void>[] = [];
  const working = workers.map(async ({ messages }) => {
    for (let next = await messages.next(); !next.done; next = await messages.next()) {
      seen.add(next.value.seq!);
      acknowledged.push(next.value.ack());
      if (seen.size === 10_000) break;
    }
  });
  for (let at = 0; at < 10_000; at++) {
    place.publisher.send("#jobs", `${at}`);
    if (place.publisher.full) await place.publisher.ready();
  }
  await place.publisher.drained();
  await Promise.race(working);
  await Promise.all(acknowledged);
  assertEquals(acknowledged.length, 10_000);
  assertEquals(place.broker.snapshot().groups[0]?.held, 0);
  for (const { subscriber } of workers) await subscriber.close();
  await Promise.all(working);
});
