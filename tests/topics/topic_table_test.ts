import { assertEquals } from "@std/assert";
import { TopicTable } from "../../lib/topics/topic_table.ts";

const encoder = new TextEncoder();

function find(table: TopicTable<number>, name: string): number | undefined {
  const bytes = encoder.encode(`>>${name}<<`);
  return table.find(bytes, 2, bytes.length - 2);
}

Deno.test("a topic is found by its bytes, with its # or without, wherever they stand", () => {
  const table = new TopicTable<number>(10_000, 12345);
  for (let at = 0; at < 5000; at++) table.add(encoder.encode(`#topic.${at}`), at);
  for (let at = 0; at < 5000; at++) {
    assertEquals(find(table, `#topic.${at}`), at);
    assertEquals(find(table, `topic.${at}`), at);
  }
  assertEquals(find(table, "topic.5000"), undefined);
  assertEquals(find(table, "#"), undefined);
  assertEquals(table.size, 5000);
});

Deno.test("a table that is full empties itself before it grows beyond its bound", () => {
  const table = new TopicTable<number>(100);
  for (let at = 0; at < 1000; at++) {
    table.add(encoder.encode(`t${at}`), at);
    assertEquals(find(table, `t${at}`), at);
  }
  assertEquals(table.size <= 100, true);
});
