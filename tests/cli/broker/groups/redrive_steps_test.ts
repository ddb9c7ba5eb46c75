/** What is said to the broker while dead letters are redriven, step by step. */
import { assertEquals, assertRejects } from "@std/assert";
import { PUBLISHERS, SUBSCRIBERS } from "../../../../lib/broker/mod.ts";
import { redrive } from "../../../../lib/cli/broker/groups/redrive.ts";
import { RunError } from "../../../../lib/errors.ts";
import type { RawClient } from "../../../support/raw_client.ts";
import { within } from "../../../support/within.ts";
import { FakeTime } from "../../fake_time.ts";
import { listed, ScriptedBroker } from "./scripted_broker.ts";

const TERMS = "group=redrive ack=explicit from=earliest window=256";

/** Somebody who redrives `g`, as the broker sees it: subscribed, and with a publisher. */
interface Bench {
  readonly broker: ScriptedBroker;
  readonly subscriber: RawClient;
  readonly publisher: RawClient;
  readonly done: Promise<number>;
}

async function begun({ group = "g", lag = () => 0 }: {
  readonly group?: string;
  /** What is left, each time that is asked. */
  readonly lag?: () => number;
} = {}): Promise<Bench> {
  const broker = new ScriptedBroker();
  broker.listing = () =>
    Promise.resolve([listed(group, "#jobs"), listed("redrive", `#dead.${group}.>`, lag())]);
  const done = redrive(broker, group);
  // what becomes of it is looked at when it is over
  done.catch(() => {});
  const subscriber = await hello(broker);
  const publisher = await hello(broker);
  assertEquals(broker.origins.map(({ listener }) => listener), [SUBSCRIBERS, PUBLISHERS]);
  for (const pattern of [`#dead.${group}`, `#dead.${group}.>`]) {
    assertEquals(await subscriber.line(), `sub ${pattern} ${TERMS}`);
  }
  return { broker, subscriber, publisher, done };
}

async function hello(broker: ScriptedBroker): Promise<RawClient> {
  const end = await broker.next();
  assertEquals(await end.line(), "redrive hello 2");
  await end.send("OK_2\n");
  return end;
}

/** Dead letters as a member of `redrive` gets them. */
function batch(
  seq: number,
  letters: readonly { readonly fields: string; readonly payload: string }[],
  topic = "#dead.g.jobs.a",
): string {
  const frames = letters.map(({ fields, payload }) => {
    const length = new TextEncoder().encode(payload).length;
    return `pub ${topic} ${length}${fields === "" ? "" : ` ${fields}`}\n${payload}\n`;
  }).join("");
  const length = new TextEncoder().encode(frames).length;
  return `batch ${topic} ${letters.length} ${length} group=redrive seq=${seq} ts=1700000000000\n${frames}`;
}

const DIED = "h.dead-topic=%23jobs.a";

Deno.test("a dead letter is published to where it died with an id of its own, and acknowledged when that is stored", async () => {
  const { subscriber, publisher, done } = await begun();
  const fields = `id=orig h.dead-reason=attempts ${DIED} key=k h.trace=x%20y ttl=5`;
  await subscriber.send(
    `${batch(7, [{ fields, payload: "eins ü" }, { fields: DIED, payload: "" }])}ok 1\nok 1\n`,
  );
  assertEquals(await publisher.lines(4), [
    "pub #jobs.a 7 id=redriven-g-7 key=k h.trace=x%20y ttl=5",
    "eins ü",
    "pub #jobs.a 0 id=redriven-g-8",
    "",
  ]);
  let acknowledged = false;
  const acks = subscriber.lines(2);
  void acks.then(() => acknowledged = true);
  await publisher.send("ok 1 seq=1 level=synced\n");
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(acknowledged, false, "one of them is not stored yet");
  await publisher.send("ok 1 seq=2 level=synced\n");
  assertEquals(await acks, ["ack redrive #dead.g.jobs.a 7", "ack redrive #dead.g.jobs.a 8"]);
  let over = false;
  void done.then(() => over = true);
  await subscriber.send("ok 1\n");
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(over, false, "one is not acknowledged yet");
  await subscriber.send("ok 1\n");
  assertEquals(await within("the end", done), 2);
  assertEquals([await subscriber.rest(), await publisher.rest()], ["", ""]);
});

