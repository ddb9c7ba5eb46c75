import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { TopicTable } from "../../lib/topics/topic_table.ts";

const MIB = 1024 * 1024;
const encoder = new TextEncoder();

function find(table: TopicTable<number>, name: string): number | undefined {
  const bytes = encoder.encode(`>>${name}<<`);
  return table.find(bytes, 2, bytes.length - 2);
}

Deno.test("a topic is found by its bytes, with its # or without, wherever they stand", () => {
  const table = new TopicTable<number>({ most: 10_000, seed: 12345 });
  for (let at = 0; at < 5000; at++) table.add(encoder.encode(`#topic.${at}`), at);
  for (let at = 0; at < 5000; at++) {
    assertEquals(find(table, `#topic.${at}`), at);
    assertEquals(find(table, `topic.${at}`), at);
  }
  assertEquals(find(table, "topic.5000"), undefined);
  assertEquals(find(table, "#"), undefined);
  assertEquals(table.size, 5000);
});

Deno.test("a table stays within its two generations", () => {
  const table = new TopicTable<number>({ most: 100 });
  for (let at = 0; at < 1000; at++) {
    table.add(encoder.encode(`t${at}`), at);
    assertEquals(find(table, `t${at}`), at);
    assert(table.size <= 200);
  }
  assertEquals(find(table, "t0"), undefined);
});

Deno.test("what is asked for stays, however many new topics are named", () => {
  const table = new TopicTable<number>({ most: 100 });
  for (let at = 0; at < 50; at++) table.add(encoder.encode(`kept${at}`), at);
  for (let at = 0; at < 10_000; at++) {
    table.add(encoder.encode(`new${at}`), at);
    assertEquals(find(table, `kept${at % 50}`), at % 50);
  }
});

Deno.test("an entry that is in both generations is one topic", () => {
  const table = new TopicTable<number>({ most: 100 });
  for (let at = 0; at < 60; at++) table.add(encoder.encode(`t${at}`), at);
  table.age();
  for (let at = 0; at < 60; at++) assertEquals(find(table, `t${at}`), at);
  assertEquals(table.size, 60);
  table.age();
  assertEquals(table.size, 60);
  table.age();
  assertEquals([table.size, find(table, "t1")], [0, undefined]);
});

Deno.test("what a table keeps is told, bounded in bytes and by what is free, and given back", () => {
  const memory = new HeldMemory({ most: 16 * MIB, pool: new ChunkPool() });
  const table = new TopicTable<number>({ most: 1e9, mostBytes: MIB, weigh: () => 200, memory });
  const name = (at: number): Uint8Array => encoder.encode(`topic.${at}.${"x".repeat(100)}`);
  for (let at = 0; at < 100_000; at++) table.add(name(at), at);
  assert(memory.held > 0.9 * MIB && memory.held < 2.5 * MIB, `${memory.held}`);
  assert(Math.abs(memory.held - table.bytes) < 64 * 1024);
  // others take nearly everything
  memory.hold(15 * MIB);
  for (let at = 0; at < 100_000; at++) table.add(name(at), at);
  assert(memory.held <= 16 * MIB, `${memory.held}`);
  memory.letGo(15 * MIB);
  table.age();
  table.age();
  assert(memory.held < 64 * 1024, `${memory.held}`);
});
