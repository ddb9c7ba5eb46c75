import { assert, assertEquals } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { ENGINE_PACK_BYTES, ENGINE_WINDOW_BYTES } from "../../../lib/limits.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";
import { runOf } from "../case_parts.ts";
import { OutgoingBench } from "./outgoing_bench.ts";

/** A head, and two LF, where a length has so many digits. */
const AROUND = "pub #a \n\n".length;

/** A message whose record takes so many bytes. */
function sized(bytes: number): string {
  const digits = `${bytes}`.length;
  const length = bytes - AROUND - digits;
  return "x".repeat(`${length}`.length === digits ? length : length + 1);
}

/** Of packed messages the bytes behind their stamps, other things as they are. */
function sent({ link }: OutgoingBench): (number | string)[] {
  return link.takeAsked().map((each) => {
    const packed = /^pub p\.memory\.run\.\w+ me\.\d+ \d+\n/.exec(each);
    return packed === null ? each : each.length - packed[0].length;
  });
}

Deno.test("all that a read brings is announced once, and again what the next one does", () => {
  const bench = new OutgoingBench();
  let announced = 0;
  const add = bench.flushes.add.bind(bench.flushes);
  bench.flushes.add = (flushable) => {
    announced++;
    add(flushable);
  };
  for (const text of ["1", "2", "3"]) bench.publish("#a", text);
  assertEquals(announced, 1);
  bench.flush();
  bench.publish("#a", "4");
  assertEquals(announced, 2);
  bench.flush();
  assertEquals(sent(bench), [33, "ping", 11, "ping"]);
});

Deno.test("behind two PINGs without an answer as much as fills a packed message does not wait", () => {
  for (const more of [-1, 0]) {
    const bench = new OutgoingBench();
    for (const text of ["1", "2"]) {
      bench.publish("#a", text);
      bench.flush();
    }
    sent(bench);
    bench.publish("#a", sized(ENGINE_PACK_BYTES + more));
    bench.flush();
    assertEquals(sent(bench), more < 0 ? [] : [ENGINE_PACK_BYTES, "ping"]);
    bench.link.pongs();
    assertEquals(
      [sent(bench).length, bench.answers.length],
      [more < 0 ? 2 : 0, 3],
      "behind an answer all goes",
    );
  }
});

Deno.test("runs to one topic are packed together as long as they fit, in as much as NATS takes", () => {
  for (const more of [0, 1]) {
    const bench = new OutgoingBench();
    const half = ENGINE_PACK_BYTES / 2;
    bench.publish("#a", sized(half));
    bench.publish("#a", sized(half + more));
    bench.publish("#a", sized(100));
    bench.flush();
    const packed = more === 0 ? [2 * half, 100] : [half, half + 101];
    assertEquals(sent(bench), [...packed, "ping"]);
  }
  const small = new OutgoingBench();
  small.link.maxPayload = 10_000;
  small.publish("#a", sized(5_000));
  small.publish("#a", sized(10_000 - 64 - 5_000));
  small.publish("#a", sized(5_000));
  small.publish("#a", sized(10_000 - 64 - 5_000 + 1));
  small.flush();
  assertEquals(sent(small), [10_000 - 64, 5_000, 4_937, "ping"]);
});

Deno.test("of a run that is too large for a packed message as many go together as fit, a large one alone", () => {
  const bench = new OutgoingBench();
  const third = Math.floor(ENGINE_PACK_BYTES / 3);
  bench.publish("#a", sized(third), sized(third), sized(third), sized(third));
  bench.publish("#a", sized(ENGINE_PACK_BYTES + 1), sized(50));
  bench.publish("#a", sized(50), sized(ENGINE_PACK_BYTES + 1));
  bench.publish("#a", sized(60));
  bench.flush();
  assertEquals(sent(bench), [
    3 * third,
    third,
    ENGINE_PACK_BYTES + 1,
    50,
    50,
    ENGINE_PACK_BYTES + 1,
    60,
    "ping",
  ]);
  const many = new OutgoingBench();
  const quarter = ENGINE_PACK_BYTES / 4;
  many.publish("#a", ...Array.from({ length: 9 }, () => sized(quarter)));
  many.flush();
  assertEquals(sent(many), [4 * quarter, 4 * quarter, quarter, "ping"]);
  const exact = new OutgoingBench();
  exact.publish("#a", sized(ENGINE_PACK_BYTES - 100), sized(100), sized(30));
  exact.flush();
  assertEquals(sent(exact), [ENGINE_PACK_BYTES, 30, "ping"]);
});