Deno.test("what is redriven has the group's name in its id, as a field may have it", async () => {
  const { subscriber, publisher, done } = await begun({ group: "wörk=er" });
  await subscriber.send(batch(1, [{ fields: DIED, payload: "x" }], "#dead.wörk=er.jobs.a"));
  assertEquals(await publisher.line(), "pub #jobs.a 1 id=redriven-w%C3%B6rk%3Der-1");
  await publisher.send("ok 1\n");
  assertEquals(await publisher.line(), "x");
  await subscriber.send("ok 1\nok 1\nok 1\n");
  assertEquals(await within("the end", done), 1);
});

Deno.test("what was redriven before is counted up, and what is told beside it changes nothing", async () => {
  const left = [0, 3, 2, 0];
  const { subscriber, publisher, done } = await begun({ lag: () => left.shift() ?? 0 });
  await subscriber.send('ok 2\ninfo {"live":"#dead.g"}\n');
  for (const seq of [1, 2]) {
    await subscriber.send(batch(seq, [{ fields: DIED, payload: `${seq}` }]));
    assertEquals(await publisher.lines(2), [`pub #jobs.a 1 id=redriven-g-${seq}`, `${seq}`]);
    await publisher.send('info {"x":1}\nok 1\n');
    assertEquals(await subscriber.line(), `ack redrive #dead.g.jobs.a ${seq}`);
    await subscriber.send("ok 1\n");
  }
  assertEquals(await within("the end", done), 2);
});

Deno.test("where nothing comes it is looked after half a second, and not sooner, what is left", async () => {
  using time = new FakeTime();
  const broker = new ScriptedBroker();
  const left = [0, 1, 1, 0];
  let looked = 0;
  broker.listing = () => {
    looked++;
    return Promise.resolve([listed("g", "#jobs"), listed("redrive", "#dead.g.>", left.shift() ?? 0)]);
  };
  const done = redrive(broker, "g");
  let over = false;
  void done.then(() => over = true);
  const turn = async (): Promise<void> => {
    for (let turns = 0; turns < 100; turns++) await Promise.resolve();
  };
  const subscriber = await hello(broker);
  await hello(broker);
  await subscriber.lines(2);
  await subscriber.send("ok 2\n");
  await turn();
  assertEquals(looked, 2, "for whether there is the group, and for what is left");
  assertEquals(time.timers, [500]);
  time.pass(499);
  await turn();
  assertEquals(looked, 2);
  time.pass(1);
  await turn();
  assertEquals([looked, over], [3, false]);
  time.pass(500);
  await turn();
  assertEquals(looked, 4);
  assertEquals([await done, time.timers], [0, []]);
});

Deno.test("a broker that refuses the dead letters, or does not take them again, says why", async () => {
  const refused = await begun();
  await refused.subscriber.send("err DENIED not for you\nok 1\n");
  const denied = await assertRejects(() => within("the end", refused.done), RunError);
  assertEquals(denied.message, "dead letters cannot be redriven (DENIED): not for you");
  const twice = await begun();
  await twice.subscriber.send("err DENIED first\nbye DRAINING second\n");
  const first = await assertRejects(() => within("the end", twice.done), RunError);
  assertEquals(first.message, "dead letters cannot be redriven (DENIED): first");
  for (const answer of ["err NO_SPACE the disk is full", "bye DRAINING it ends"]) {
    const { subscriber, publisher, done } = await begun();
    await subscriber.send(`${batch(1, [{ fields: DIED, payload: "1" }])}ok 2\n`);
    await publisher.lines(2);
    await publisher.send(`${answer}\n`);
    const [, code = "", text = ""] = answer.split(/^\w+ (\w+) /);
    const { message } = await assertRejects(() => within("the end", done), RunError);
    assertEquals(message, `a dead letter cannot be published again (${code}): ${text}`);
    assertEquals(await subscriber.rest(), "", "and it is not acknowledged");
  }
});

