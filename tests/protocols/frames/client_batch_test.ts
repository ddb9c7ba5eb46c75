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

Deno.test("a number in the header of a batch is digits, at most 15 (D2)", () => {
  const most = 999_999_999_999_999;
  const header = { topic: "#a", count: 10, length: 9, first: most, time: 90 };
  assertEquals(headerOf(`batch #a 10 9 seq=${most} ts=90`), header);
  for (const number of ["", "/", ":", "1/", "1:", "-1", "+1", "1000000000000000", "0000000000000007"]) {
    assertEquals(headerOf(`batch #a 10 9 seq=${number} ts=90`), undefined, number);
    assertEquals(headerOf(`batch #a 10 9 seq=1 ts=${number}`), undefined, number);
    assertEquals(headerOf(`batch #a 10 ${number} seq=1 ts=90`), undefined, number);
    assertEquals(headerOf(`batch #a ${number} 9 seq=1 ts=90`), undefined, number);
  }
});

Deno.test("the topic of a batch is its own, whatever came before", () => {
  const batch = new ClientBatch(new TopicNames());
  const topics = ["#a", "#b", "#ab", "#a", "#a", "#\u00e4", "#c\u00e4"];
  for (const topic of topics) {
    const bytes = new TextEncoder().encode(`batch ${topic} 2 9 seq=1 ts=1`);
    assertEquals([batch.read(bytes, 0, bytes.length), batch.topic], [true, topic]);
  }
});