Deno.test("what asks for answers goes by itself, and NATS is asked whether anybody is there for it (R3)", () => {
  const bench = new OutgoingBench({ reached: 0 });
  const asking = { text: "?", id: "1 reply=#r" };
  bench.publish("#a", "1");
  bench.publish("#a", asking);
  bench.publish("#a", "2");
  bench.publish("#a", "3");
  bench.publish("#a", { text: "no", id: "2" }, asking);
  bench.publish("#a", "no", asking);
  bench.flush();
  const asked = bench.link.takeAsked().map((each) => each.replaceAll("\n", "|"));
  const question = "pub #a 1 id=1 reply=#r|?|";
  assertEquals(asked, [
    "sub p.broker.nobody.me.*",
    "pub p.memory.run.a me.0 1|pub #a 1|1|",
    `pub p.memory.run.a me.0 2|${question} {"reply":"p.broker.nobody.me.1"}`,
    "pub p.memory.run.a me.0 3|pub #a 1|2|pub #a 1|3|",
    `pub p.memory.run.a me.0 4|pub #a 2 id=2|no|${question} {"reply":"p.broker.nobody.me.2"}`,
    `pub p.memory.run.a me.0 5|pub #a 2|no|${question} {"reply":"p.broker.nobody.me.3"}`,
    "ping",
  ]);
  const says = (question: string, status: number): void =>
    bench.link.comes("p.broker.nobody.me.*", "", `p.broker.nobody.me.${question}`, { status });
  says("1", 404);
  says("2", 503);
  says("9", 503);
  bench.link.pong();
  const unknown = ["1", "2", "3", "4"].map((at) => `${at}: 1 memory undefined`);
  assertEquals(bench.answers, [...unknown, "5: 2 memory 0", "6: 2 memory undefined"]);
});

Deno.test("who asks in more than a packed message is told when nobody has any part of it (R3)", () => {
  for (const nobodys of [0, 1, 2]) {
    const bench = new OutgoingBench({ reached: 0 });
    const text = "x".repeat(ENGINE_PACK_BYTES);
    bench.publish("#a", { text, id: "1 reply=#r" }, { text, id: "2 reply=#r" });
    bench.flush();
    const replies = bench.link.takeAsked().map((each) => /"reply":"(.*?)"/.exec(each)?.[1]);
    const reply = "p.broker.nobody.me.1";
    assertEquals(replies, [undefined, reply, reply, undefined]);
    for (let at = 0; at < nobodys; at++) bench.link.comes("p.broker.nobody.me.*", "", reply, { status: 503 });
    bench.link.pong();
    assertEquals(bench.answers, [`1: 2 memory ${nobodys === 2 ? 0 : undefined}`]);
  }
});

Deno.test("what was asked is known no longer than its answer takes, though a PING is always open", () => {
  const bench = new OutgoingBench({ reached: 0 });
  for (let at = 0; at < 10; at++) {
    bench.publish("#a", { text: "?", id: "1 reply=#r" });
    bench.flush();
    if (at > 0) bench.link.pong();
    assertEquals(bench.outgoing.questions, 1);
  }
  bench.publish("#a", { text: "?", id: "1 reply=#r" });
  bench.link.goDown();
  assertEquals(bench.outgoing.questions, 0, "nor where it was refused");
});

Deno.test("what asks for answers and just fills a packed message is one, and NATS is asked for it (R3)", () => {
  const bench = new OutgoingBench({ reached: 0 });
  const around = "pub #a 65508 id=1 reply=#r\n\n".length;
  bench.publish("#a", { text: "x".repeat(ENGINE_PACK_BYTES - around), id: "1 reply=#r" });
  assertEquals(bench.outgoing.pending, ENGINE_PACK_BYTES);
  bench.flush();
  const [, packed] = bench.link.takeAsked();
  assert(packed!.endsWith('x\n {"reply":"p.broker.nobody.me.1"}'), packed!.slice(-50));
});

Deno.test("who has somebody here, or asks in a plain topic, asks nobody elsewhere", () => {
  const bench = new OutgoingBench({ reached: 1 });
  const plain = new OutgoingBench({ reached: 0, plain: true });
  for (const each of [bench, plain]) {
    each.publish("#a", { text: "?", id: "1 reply=#r" });
    each.flush();
  }
  assertEquals(bench.link.takeAsked(), ["pub p.memory.run.a me.0 1\npub #a 1 id=1 reply=#r\n?\n", "ping"]);
  const headers = '"headers":[["Hashbus-Id","1"],["Hashbus-From","me.0 1"]]';
  assertEquals(plain.link.takeAsked(), [
    `pub p.memory.one.a ? {${headers},"reply":"p.memory.one.r"}`,
    "ping",
  ]);
});

