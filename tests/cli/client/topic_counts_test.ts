import { assertEquals } from "@std/assert";
import { TopicCounts } from "../../../lib/cli/client/topic_counts.ts";

Deno.test("messages are counted by their topics, in the order in which those were met", () => {
  const counts = new TopicCounts();
  counts.know("#known");
  for (const topic of ["#b", "#a", "#b", "#known", "#b"]) counts.count(topic);
  counts.know("#b");
  assertEquals([...counts], [["#known", 1], ["#b", 3], ["#a", 1]]);
  assertEquals([...counts.topics()], ["#known", "#b", "#a"]);
  assertEquals(counts.others, 0);
});

Deno.test("ten thousand topics are told apart, those beyond are counted together", () => {
  const counts = new TopicCounts();
  for (let at = 0; at < 9999; at++) counts.count(`#${at}`);
  counts.know("#last");
  counts.know("#beyond");
  for (const topic of ["#other", "#another", "#other", "#0", "#last", "#beyond"]) counts.count(topic);
  const all = new Map(counts);
  assertEquals([all.size, counts.others], [10_000, 4]);
  assertEquals([all.get("#0"), all.get("#1"), all.get("#last"), all.get("#other")], [2, 1, 1, undefined]);
});

Deno.test("of ten thousand that were counted none is taken in that is only known", () => {
  const counts = new TopicCounts();
  for (let at = 0; at < 10_000; at++) counts.count(`#${at}`);
  counts.know("#beyond");
  counts.count("#beyond");
  assertEquals([[...counts].length, counts.others], [10_000, 1]);
});
