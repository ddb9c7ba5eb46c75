import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../../lib/buffers.ts";
import {
  type Incoming,
  incomingOf,
  isExpired,
  RecordBytes,
  RunMaker,
} from "../../../../lib/engine/nats/stored/incoming.ts";
import type { NatsHeaders, NatsMessage } from "../../../../lib/engine/nats/port.ts";
import { FIELDS_MOST } from "../../../../lib/engine/nats/plain.ts";
import { Subjects } from "../../../../lib/engine/nats/subjects.ts";
import type { Run } from "../../../../lib/wire/run.ts";

const RUN_BYTES = 256 * 1024;

/** The message of that number, whose record takes so many bytes. */
function messageOf(sequence: number, bytes: number, terms: Partial<Incoming> = {}): Incoming {
  // the end of the line is one of them
  const payload = new Uint8Array(bytes - 1);
  return {
    topic: "#a",
    sequence,
    time: 1,
    attempt: 1,
    hasFields: false,
    ttl: undefined,
    head: new Uint8Array(0),
    payload,
    ...terms,
  };
}

/** The numbers that each run begins and ends with. */
function runsOf(messages: readonly Incoming[]): [number, number][] {
  const runs: Run[] = [];
  const maker = new RunMaker({
    pool: new ChunkPool(),
    routeOf: (topic) => ({ topic, topicBytes: topic.length }),
    made: (run) => void runs.push(run),
  });
  for (const message of messages) maker.add(message);
  maker.end();
  return runs.map((run) => {
    const { first } = run.stored!;
    run.release();
    return [first, first + run.count - 1];
  });
}

Deno.test("a run takes another message as long as it has less than it may have", () => {
  const half = RUN_BYTES / 2;
  assertEquals(runsOf([messageOf(1, half), messageOf(2, half), messageOf(3, 2)]), [[1, 2], [3, 3]]);
  assertEquals(runsOf([messageOf(1, half), messageOf(2, half - 1), messageOf(3, 2)]), [[1, 3]]);
});

Deno.test("messages of one run are of one topic, time and attempt, follow each other and last as long", () => {
  for (const other of [{ topic: "#b" }, { sequence: 3 }, { time: 2 }, { attempt: 2 }, { ttl: 5 }]) {
    const last = other.sequence ?? 2;
    assertEquals(runsOf([messageOf(1, 9), messageOf(2, 9, other)]), [[1, 1], [last, last]]);
  }
});

Deno.test("a message of the stream is a record with the fields that its headers say, if any (N10)", () => {
  const read = (subject: string, headers?: NatsHeaders): (readonly [string, boolean, number?]) | string => {
    const bytes = new TextEncoder().encode("hi");
    const message: NatsMessage = {
      subject,
      reply: "",
      hasHeaders: headers !== undefined,
      headers,
      status: 0,
      description: undefined,
      bytes,
    };
    const delivery = { sequence: 7, time: 8, attempt: 1, given: 1, pending: 0 };
    let why = "";
    const onUnreadable = (reason: string): void => void (why = reason);
    const incoming = incomingOf(message, delivery, { subjects: new Subjects("p"), onUnreadable });
    if (incoming === undefined) return why;
    const { head, hasFields, ttl, ...rest } = incoming;
    assertEquals(rest, { topic: "#d", sequence: 7, time: 8, attempt: 1, payload: bytes });
    const shown = [new TextDecoder().decode(head), hasFields] as const;
    return ttl === undefined ? shown : [...shown, ttl];
  };
  assertEquals(read("p.stored.d"), ["pub #d 2\n", false]);
  assertEquals(read("p.stored.d", [["Nats-Msg-Id", "x"]]), ["pub #d 2\n", false], "NATS's own are none");
  assertEquals(read("p.stored.d", [["Hashbus-Id", "i1"]]), ["pub #d 2 id=i1\n", true]);
  assertEquals(read("p.stored.d", [["Hashbus-Ttl", "5"]]), ["pub #d 2 ttl=5\n", true, 5000]);
  assertEquals(read("p.stored.d..x"), "p.stored.d..x: the subject of no topic");
  assertEquals(
    read("p.stored.d", [["x", "y".repeat(FIELDS_MOST)]]),
    "p.stored.d: its headers are no fields",
  );
});

Deno.test("a message has outlived its time when that has passed since it was stored, and one without never (V10)", () => {
  const message = messageOf(1, 9, { time: 100, ttl: 50 });
  assertEquals([149, 150].map((now) => isExpired(message, now)), [false, true]);
  assertEquals(isExpired(messageOf(1, 9), Infinity), false);
});

Deno.test("a run has its messages as records, and is let go of wholly; what was added and forgotten is in none", () => {
  const pool = new ChunkPool();
  const runs: string[] = [];
  const maker = new RunMaker({
    pool,
    routeOf: (topic) => ({ topic, topicBytes: topic.length }),
    made: (run) => {
      const { ttl, expires, stored } = run;
      runs.push(`${new TextDecoder().decode(run.records.view)}${JSON.stringify({ ttl, expires, stored })}`);
      run.release();
    },
  });
  const head = new TextEncoder().encode("pub #a 1 ttl=1\n");
  const payload = new TextEncoder().encode("x");
  maker.end();
  maker.add(messageOf(6, 9));
  maker.clear();
  maker.end();
  assertEquals(runs, []);
  for (const sequence of [7, 8]) maker.add(messageOf(sequence, 9, { head, payload, ttl: 1_000, time: 50 }));
  maker.end();
  const record = "pub #a 1 ttl=1\nx\n";
  const stored = { first: 7, batch: 8, time: 50 };
  assertEquals(runs, [`${record}${record}${JSON.stringify({ ttl: 1_000, expires: 1_050, stored })}`]);
  assertEquals(pool.bytesOut, 0);
});

Deno.test("memory for records grows with what is added, is used again, and is not kept where it has become large", () => {
  const bytes = new RecordBytes();
  const taken = (...lengths: number[]): readonly [length: number, room: number] => {
    for (const length of lengths) bytes.add(new Uint8Array(length).fill(length % 251));
    assertEquals(bytes.length, lengths.reduce((sum, length) => sum + length, 0));
    const all = bytes.take();
    let at = 0;
    for (const length of lengths) {
      assertEquals([all[at], all[at + length - 1]], [length % 251, length % 251]);
      at += length;
    }
    assertEquals(bytes.length, 0);
    return [all.length, all.buffer.byteLength];
  };
  const [first, most] = [16 * 1024, 1024 * 1024];
  assertEquals(taken(first), [first, first]);
  assertEquals(taken(first, 1), [first + 1, 2 * first], "twice as much");
  assertEquals(taken(5 * first), [5 * first, 5 * first], "or as much as is needed");
  assertEquals(taken(7), [7, 5 * first]);
  assertEquals(taken(most), [most, most]);
  assertEquals(taken(7), [7, most], "it is kept");
  assertEquals(taken(most + 1), [most + 1, 2 * most]);
  assertEquals(taken(7), [7, first]);
  assertEquals(taken(most + 1), [most + 1, most + 1]);
  assertEquals(taken(7), [7, first]);
});
