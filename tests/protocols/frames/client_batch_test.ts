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

/** Who shares in it, of what, and how often. */
function sharedOf(batch: ClientBatch, header: string | Uint8Array): unknown {
  const bytes = typeof header === "string" ? new TextEncoder().encode(header) : header;
  if (!batch.read(bytes, 0, bytes.length)) return undefined;
  const { group, attempt, first, time } = batch;
  return { group, attempt, first, time };
}

Deno.test("what a member of a group is given says so; the attempt and where it is stored are told where they are (G2, G7)", () => {
  const batch = new ClientBatch(new TopicNames());
  const nowhere = { group: "g", attempt: 1, first: -1, time: -1 };
  assertEquals(sharedOf(batch, "batch #a 1 9 group=g seq=7 ts=8 attempt=3"), {
    group: "g",
    attempt: 3,
    first: 7,
    time: 8,
  });
  assertEquals(sharedOf(batch, "batch #a 1 9 group=g"), nowhere, "and nothing is left of the one before");
  for (const group of ["h", "gh", "g", "g", "\u00e4", "\u00f6"]) {
    assertEquals(sharedOf(batch, `batch #a 1 9 group=${group}`), { ...nowhere, group });
  }
  assertEquals(sharedOf(batch, "batch #a 1 9 seq=1 ts=2"), {
    group: undefined,
    attempt: 1,
    first: 1,
    time: 2,
  });
  assertEquals(sharedOf(batch, "batch #a 1 9 group=g attempt=1"), nowhere);
  for (const wrong of ["group=", "group=g attempt=0", "group=g attempt=x", "group=g attempt="]) {
    assertEquals(sharedOf(batch, `batch #a 1 9 ${wrong}`), undefined, wrong);
  }
});

Deno.test("the name of a group that is not UTF-8 is none, however often it comes", () => {
  const batch = new ClientBatch(new TopicNames());
  const bytes = new TextEncoder().encode("batch #a 1 9 group=x");
  bytes[bytes.length - 1] = 0xff;
  for (let time = 0; time < 2; time++) assertEquals(sharedOf(batch, bytes), undefined);
});

Deno.test("the first names that come are read as they are, one byte of nothing but zeros, too", () => {
  const batch = new ClientBatch(new TopicNames());
  assertEquals(sharedOf(batch, "batch \0 1 9 group=\0"), { group: "\0", attempt: 1, first: -1, time: -1 });
  assertEquals(batch.topic, "#\0");
});
