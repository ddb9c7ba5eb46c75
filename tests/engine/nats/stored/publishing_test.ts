import { assert, assertEquals } from "@std/assert";
import { ChunkPool, Slice } from "../../../../lib/buffers.ts";
import {
  AGAIN_MS,
  PATIENCE_MS,
  RESEND_MS,
  SENT_BYTES_MOST,
  SENT_MOST,
} from "../../../../lib/engine/nats/stored/limits.ts";
import { RECORDS } from "../../../../lib/wire/encoding.ts";
import { Run } from "../../../../lib/wire/run.ts";
import { runOf } from "../../case_parts.ts";
import { AROUND, PublishingBench } from "./publishing_bench.ts";

Deno.test("each message goes with an id, and is acknowledged when the stream has it (D6, N7, N9)", () => {
  const bench = new PublishingBench();
  const chunk = bench.publish("a", { text: "b", id: "i1" });
  assertEquals(bench.counters.totals.published, 2);
  bench.flushes.flush();
  assertEquals(bench.link.takeAsked(), [
    'pub p.stored.d a {"headers":[["Nats-Msg-Id","me-1"]],"reply":"in.1"}',
    'pub p.stored.d b {"headers":[["Hashbus-Id","i1"],["Nats-Msg-Id","#d i1"]],"reply":"in.2"}',
    "ping",
  ]);
  assertEquals([bench.answers, bench.publishing.size], [[], 2]);
  bench.says("2", { seq: 8, duplicate: true });
  assert(chunk.shared, "one may have to be sent once more");
  bench.says("1", { seq: 7 });
  assertEquals(bench.answers, ["2 engine undefined undefined", "1 engine #d 7"]);
  assert(!chunk.shared);
  bench.says("1", { seq: 7 });
  assertEquals(
    [bench.answers.length, bench.publishing.size],
    [2, 0],
    "an answer that comes twice says nothing",
  );
});

Deno.test("JetStream knows an id as it is written, also one that no header could hold otherwise (D6, N9)", () => {
  for (const id of ["i", "a%20b", "%20a", "a%20", "a%0Ab", "%09", "%C2%85", "50%", "\u00e9", ""]) {
    const bench = new PublishingBench();
    bench.publish({ text: "a", id });
    bench.flushes.flush();
    const known = /"Nats-Msg-Id","(.*?)"\]/.exec(bench.link.takeAsked()[0]!)?.[1];
    assertEquals(known, `#d ${id}`);
  }
});

Deno.test("what JetStream refuses is refused with its reason, which is the trouble until it stores something again", () => {
  const bench = new PublishingBench();
  bench.publish("a", "b");
  bench.says("1", { error: { code: 503, err_code: 10077, description: "maximum messages exceeded" } });
  assertEquals(bench.answers, ["1 STORE: NATS: maximum messages exceeded"]);
  assertEquals(bench.publishing.trouble, "NATS: maximum messages exceeded");
  bench.says("2", { seq: 1 });
  assertEquals(bench.publishing.trouble, undefined);
});

Deno.test("what NATS does not let the broker publish is refused, once for all that was sent together", () => {
  const bench = new PublishingBench();
  const chunk = bench.publish("a", "b");
  bench.asked();
  for (const [operation, subject] of [["publish", "p.stored.e"], ["subscription", "p.stored.d"]] as const) {
    bench.link.denies(operation, subject);
  }
  bench.link.pong();
  assertEquals([bench.answers, bench.publishing.trouble], [[], undefined]);
  bench.publish("c");
  bench.asked();
  let flushed = 0;
  bench.flushes.add({ ready: () => flushed++ });
  for (let each = 0; each < 3; each++) bench.link.denies("publish", "p.stored.d");
  assertEquals([bench.answers, flushed], [[], 0], "nothing is looked through at each");
  bench.link.pong();
  const refused = ["1 DENIED: no p.stored.d", "2 DENIED: no p.stored.d", "3 DENIED: no p.stored.d"];
  assertEquals([bench.answers, flushed], [refused, 1]);
  assertEquals([bench.publishing.trouble, chunk.shared], [undefined, false], "the broker has no trouble");
  bench.publish("d");
  bench.asked();
  bench.link.pong();
  assertEquals(bench.answers.length, 3, "what was denied before is nothing to it");
});