Deno.test("a plain message has its fields as headers, and where answers go as its reply subject (N6)", () => {
  const bench = new OutgoingBench({ plain: true });
  bench.publish("#a", { text: "x", id: "1 reply=#r key=k" }, "y");
  bench.publish("#b", "z");
  bench.flush();
  const from = (number: number): string => `["Hashbus-From","me.0 ${number}"]`;
  assertEquals(bench.link.takeAsked(), [
    `pub p.memory.one.a x {"headers":[["Hashbus-Id","1"],["Hashbus-Key","k"],${
      from(1)
    }],"reply":"p.memory.one.r"}`,
    `pub p.memory.one.a y {"headers":[${from(2)}]}`,
    `pub p.memory.one.b z {"headers":[${from(3)}]}`,
    "ping",
  ]);
});

Deno.test("of a plain topic what is too large with its headers is refused, and what just fits is written (N6)", () => {
  const percents = "%".repeat(1_000);
  for (const more of [0, 1]) {
    const bench = new OutgoingBench({ plain: true });
    bench.link.maxPayload = 10_000;
    const headers = `NATS/1.0\r\nHashbus-Id: 1\r\nHashbus-Fields: x=${"%25".repeat(1_000)}\r\n\r\n`;
    const most = 10_000 - 64 - 512 - headers.length;
    bench.publish("#a", { text: "y".repeat(most + more), id: `1 x=${percents}` });
    bench.flush();
    assertEquals(bench.answers, more === 0 ? [] : ["1: 1 PAYLOAD_TOO_LARGE"]);
    assertEquals(bench.link.takeAsked().length, more === 0 ? 2 : 0);
  }
});

Deno.test("of a plain topic fields that nobody would take back are refused", () => {
  const bench = new OutgoingBench({ plain: true });
  bench.link.maxPayload = 8 * 1024 * 1024;
  for (const value of ["%", "x"]) bench.publish("#a", { text: "a", id: `1 h.a=${value.repeat(400_000)}` });
  assertEquals(bench.answers, ["1: 1 PAYLOAD_TOO_LARGE"]);
});

Deno.test("what NATS does not take after all is refused, what was published with it is answered, and nothing is left", () => {
  for (const plain of [true, false]) {
    const bench = new OutgoingBench({ plain });
    const publish = bench.link.publish.bind(bench.link);
    bench.link.publish = (subject, bytes, sending) => {
      if (bytes.length > 500_000) throw new Error("max_payload size exceeded");
      publish(subject, bytes, sending);
    };
    const large = "x".repeat(600_000);
    const chunks = [bench.publish("#a", "1"), bench.publish("#a", large), bench.publish("#b", "2")];
    let idle = 0;
    bench.outgoing.whenIdle(() => idle++);
    bench.flush();
    bench.link.pongs();
    assertEquals(bench.answers, ["1: 1 memory undefined", "2: 1 PAYLOAD_TOO_LARGE", "3: 1 memory undefined"]);
    assertEquals([bench.outgoing.pending, idle, chunks.some(({ shared }) => shared)], [0, 1, false]);
    bench.publish("#a", "3");
    bench.flush();
    bench.link.pongs();
    assertEquals(bench.answers.at(-1), "4: 1 memory undefined");
  }
});

Deno.test("a link that is lost, though nobody has been told yet, takes nothing, and what waited is refused", () => {
  const bench = new OutgoingBench();
  const waiting = bench.publish("#a", "1");
  bench.link.up = false;
  const refused = bench.publish("#a", "2", "3");
  assertEquals(bench.answers, ["2: 2 UNAVAILABLE"]);
  let idle = 0;
  bench.outgoing.whenIdle(() => idle++);
  assertEquals(idle, 0);
  bench.flush();
  assertEquals([bench.answers.at(-1), idle, bench.link.takeAsked()], ["1: 1 UNAVAILABLE", 1, []]);
  assertEquals([bench.outgoing.pending, bench.outgoing.refused], [0, 3]);
  assert(!waiting.shared && !refused.shared);
  bench.link.goDown();
  bench.link.up = true;
  bench.publish("#a", "4");
  assertEquals(bench.answers.at(-1), "3: 1 UNAVAILABLE", "nor before it is told that it is back");
});

