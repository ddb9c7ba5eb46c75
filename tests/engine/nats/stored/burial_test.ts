import { assert, assertEquals } from "@std/assert";
import { Burial } from "../../../../lib/engine/nats/stored/burial.ts";
import { RETRY_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import type { OwnMessage } from "../../../../lib/engine/nats/stored/publishing.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import { runOf, type Sent } from "../../case_parts.ts";

class Bench {
  readonly sent: { readonly message: OwnMessage; readonly stored: (is: boolean) => void }[] = [];
  readonly said: string[] = [];
  flushes = 0;
  readonly burial: Burial;

  constructor({ topicMost = 100, maxPayload = 10_000 } = {}) {
    this.burial = new Burial({
      link: { maxPayload },
      publishing: { send: (message, stored) => void this.sent.push({ message, stored }) },
      acks: {
        settle: (replies) => void this.said.push(`${replies} is done with`),
        giveBack: (reply, delay) => void this.said.push(`${reply} comes again in ${delay}`),
      },
      subjects: new Subjects("p"),
      topicMost,
      flush: () => void this.flushes++,
    });
  }

  /** A message of `#d.a` that has the number 7 is dead. */
  bury(message: Sent): void {
    const run = runOf({ topic: "#d.a", topicBytes: 4 }, [message]);
    run.keep();
    run.stored = { first: 7, batch: 7, time: 1 };
    this.burial.bury({ run, sequence: 7, reply: "r", group: "g", consumer: "c", attempts: 3, cause: "nack" });
    assert(!run.records.chunk.shared, "it is let go of");
  }
}

Deno.test("a dead letter is stored with what the message was, and has an id by which it is stored once (G11, N11)", () => {
  const bench = new Bench();
  bench.bury({ text: "hello", id: "i1 key=k h.a=b" });
  assertEquals(bench.flushes, 1);
  const [{ message }] = bench.sent as [Bench["sent"][0]];
  const { topic, bytes, headers, id } = message;
  assertEquals([topic, new TextDecoder().decode(bytes), id], ["#dead.g.d.a", "hello", "dead c 7"]);
  assertEquals(
    new Map(headers),
    new Map([
      ["Hashbus-Id", "i1"],
      ["Hashbus-Key", "k"],
      ["a", "b"],
      ["dead-topic", "#d.a"],
      ["dead-group", "g"],
      ["dead-attempts", "3"],
      ["dead-reason", "nack"],
      ["dead-seq", "7"],
    ]),
  );
});

Deno.test("a message is done with when its dead letter is stored, and comes again in a moment where it is not (G11)", () => {
  const bench = new Bench();
  bench.bury("x");
  assertEquals(bench.said, []);
  bench.sent[0]!.stored(true);
  assertEquals(bench.said.splice(0), ["r is done with"]);
  bench.bury("y");
  bench.sent[1]!.stored(false);
  assertEquals(bench.said, [`r comes again in ${RETRY_MS}`]);
});

Deno.test("a dead letter whose topic would have too long a name has the group's alone", () => {
  const bench = new Bench({ topicMost: "#dead.g.d.a".length - 1 });
  bench.bury("x");
  assertEquals(bench.sent[0]!.message.topic, "#dead.g");
});

Deno.test("a dead letter that NATS would refuse as too large has no payload, or no headers but its own (G11, N11)", () => {
  const bench = new Bench({ maxPayload: 1_000 });
  const text = "x".repeat(700);
  const longest = { text: "", id: `h.a=${"b".repeat(700)}` };
  for (const message of [text.slice(300), text, longest]) bench.bury(message);
  const sent = bench.sent.map(({ message: { bytes, headers } }) => [bytes.length, headers.length]);
  assertEquals(sent, [[400, 5], [0, 5], [0, 5]]);
  for (const { message: { headers } } of bench.sent) {
    assertEquals(new Map(headers).get("dead-seq"), "7", "the message is found by it");
  }
  bench.bury({ text: "", id: "h.a=b" });
  assertEquals(bench.sent.at(-1)!.message.headers.length, 6, "which otherwise has all of them");
  bench.bury({ text, id: "h.a=b" });
  const { bytes, headers } = bench.sent.at(-1)!.message;
  assertEquals([bytes.length, headers.length], [0, 6]);
});

Deno.test("a dead letter's headers count as NATS counts them, and those that brokers could not read are left out (G11, N11)", () => {
  const small = new Bench({ maxPayload: 1_000 });
  small.bury({ text: "x".repeat(200), id: `h.a=${"b".repeat(300)}` });
  const large = new Bench({ maxPayload: 4_000_000 });
  // each of them is three bytes of a field
  large.bury({ text: "x", id: `h.a=${"%".repeat(400_000)}` });
  const sent = [...small.sent, ...large.sent].map(({ message }) => [
    message.bytes.length,
    message.headers.length,
  ]);
  assertEquals(sent, [[200, 6], [1, 5]]);
});