Deno.test("what was denied by a server that is lost is sent once more to the next one (N8)", () => {
  const bench = new PublishingBench();
  bench.publish("a");
  bench.asked();
  bench.link.denies("publish", "p.stored.d");
  bench.link.goDown();
  bench.link.goUp();
  assertEquals([bench.asked(), bench.answers], [["1 a", "ping"], []]);
  bench.link.pong();
  assertEquals(bench.answers, []);
  bench.says("1", { seq: 1 });
  assertEquals(bench.answers, ["1 engine #d 1"]);
});

Deno.test("what JetStream cannot store at this moment is sent once more in a moment (N8)", () => {
  const bench = new PublishingBench();
  bench.publish("a", "b", "c", "d", "e");
  assertEquals(bench.asked(), ["1 a", "2 b", "3 c", "4 d", "5 e", "ping"]);
  bench.says("1", "", 503);
  bench.says("2", { error: { err_code: 10008, description: "no leader" } });
  bench.says("3", "no JSON");
  bench.says("4", { seq: 0 });
  bench.says("5", { seq: "1" });
  assertEquals(bench.answers, []);
  bench.passes(AGAIN_MS - 1);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  assertEquals(bench.asked(), ["1 a", "2 b", "3 c", "4 d", "5 e", "ping"]);
  bench.passes(AGAIN_MS);
  assertEquals(bench.asked(), [], "once");
  for (const token of ["1", "2", "3", "4", "5"]) bench.says(token, { seq: Number(token) });
  assertEquals(bench.answers.length, 5);
});

Deno.test("what has no answer is sent once more, and refused in the end, for it may have been stored (N8)", () => {
  const bench = new PublishingBench();
  const chunk = bench.publish("a");
  bench.asked();
  bench.passes(RESEND_MS - 1);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  assertEquals(bench.asked(), ["1 a", "ping"]);
  bench.passes(RESEND_MS - 1);
  assertEquals(bench.asked(), []);
  bench.passes(PATIENCE_MS - 2 * RESEND_MS);
  assertEquals([bench.asked(), bench.answers], [["1 a", "ping"], []]);
  bench.passes(1);
  assertEquals(bench.answers, ["1 STORE: NATS does not answer: it may have been stored"]);
  assert(!chunk.shared);
});

Deno.test("as long as answers come in their turn nothing is sent twice; what was passed over is (N8)", () => {
  const bench = new PublishingBench();
  bench.publish("a", "b", "c", "d");
  bench.asked();
  bench.passes(RESEND_MS - 1);
  bench.says("1", { seq: 1 });
  bench.passes(RESEND_MS - 1);
  assertEquals(bench.asked(), []);
  bench.says("3", { seq: 2 });
  bench.passes(0);
  assertEquals(bench.asked(), ["2 b", "ping"], "its answer should have come");
  bench.passes(RESEND_MS - 1);
  assertEquals(bench.asked(), [], "but the last is still to come");
  bench.passes(1);
  assertEquals(bench.asked(), ["2 b", "4 d", "ping"]);
  bench.passes(PATIENCE_MS - 3 * RESEND_MS + 2);
  assertEquals(bench.answers.slice(2), ["2 STORE: NATS does not answer: it may have been stored"]);
});

Deno.test("when the link is back all that has no answer is sent, and meanwhile what is new is refused (N8)", () => {
  const bench = new PublishingBench();
  bench.publish("a");
  bench.asked();
  bench.link.goDown();
  assertEquals([bench.publishing.trouble, bench.publishing.full], ["NATS is away", true]);
  const refused = bench.publish("b");
  assertEquals(bench.answers, ["2 STORE: NATS is away: nothing can be stored until it is back"]);
  assert(!refused.shared);
  let free = 0;
  bench.publishing.whenNotFull(() => free++);
  bench.passes(RESEND_MS);
  assertEquals([bench.asked(), free], [[], 0]);
  bench.link.goUp();
  assertEquals([bench.asked(), free, bench.publishing.trouble, bench.publishing.full], [
    ["1 a", "ping"],
    1,
    undefined,
    false,
  ]);
  bench.link.goDown();
  bench.publishing.whenNotFull(() => free++);
  bench.passes(PATIENCE_MS - 1);
  assertEquals(free, 1);
  bench.passes(1);
  assertEquals([free, bench.publishing.full], [2, false], "who waits is told that it cannot be stored");
  assertEquals(bench.answers.at(-1), "1 STORE: NATS is away: it may have been stored");
});

