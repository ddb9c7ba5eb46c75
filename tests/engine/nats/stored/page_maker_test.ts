import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../../lib/buffers.ts";
import { runsOf } from "../../../../lib/engine/groups/stored_runs.ts";
import type { Incoming } from "../../../../lib/engine/nats/stored/incoming.ts";
import { PageMaker } from "../../../../lib/engine/nats/stored/page_maker.ts";
import { encodeBatchHeader } from "../../../../lib/wire/batch.ts";
import { encodeText } from "../../../../lib/wire/bytes.ts";

function messageOf(sequence: number, terms: Partial<Incoming> = {}): Incoming {
  const { topic = "#a" } = terms;
  return {
    topic,
    sequence,
    time: 1,
    attempt: 1,
    hasFields: false,
    ttl: undefined,
    head: encodeText(`pub ${topic} 1\n`),
    payload: encodeText(`${sequence % 10}`),
    ...terms,
  };
}

Deno.test("messages of a page that follow each other, of a topic and time, are one batch, as a store writes it", () => {
  const maker = new PageMaker();
  assertEquals(maker.take(), { bytes: new Uint8Array(0), messages: 0 });
  const messages = [
    messageOf(1),
    messageOf(2),
    messageOf(4),
    messageOf(5, { topic: "#b" }),
    messageOf(6),
    messageOf(7, { time: 2 }),
    messageOf(8, { time: 2 }),
    messageOf(9, { time: 2 }),
  ];
  for (const message of messages) maker.add(message);
  const length = maker.length;
  const page = maker.take();
  assertEquals([page.messages, length > 0, page.bytes.length > length, maker.length], [8, true, true, 0]);
  const pool = new ChunkPool();
  const parts = { pool, routeOf: (topic: string) => ({ topic, topicBytes: topic.length }) };
  const chunk = pool.adopt(page.bytes);
  const runs = [...runsOf({ chunk, length: page.bytes.length }, parts)].map(({ route, stored, count }) =>
    `${route.topic} ${stored!.first} ${count} ${stored!.time}`
  );
  assertEquals(runs, ["#a 1 2 1", "#a 4 1 1", "#b 5 1 1", "#a 6 1 1", "#a 7 3 2"]);
  maker.add(messageOf(10));
  assertEquals(maker.take().messages, 1);
});

Deno.test("a page has as many bytes as what was added, those that are a batch already with its header", () => {
  const maker = new PageMaker();
  const record = "pub #a 1\n1\n".length;
  for (const sequence of [1, 2]) maker.add(messageOf(sequence));
  assertEquals(maker.length, 2 * record);
  const header = encodeBatchHeader({ topic: "#a", count: 2, length: 2 * record, first: 1, time: 1 }).length;
  maker.add(messageOf(4));
  assertEquals(maker.length, header + 3 * record);
  assertEquals([maker.take().bytes.length, maker.length], [2 * header + 3 * record, 0]);
});
