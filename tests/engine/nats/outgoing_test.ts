import { assert, assertEquals, assertMatch } from "@std/assert";
import { ENGINE_AWAY_MS, ENGINE_WINDOW_BYTES } from "../../../lib/limits.ts";
import { runOf } from "../case_parts.ts";
import { OutgoingBench } from "./outgoing_bench.ts";

Deno.test("what one read brings is packed by topic, in its order, and acknowledged at the PONG behind it (N1)", () => {
  const bench = new OutgoingBench();
  const [a, b] = [{ topic: "#a", topicBytes: 2 }, { topic: "#b", topicBytes: 2 }];
  for (const [route, texts] of [[a, ["1", "2"]], [a, ["3"]], [b, ["4"]], [a, ["5"]]] as const) {
    const run = runOf(route, texts);
    run.keep();
    bench.outgoing.publish(run, bench);
  }
  assertEquals(bench.link.takeAsked(), []);
  bench.flush();
  assertEquals(bench.link.takeAsked(), [
    "pub p.memory.run.a me.0 1\npub #a 1\n1\npub #a 1\n2\npub #a 1\n3\n",
    "pub p.memory.run.b me.0 2\npub #b 1\n4\n",
    "pub p.memory.run.a me.0 3\npub #a 1\n5\n",
    "ping",
  ]);
  assertEquals(bench.answers, []);
  bench.link.pong();
  assertEquals(bench.answers, [
    "1: 2 memory undefined",
    "2: 1 memory undefined",
    "3: 1 memory undefined",
    "4: 1 memory undefined",
  ]);
  assertEquals(bench.outgoing.pending, 0);
});

Deno.test("while two PINGs have no answer what is little waits for the next, and goes together", () => {
  const bench = new OutgoingBench();
  for (const text of ["1", "2", "3", "4"]) {
    bench.publish("#a", text);
    bench.flush();
  }
  assertEquals(bench.link.takeAsked().filter((each) => each === "ping").length, 2);
  bench.link.pong();
  bench.flush();
  assertEquals(bench.link.takeAsked().at(-1), "ping");
  bench.link.pong();
  bench.link.pong();
  assertEquals([bench.answers.length, bench.outgoing.pending], [4, 0]);
});

Deno.test("it is full while NATS owes an answer for its window, and calls back when it does not", () => {
  const bench = new OutgoingBench();
  const large = "x".repeat(512 * 1024);
  let sent = 0;
  for (; !bench.outgoing.full; sent++) bench.publish("#a", large);
  assertEquals(sent, ENGINE_WINDOW_BYTES / large.length);
  bench.flush();
  let free = false;
  bench.outgoing.whenNotFull(() => free = true);
  let idle = false;
  bench.outgoing.whenIdle(() => idle = true);
  bench.link.pong();
  assert(free && idle && !bench.outgoing.full);
});

Deno.test("it is full with the last byte of its window, and not before", () => {
  for (const missing of [1, 0]) {
    const bench = new OutgoingBench();
    const left = (): number => ENGINE_WINDOW_BYTES - bench.outgoing.pending - missing;
    while (left() > 600_000) bench.publish("#a", "x".repeat(400_000));
    // a head and two LF are 15 bytes where a length has six digits
    bench.publish("#a", "x".repeat(left() - 15));
    assertEquals([left(), bench.outgoing.full], [0, missing === 0]);
  }
});

Deno.test("what had no answer when NATS was lost is refused, and then all is, after a while (N3)", () => {
  const bench = new OutgoingBench();
  bench.publish("#a", "1");
  bench.flush();
  bench.publish("#a", "2");
  bench.link.goDown();
  assertEquals(bench.answers, ["1: 1 UNAVAILABLE", "2: 1 UNAVAILABLE"]);
  assert(bench.outgoing.full);
  assertMatch(bench.outgoing.trouble ?? "", /^NATS cannot be reached \(nowhere:4222\)$/);
  let free = false;
  bench.outgoing.whenNotFull(() => free = true);
  bench.outgoing.tick(ENGINE_AWAY_MS - 1);
  assert(!free);
  bench.outgoing.tick(ENGINE_AWAY_MS);
  assert(free && !bench.outgoing.full);
  bench.publish("#a", "3");
  assertEquals(bench.answers.at(-1), "3: 1 UNAVAILABLE");
  bench.link.goUp();
  assertEquals(bench.outgoing.trouble, undefined);
  bench.link.takeAsked();
  bench.publish("#a", "4");
  bench.flush();
  assertEquals(bench.link.takeAsked()[0], "pub p.memory.run.a me.1 2\npub #a 1\n4\n", "as another sender");
});