Deno.test("so many messages may be without an answer, and then it is full until there is room", () => {
  const bench = new PublishingBench();
  bench.publish(...Array.from({ length: SENT_MOST - 1 }, () => "x"));
  assert(!bench.publishing.full);
  bench.publishing.send({ topic: "#d", bytes: new Uint8Array(1), headers: [], id: "x" }, () => {});
  assert(bench.publishing.full);
  let free = 0;
  bench.publishing.whenNotFull(() => free++);
  bench.says("1", { seq: 1 });
  assertEquals(free, 0, "not for each that is answered, where there are many bytes");
  let token = 1;
  while (free === 0) bench.says((++token).toString(36), { seq: token });
  assert(!bench.publishing.full && token < SENT_MOST);
  bench.publishing.whenNotFull(() => free++);
  assertEquals(free, 2, "at once where it is not full");
});

Deno.test("so many bytes may be without an answer, and then it is full until half of them are", () => {
  const bench = new PublishingBench();
  bench.link.maxPayload = SENT_BYTES_MOST;
  const quarter = "x".repeat(SENT_BYTES_MOST / 4 - 300 - AROUND);
  bench.publish(quarter, quarter, quarter);
  assert(!bench.publishing.full);
  bench.publish(quarter);
  assert(bench.publishing.full, "with what each takes beside its bytes");
  let free = 0;
  bench.publishing.whenNotFull(() => free++);
  bench.says("1", { seq: 1 });
  bench.says("2", { seq: 2 });
  assertEquals(free, 0);
  bench.says("3", { seq: 3 });
  assertEquals(free, 1);
  const fifths = new PublishingBench();
  fifths.link.maxPayload = SENT_BYTES_MOST;
  const fifth = "x".repeat(Math.ceil(SENT_BYTES_MOST / 5) - 300 - AROUND);
  fifths.publish(fifth, fifth, fifth, fifth, fifth);
  fifths.publishing.whenNotFull(() => free++);
  for (const token of ["1", "2"]) fifths.says(token, { seq: 1 });
  assertEquals(free, 1);
  fifths.says("3", { seq: 3 });
  assertEquals(free, 2);
});

Deno.test("who ends is told when nothing is without an answer, or that nobody knows", () => {
  const bench = new PublishingBench();
  let idle = 0;
  bench.publishing.whenIdle(() => idle++);
  assertEquals(idle, 1);
  bench.publish("a", "b", "c");
  bench.publishing.whenIdle(() => idle++);
  bench.says("1", { seq: 1 });
  assertEquals(idle, 1);
  bench.publishing.close();
  assertEquals([idle, bench.publishing.size], [2, 0]);
  assertEquals(
    bench.answers.slice(1),
    [2, 3].map((at) => `${at} STORE: the broker ends: it may have been stored`),
  );
});

Deno.test("a message of the broker's own is stored where it is, or was before", () => {
  const bench = new PublishingBench();
  const stored: boolean[] = [];
  const own = { topic: "#d", bytes: new Uint8Array(0), headers: [], id: "dead g 1" };
  for (let at = 0; at < 3; at++) bench.publishing.send(own, (is) => void stored.push(is));
  bench.says("1", { seq: 1 });
  bench.says("2", { seq: 1, duplicate: true });
  bench.says("3", { error: { description: "no" } });
  assertEquals(stored, [true, true, false]);
});

Deno.test("what is published is counted with its bytes, and what may not be is neither counted nor sent", () => {
  const bench = new PublishingBench();
  bench.publish("a", { text: "b", id: "i1" });
  const bytes = "pub #d 1\na\npub #d 1 id=i1\nb\n".length;
  assertEquals([bench.counters.totals.published, bench.counters.totals.publishedBytes], [2, bytes]);
  bench.link.goDown();
  bench.publish("c");
  assertEquals(bench.counters.totals.published, 2);
});

