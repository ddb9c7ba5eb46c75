import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { type Arrived, Incoming } from "../../../lib/engine/nats/incoming.ts";
import type { NatsHeaders } from "../../../lib/engine/nats/port.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOW = 5_000;

class Bench {
  readonly pool = new ChunkPool();
  readonly unreadable: string[] = [];
  readonly incoming = new Incoming({
    subjects: new Subjects("p"),
    pool: this.pool,
    now: () => NOW,
    routeOf: (topic) => ({ topic, topicBytes: encoder.encode(topic).length }),
    onUnreadable: (reason) => void this.unreadable.push(reason),
  });

  arrived(
    subject: string,
    text: string,
    { headers, ...more }: {
      readonly headers?: NatsHeaders;
      readonly reply?: string;
      readonly status?: number;
    } = {},
  ): Arrived | undefined {
    const nothing = { reply: "", status: 0, description: undefined };
    const hasHeaders = headers !== undefined || more.status !== undefined;
    return this.incoming.arrived({
      ...nothing,
      ...more,
      hasHeaders,
      headers,
      subject,
      bytes: encoder.encode(text),
    });
  }

  /** What it is read as: for each run its records, and the milliseconds for which they are worth delivering. */
  read(...args: Parameters<Bench["arrived"]>): (string | readonly [string, number])[] {
    const runs = this.arrived(...args)?.read() ?? [];
    const shown = runs.map((run) => {
      const text = decoder.decode(run.records.view);
      assertEquals(text.split("\npub").length, run.count);
      assertEquals(run.expires, run.ttl === undefined ? undefined : NOW + run.ttl);
      return run.ttl === undefined ? text : [text, run.ttl] as const;
    });
    for (const run of runs) run.release();
    assertEquals(this.pool.bytesOut, 0);
    return shown;
  }
}

Deno.test("what is packed is one run, and those of its messages that are worth delivering for another time another (V10)", () => {
  const bench = new Bench();
  const packed = (...records: string[]): string => `me 1\n${records.join("")}`;
  const [plain, keyed] = ["pub #a 1\n1\n", "pub #a 1 key=k\n2\n"];
  const [short, other] = ["pub #a 1 ttl=0.5\n3\n", "pub #a 1 id=7 ttl=0.5 key=k\n4\n"];
  const long = "pub #a 1 ttl=2\n5\n";
  assertEquals(bench.read("p.memory.run.a", packed(plain, keyed, plain)), [plain + keyed + plain]);
  assertEquals(bench.read("p.memory.run.a", packed(short, other)), [[short + other, 500]]);
  assertEquals(bench.read("p.memory.run.a", packed(plain, short, other, long, keyed, plain, short)), [
    plain,
    [short + other, 500],
    [long, 2_000],
    keyed + plain,
    [short, 500],
  ]);
  assertEquals(bench.unreadable, []);
});

Deno.test("a NATS program's message is a record with what its headers and its reply subject say (N6)", () => {
  const bench = new Bench();
  const subject = "p.memory.one.a";
  assertEquals(bench.read(subject, "hi"), ["pub #a 2\nhi\n"]);
  assertEquals(bench.read(subject, ""), ["pub #a 0\n\n"]);
  assertEquals(bench.read(subject, "a\nb", { headers: [["Hashbus-Id", "7"]] }), ["pub #a 3 id=7\na\nb\n"]);
  assertEquals(bench.read(subject, "x", { reply: "p.memory.one.r" }), ["pub #a 1 reply=#r\nx\n"]);
  assertEquals(bench.read(subject, "x", { reply: "_INBOX.1" }), ["pub #a 1\nx\n"]);
  assertEquals(bench.read(subject, "x", { headers: [["Nats-Msg-Id", "1"]] }), ["pub #a 1\nx\n"]);
  assertEquals(bench.read(subject, "x", { headers: [["Hashbus-Ttl", "2"], ["n", "ü"]] }), [
    ["pub #a 1 ttl=2 h.n=ü\nx\n", 2_000],
  ]);
  assertEquals(bench.read("p.memory.one.ü", "1234567890"), ["pub #ü 10\n1234567890\n"]);
  assertEquals([bench.unreadable, bench.incoming.unreadable], [[], 0]);
});

Deno.test("what was read is as it was until it is let go of, whatever comes meanwhile", () => {
  const bench = new Bench();
  const texts = ["p.memory.one.a", "p.memory.run.a"].map((subject) => {
    const text = subject.includes("one") ? "1" : "me 1\npub #a 1\n1\n";
    return bench.arrived(subject, text)!.read();
  });
  for (const subject of ["p.memory.one.b", "p.memory.one.c", "p.memory.one.d"]) {
    for (const run of bench.arrived(subject, "2")!.read()) run.release();
  }
  assert(bench.pool.bytesOut > 0);
  for (const [run] of texts) {
    assertEquals(decoder.decode(run!.records.view), "pub #a 1\n1\n");
    run!.release();
  }
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("who sent a message is known by its stamp; what has none but is to one says so of nobody", () => {
  const bench = new Bench();
  const from = (value: string): NatsHeaders => [["x", "y"], ["Hashbus-From", value]];
  const one = bench.arrived("p.memory.one.a", "", { headers: from("me.0 7") });
  assertEquals([one?.topic, one?.stamp], ["#a", { sender: "me.0", number: 7 }]);
  for (const headers of [undefined, [], from("me.0 x")]) {
    const other = bench.arrived("p.memory.one.a.b", "", headers === undefined ? {} : { headers });
    assertEquals([other?.topic, other?.stamp], ["#a.b", undefined]);
  }
  const packed = bench.arrived("p.memory.run.a", "me.1 8\npub #a 1\nx\n");
  assertEquals([packed?.topic, packed?.stamp?.sender, packed?.stamp?.number], ["#a", "me.1", 8]);
  assertEquals(bench.arrived("p.memory.one.a", "", { status: 503 }), undefined, "NATS says that itself");
  assertEquals(bench.unreadable, []);
});

Deno.test("what cannot be read is left out, told, and counted", () => {
  const bench = new Bench();
  const long: NatsHeaders = [["Hashbus-Ttl", "never"]];
  assertEquals(bench.read("p.memory.other.a", "x"), []);
  assertEquals(bench.read("p.memory.run.a", "no stamp"), []);
  assertEquals(bench.read("p.memory.run.a", "me 1\npub #b 1\nx\n"), []);
  assertEquals(bench.read("p.memory.one.a", "x", { headers: long }), []);
  assertEquals(bench.unreadable, [
    "its subject is no topic: p.memory.other.a",
    "what was packed to #a has no stamp",
    "what was packed to #a are no records",
    "the headers of a message to #a are no fields",
  ]);
  assertEquals(bench.incoming.unreadable, 4);
});

Deno.test("a subject is known however many others have come", () => {
  const bench = new Bench();
  for (let at = 0; at < 10_000; at++) {
    assertEquals(bench.arrived(`p.memory.one.t${at}`, "")?.topic, `#t${at}`);
  }
  for (const at of [0, 4_095, 4_096, 9_999]) {
    assertEquals(bench.arrived(`p.memory.one.t${at}`, "")?.topic, `#t${at}`);
  }
});