Deno.test("what NATS does not let the broker publish is refused, and what was published with it is not", () => {
  for (const plain of [false, true]) {
    const bench = new OutgoingBench({ plain });
    for (const topic of ["#a", "#b", "#a"]) bench.publish(topic, "1");
    bench.flush();
    bench.publish("#a", "2");
    bench.flush();
    bench.link.denies("subscription", `p.memory.${plain ? "one" : "run"}.b`);
    bench.link.denies("publish", `p.memory.${plain ? "one" : "run"}.a`);
    bench.link.pongs();
    assertEquals(bench.answers, ["1: 1 DENIED", "2: 1 memory undefined", "3: 1 DENIED", "4: 1 DENIED"]);
    assertEquals(bench.outgoing.trouble, undefined, "of which the broker has none");
    bench.publish("#a", "3");
    bench.flush();
    bench.link.pongs();
    assertEquals(bench.answers.at(-1), "5: 1 memory undefined");
  }
});

Deno.test("a denial is nothing to what is published behind it, and costs the same however much is on its way", () => {
  const bench = new OutgoingBench();
  let looked = 0;
  const route = {
    topicBytes: 2,
    get topic(): string {
      looked++;
      return "#a";
    },
  };
  for (let each = 0; each < 100; each++) {
    const run = runOf(route, ["1"]);
    run.keep();
    bench.outgoing.publish(run, bench);
  }
  bench.flush();
  looked = 0;
  for (let each = 0; each < 100; each++) bench.link.denies("publish", "p.memory.run.a");
  assertEquals(looked, 0);
  bench.publish("#a", "2");
  bench.flush();
  bench.link.pong();
  assertEquals([bench.answers.length, bench.answers.at(-1)], [100, "100: 1 DENIED"]);
  bench.link.pong();
  assertEquals(bench.answers.at(-1), "101: 1 memory undefined");
  bench.link.denies("publish", "p.memory.run.a");
  bench.publish("#a", "3");
  bench.flush();
  bench.link.pong();
  assertEquals(bench.answers.at(-1), "102: 1 memory undefined", "nothing was on its way");
});

Deno.test("what was written is kept no longer than it takes, and neither is what was refused", () => {
  const bench = new OutgoingBench();
  const written = bench.publish("#a", "1");
  const waiting = bench.publish("#a", "2");
  assert(written.shared && waiting.shared);
  bench.flush();
  bench.link.pong();
  assert(!written.shared && !waiting.shared);
  const refused = bench.publish("#a", "3");
  bench.link.goDown();
  assertEquals(bench.answers.at(-1), "3: 1 UNAVAILABLE");
  assert(!refused.shared);
});

Deno.test("a run that is larger than a packed message goes in parts, a message that NATS does not take is refused", () => {
  const bench = new OutgoingBench();
  bench.publish("#a", ..."abc".split("").map((letter) => letter.repeat(40_000)));
  bench.flush();
  const asked = bench.link.takeAsked();
  assertEquals(asked.map((each) => each.length > 40_000), [true, true, true, false]);
  bench.link.maxPayload = 10_000;
  bench.publish("#a", "y".repeat(10_000));
  assertEquals(bench.answers, ["2: 1 PAYLOAD_TOO_LARGE"]);
});

Deno.test("of a run each message may be as large as NATS takes, beside a stamp and headers", () => {
  for (const more of [0, 1]) {
    const bench = new OutgoingBench();
    bench.link.maxPayload = 10_000;
    const most = 10_000 - 64 - 512;
    // a head and two LF are 13 bytes where a length has four digits
    bench.publish("#a", "1", "y".repeat(most - 13 + more), "2");
    const refused = ["1: 3 PAYLOAD_TOO_LARGE"];
    assertEquals(bench.answers, more === 0 ? [] : refused);
    assertEquals(bench.outgoing.pending > most, more === 0);
  }
});

Deno.test("messages of plain topics go one by one, and say who sent them", () => {
  const bench = new OutgoingBench({ plain: true });
  bench.publish("#a", "1", "2");
  bench.flush();
  assertEquals(bench.link.takeAsked(), [
    'pub p.memory.one.a 1 {"headers":[["Hashbus-From","me.0 1"]]}',
    'pub p.memory.one.a 2 {"headers":[["Hashbus-From","me.0 2"]]}',
    "ping",
  ]);
});

Deno.test("who asks is told that nobody is there though another's answer came meanwhile (R3)", () => {
  const bench = new OutgoingBench({ reached: 0 });
  for (const text of ["1", "2", "3"]) {
    bench.publish("#a", { text, id: "i reply=#r" });
    bench.flush();
    if (text === "2") bench.link.pong();
  }
  const nobody = (question: number): void =>
    bench.link.comes("p.broker.nobody.me.*", "", `p.broker.nobody.me.${question}`, { status: 503 });
  nobody(2);
  bench.link.pong();
  bench.link.pong();
  assertEquals(bench.answers, ["1: 1 memory undefined", "2: 1 memory 0", "3: 1 memory undefined"]);
});
