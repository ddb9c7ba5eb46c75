import { assertEquals } from "@std/assert";
import { ClientBatch, isBatch } from "../../../lib/protocols/frames/client_batch.ts";
import { TopicNames } from "../../../lib/topics/topic_names.ts";

function headerOf(text: string): unknown {
  const bytes = new TextEncoder().encode(text);
  const batch = new ClientBatch(new TopicNames());
  if (!isBatch(bytes, 0) || !batch.read(bytes, 0, bytes.length)) return undefined;
  const { topic, count, length, first, time } = batch;
  return { topic, count, length, first, time };
}

Deno.test("the header of a batch has a topic, counts, a first number and a time, and may have more (D2)", () => {
  const header = { topic: "#a", count: 2, length: 19, first: 7, time: 1700 };
  assertEquals(headerOf("batch #a 2 19 seq=7 ts=1700"), header);
  assertEquals(headerOf("batch #a 2 19 x=1 ts=1700 word seq=7 y"), header);
  assertEquals(headerOf("batch #a 1 0 seq=0 ts=0"), {
    topic: "#a",
    count: 1,
    length: 0,
    first: 0,
    time: 0,
  });
  for (
    const text of [
      "batch",
      "batch #a 0 19 seq=7 ts=1700",
      "batch  2 19 seq=7 ts=1700",
      "batch #a x 19 seq=7 ts=1700",
      "batch #a 2 x seq=7 ts=1700",
      "batch #a 2 19 seq=x ts=1700",
      "batch #a 2 19 seq=7 ts=x",
      "batch #a 2 19 seq=7",
      "batch #a 2 19 ts=1700",
      "batch #a 2 19 xseq=7 xts=1",
    ]
  ) assertEquals(headerOf(text), undefined, text);
});