Deno.test("what is to be delivered later JetStream cannot do, and that is said (N12)", () => {
  const bench = new PublishingBench();
  const { chunk, start, end } = runOf({ topic: "#d", topicBytes: 2 }, ["x"]).records;
  const options = { encoding: RECORDS, count: 1, pool: new ChunkPool(), hasFields: false };
  const run = new Run(new Slice(chunk, start, end), {
    ...options,
    route: { topic: "#d", topicBytes: 2 },
    ttl: undefined,
    expires: undefined,
    due: 5,
  });
  run.keep();
  bench.publishing.publish(run, bench);
  const reason =
    "delay= and at= are not for topics on NATS (--engine): leave them out, or use a broker with --data";
  assertEquals([bench.answers, bench.asked(), chunk.shared], [[`1 BAD_FIELD: ${reason}`], [], false]);
});

Deno.test("what is sent once more is written with it, and who waits for room is told as time passes", () => {
  const bench = new PublishingBench();
  bench.publish("a");
  bench.asked();
  bench.passes(RESEND_MS - 1);
  assertEquals(bench.link.takeAsked(), []);
  bench.passes(1);
  assertEquals(bench.link.takeAsked().length, 2, "the message, and a PING");
  let ready = 0;
  bench.flushes.add({ ready: () => ready++ });
  bench.passes(1);
  assertEquals(ready, 0, "nothing was sent");
});

Deno.test("all that is published in a read is announced once", () => {
  const bench = new PublishingBench();
  bench.publish("a", "b");
  bench.publish("c");
  assertEquals(bench.asked(), ["1 a", "2 b", "3 c", "ping"]);
  bench.publish("d");
  assertEquals(bench.asked(), ["4 d", "ping"]);
});

Deno.test("as long as JetStream says that it cannot store a message now, it is tried (N8)", () => {
  const bench = new PublishingBench();
  bench.publish("a");
  for (let passed = 0; passed < 2 * PATIENCE_MS; passed += RESEND_MS) {
    bench.passes(RESEND_MS);
    bench.asked();
    bench.says("1", "", 503);
  }
  assertEquals(bench.answers, []);
  bench.passes(PATIENCE_MS - 1);
  assertEquals(bench.answers, []);
  bench.passes(1);
  assertEquals(bench.answers.length, 1);
});

Deno.test("as long as answers come the last that was sent again is not sent once more", () => {
  const bench = new PublishingBench();
  bench.publish("a", "b");
  assertEquals(bench.asked(), ["1 a", "2 b", "ping"]);
  bench.says("2", "", 503);
  bench.passes(AGAIN_MS);
  assertEquals(bench.asked(), ["2 b", "ping"]);
  bench.passes(2_000);
  bench.says("1", { seq: 1 });
  bench.passes(RESEND_MS - 1);
  assertEquals(bench.asked(), []);
  bench.passes(1);
  assertEquals(bench.asked(), ["2 b", "ping"]);
});

Deno.test("nothing is without an answer when the last has one, and not before", () => {
  const bench = new PublishingBench();
  bench.publish("a", "b");
  let idle = 0;
  bench.publishing.whenIdle(() => idle++);
  bench.says("1", { seq: 1 });
  assertEquals(idle, 0);
  bench.says("2", { seq: 2 });
  bench.publish("c");
  bench.says("3", { seq: 3 });
  assertEquals(idle, 1, "once");
});

Deno.test("an answer to what is not known says nothing, and changes nothing", () => {
  const bench = new PublishingBench();
  bench.publish("a");
  bench.says("9", { error: { err_code: 10077, description: "full" } });
  assertEquals([bench.publishing.trouble, bench.publishing.size, bench.answers], [undefined, 1, []]);
});

Deno.test("when the link is lost who waits for room waits on, and is told of it when that comes back", () => {
  const bench = new PublishingBench();
  bench.publish(...Array.from({ length: SENT_MOST }, () => "x"));
  let free = 0;
  bench.publishing.whenNotFull(() => free++);
  bench.link.goDown();
  bench.link.goUp();
  assertEquals([free, bench.publishing.full], [0, true], "it is as full as it was");
});
