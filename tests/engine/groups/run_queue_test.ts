import { assertEquals } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { RunQueue, type WaitingRun } from "../../../lib/engine/groups/run_queue.ts";
import { encodeText } from "../../../lib/wire/bytes.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";

const RECORD = "pub #a 1\nx\n";
const pool = new ChunkPool();

function waiting(count: number): { readonly chunk: Chunk; readonly one: WaitingRun } {
  const chunk = new Chunk(encodeText(RECORD.repeat(count)));
  const run = new Run(new Slice(chunk), {
    ...{ route: { topic: "#a", topicBytes: 2 }, encoding: RECORDS, count, pool, hasFields: false },
    ...{ ttl: undefined, expires: undefined },
  });
  run.keep();
  const unit = { after: undefined, open: 0, ends: new Map<string, number>() };
  return { chunk, one: { run, unit, attempt: 1 } };
}

Deno.test("what waits is counted by its messages and bytes, given out from the front, and its memory let go of", () => {
  const queue = new RunQueue();
  const shown = (): unknown[] => [queue.first?.run.count, queue.messages, queue.bytes / RECORD.length];
  const chunks: Chunk[] = [];
  const add = (count: number): void => {
    const { chunk, one } = waiting(count);
    chunks.push(chunk);
    queue.add(one);
  };
  assertEquals(shown(), [undefined, 0, 0]);
  add(3);
  add(2);
  assertEquals(shown(), [3, 5, 5]);
  queue.gave(1);
  assertEquals([shown(), chunks[0]!.shared], [[2, 4, 4], true]);
  queue.gave(2);
  assertEquals([shown(), chunks[0]!.shared], [[2, 2, 2], false]);
  queue.gave(2);
  assertEquals([shown(), chunks[1]!.shared], [[undefined, 0, 0], false]);
  // many, of which most have been given out
  for (let at = 0; at < 200; at++) add(1 + at % 3);
  for (let at = 0; at < 150; at++) {
    assertEquals(queue.first?.run.count, 1 + at % 3);
    queue.gave(1 + at % 3);
  }
  const left = Array.from({ length: 50 }, (_, at) => 1 + (150 + at) % 3).reduce((sum, count) => sum + count);
  assertEquals(shown(), [1 + 150 % 3, left, left]);
  add(7);
  queue.clear();
  assertEquals([shown(), chunks.filter(({ shared }) => shared).length], [[undefined, 0, 0], 0]);
});