Deno.test("who says what is not understood is not waited for", async () => {
  const { subscriber, publisher, done } = await begun();
  await subscriber.send("nonsense comes\n");
  await assertRejects(() => within("the end", done), RunError, "the broker broke protocol 2");
  assertEquals(await publisher.rest(), "");
});

Deno.test("only the groups that redrive these dead letters say how many are left", async () => {
  const broker = new ScriptedBroker();
  broker.listing = () =>
    Promise.resolve([
      listed("g", "#jobs", 4),
      listed("audit", "#dead.g.>", 5),
      listed("redrive", "#dead.other.>", 6),
      listed("redrive", "#dead.g", 0),
    ]);
  const done = redrive(broker, "g");
  const subscriber = await hello(broker);
  await hello(broker);
  await subscriber.lines(2);
  await subscriber.send("ok 2\n");
  assertEquals(await within("the end", done), 0);
});

Deno.test("a group that was deleted is known by who redrove it, and by nobody else who reads its dead letters", async () => {
  const broker = new ScriptedBroker();
  broker.listing = () => Promise.resolve([listed("redrive", "#dead.g"), listed("audit", "#dead.none.>")]);
  await assertRejects(() => redrive(broker, "none"), RunError, 'there is no group "none"');
  const done = redrive(broker, "g");
  const subscriber = await hello(broker);
  await hello(broker);
  await subscriber.lines(2);
  await subscriber.send("ok 2\n");
  assertEquals(await within("the end", done), 0);
});

Deno.test("it is over when the broker has done with both of its connections", async () => {
  for (const slow of [SUBSCRIBERS, PUBLISHERS]) {
    const broker = new ScriptedBroker();
    broker.listing = () => Promise.resolve([listed("g", "#jobs")]);
    const { promise, resolve } = Promise.withResolvers<void>();
    broker.served = (listener) => listener === slow ? promise : Promise.resolve();
    let over = false;
    const done = redrive(broker, "g").then((count) => (over = true, count));
    const subscriber = await hello(broker);
    const publisher = await hello(broker);
    await subscriber.lines(2);
    await subscriber.send("ok 2\n");
    assertEquals(await publisher.rest(), "");
    for (let turns = 0; turns < 5; turns++) await new Promise((go) => setTimeout(go, 0));
    assertEquals(over, false, slow.name);
    resolve();
    assertEquals(await within("the end", done), 0);
  }
});

Deno.test("a broker that ends is told as that, wherever that happens, and once", async () => {
  const ended = async (end: (bench: Bench) => Promise<void>): Promise<void> => {
    const bench = await begun();
    await end(bench);
    await assertRejects(() => within("the end", bench.done), RunError, "the broker ends");
    // what nobody waited for would be told now
    for (let turns = 0; turns < 5; turns++) await new Promise((go) => setTimeout(go, 0));
  };
  const letter = batch(1, [{ fields: DIED, payload: "1" }]);
  await ended(({ subscriber }) => Promise.resolve(subscriber.close()));
  await ended(async ({ subscriber, publisher }) => {
    publisher.close();
    await subscriber.send(letter);
  });
  await ended(async ({ subscriber, publisher }) => {
    await subscriber.send(letter);
    await publisher.lines(2);
    publisher.close();
  });
  await ended(async ({ subscriber, publisher }) => {
    await subscriber.send(letter);
    await publisher.lines(2);
    subscriber.close();
    await publisher.send("ok 1\n");
  });
  const broker = new ScriptedBroker();
  broker.listing = () => Promise.resolve([listed("g", "#jobs")]);
  const done = redrive(broker, "g");
  done.catch(() => {});
  const subscriber = await hello(broker);
  subscriber.close();
  await hello(broker);
  await assertRejects(() => within("the end", done), RunError, "the broker ends");
});