Deno.test("who waits for room is told when there is, and not for each answer; what is set going is with it", () => {
  const bench = new OutgoingBench();
  let free = 0;
  let flushed = 0;
  const large = sized(ENGINE_WINDOW_BYTES / 2 - 1);
  for (let at = 0; at < 3; at++) {
    for (let part = 0; part < 2; part++) {
      bench.publish("#a", large.slice(0, 500_000), large.slice(0, 500_000));
    }
    bench.flush();
  }
  assert(bench.outgoing.full);
  bench.outgoing.whenNotFull(() => free++);
  bench.link.pong();
  assertEquals([free, bench.outgoing.full], [0, true]);
  bench.flushes.add({ ready: () => flushed++ });
  bench.link.pong();
  assertEquals([free, flushed, bench.outgoing.full], [1, 1, false]);
  bench.outgoing.whenNotFull(() => free++);
  bench.link.pong();
  assertEquals(free, 1, "it was not full before that");
});

Deno.test("when the link is lost or back those are told who wait, and what they do is set going", () => {
  const bench = new OutgoingBench();
  const told: string[] = [];
  bench.publish("#a", "1");
  bench.outgoing.whenIdle(() => told.push("idle"));
  bench.flushes.add({ ready: () => told.push("down") });
  bench.link.goDown();
  assertEquals(told.splice(0), ["idle", "down"]);
  bench.outgoing.whenNotFull(() => told.push("free"));
  bench.flushes.add({ ready: () => told.push("up") });
  bench.link.goUp();
  assertEquals([told.splice(0), bench.outgoing.full], [["free", "up"], false]);
  bench.outgoing.whenNotFull(() => told.push("free"));
  bench.outgoing.tick(1e6);
  assertEquals(told, [], "time alone frees nothing while it is there");
});

Deno.test("what was refused before it was written counts no more when the link is back", () => {
  const bench = new OutgoingBench();
  bench.publish("#a", sized(ENGINE_PACK_BYTES));
  bench.link.goDown();
  bench.link.goUp();
  bench.publish("#a", "1");
  assertEquals(bench.outgoing.pending, 11);
  bench.flush();
  bench.link.pong();
  assertEquals(bench.outgoing.pending, 0);
});

Deno.test("who ends waits for the last answer", () => {
  const bench = new OutgoingBench();
  let idle = 0;
  bench.outgoing.whenIdle(() => idle++);
  assertEquals(idle, 1);
  for (const text of ["1", "2"]) {
    bench.publish("#a", text);
    bench.flush();
  }
  bench.outgoing.whenIdle(() => idle++);
  bench.link.pong();
  assertEquals(idle, 1);
  bench.link.pong();
  assertEquals(idle, 2);
  bench.publish("#a", "3");
  bench.flush();
  bench.link.pong();
  assertEquals(idle, 2, "once");
});

Deno.test("who waits for room is told when all of a window that was just full is answered", () => {
  const bench = new OutgoingBench();
  for (let at = 0; at < 4; at++) bench.publish("#a", sized(ENGINE_WINDOW_BYTES / 4));
  assertEquals([bench.outgoing.pending, bench.outgoing.full], [ENGINE_WINDOW_BYTES, true]);
  bench.flush();
  let free = 0;
  bench.outgoing.whenNotFull(() => free++);
  bench.link.pong();
  assertEquals(free, 1);
  bench.outgoing.tick(1);
  bench.link.goDown();
  bench.link.goUp();
  assertEquals(free, 1, "once");
});

Deno.test("a run that lies further in what was read counts as what it is, and goes as that", () => {
  const bench = new OutgoingBench();
  const { chunk, start, end } = runOf({ topic: "#a", topicBytes: 2 }, ["1", "2"]).records;
  const before = 50_000;
  const bytes = new Uint8Array(before + end - start);
  bytes.set(chunk.bytes.subarray(start, end), before);
  const options = { encoding: RECORDS, count: 2, pool: new ChunkPool(), hasFields: false };
  for (let at = 0; at < 2; at++) {
    const run = new Run(new Slice(new Chunk(bytes), before), {
      ...options,
      route: { topic: "#a", topicBytes: 2 },
      ttl: undefined,
      expires: undefined,
    });
    run.keep();
    bench.outgoing.publish(run, bench);
  }
  assertEquals(bench.outgoing.pending, 2 * (end - start));
  bench.flush();
  assertEquals(sent(bench), [22, 22, "ping"]);
  bench.link.goDown();
  assertEquals(bench.outgoing.pending, 0);
});
