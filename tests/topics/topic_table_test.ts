import { assert, assertEquals } from "@std/assert";
import { ChunkPool } from "../../lib/buffers.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { hashOf } from "../../lib/topics/generation.ts";
import { factorOf } from "../../lib/topics/mixing.ts";
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

const GENERATION = 4096 + 24 * 256;
const STEP = 64 * 1024;

/** A table of values that weigh what they are. */
function weighing(options: { readonly mostBytes?: number; readonly others?: number } = {}): {
  readonly table: TopicTable<number>;
  readonly memory: HeldMemory;
} {
  const memory = new HeldMemory({ most: 64 * MIB, pool: new ChunkPool() });
  memory.hold(options.others ?? 0);
  const { mostBytes = Infinity } = options;
  const table = new TopicTable<number>({ most: 1000, mostBytes, weigh: (value) => value, memory });
  return { table, memory };
}

Deno.test("bytes are those of both generations and of the values in each", () => {
  const { table } = weighing();
  const plain = new TopicTable<number>({ most: 10 });
  assertEquals([table.bytes, plain.bytes], [2 * GENERATION, 2 * GENERATION]);
  plain.add(encoder.encode("a"), 5);
  assertEquals(plain.bytes, 2 * GENERATION, "values that nobody weighs weigh nothing");
  table.add(encoder.encode("a"), 100);
  table.add(encoder.encode("b"), 20);
  table.grew(3);
  assertEquals(table.bytes, 2 * GENERATION + 123);
  table.age();
  assertEquals(table.bytes, 2 * GENERATION + 123);
  assertEquals(find(table, "b"), 20);
  assertEquals(table.bytes, 2 * GENERATION + 143, "what is asked for is in both");
  table.grew(-10);
  assertEquals(table.bytes, 2 * GENERATION + 133);
  table.grew(-1000);
  assertEquals(table.bytes, 2 * GENERATION + 123, "no generation has less than nothing");
  table.age();
  assertEquals(table.bytes, 2 * GENERATION);
});

Deno.test("what is kept is told from 64 KiB more or less on, whatever made the difference", () => {
  const { table, memory } = weighing();
  table.add(encoder.encode("a"), STEP - 2 * GENERATION - 1);
  assertEquals(memory.held, 0, "a byte less than a step");
  table.grew(1);
  assertEquals(memory.held, STEP);
  table.grew(STEP - 1);
  assertEquals(memory.held, STEP);
  table.add(encoder.encode("b"), 1);
  assertEquals(memory.held, 2 * STEP);
  table.grew(-(STEP - 1));
  assertEquals(memory.held, 2 * STEP);
  table.grew(-1);
  assertEquals(memory.held, STEP);
  table.age();
  table.age();
  assertEquals(memory.held, STEP, "less than a step is gone, with what an empty table takes");
  const [odd, other] = [weighing(), weighing()];
  odd.table.add(encoder.encode("a"), 100_001);
  assertEquals(odd.memory.held, 100_001 + 2 * GENERATION);
  other.table.add(encoder.encode("a"), 50 * STEP);
  other.table.age();
  other.table.age();
  assertEquals(other.memory.held, 2 * GENERATION);
});

/** Whether the younger generation has become the older: then the next time it is forgotten. */
function hasAged(table: TopicTable<number>): boolean {
  const before = table.size;
  table.age();
  return before > 0 && table.size === 0;
}

Deno.test("a generation is full with the bytes it may have, or with half of what is free, and not before", () => {
  const full = (options: { mostBytes?: number; others?: number }, value: number): boolean => {
    const { table } = weighing(options);
    table.add(encoder.encode("a"), value);
    return hasAged(table);
  };
  assert(!full({ mostBytes: MIB }, MIB - GENERATION));
  assert(full({ mostBytes: MIB }, MIB - GENERATION + 1));
  // it is told before it is judged: of x free bytes it may have (x - it) / 2
  const free = 3 * MIB;
  const others = 64 * MIB - free;
  const most = Math.floor((free - 4 * GENERATION) / 3);
  assert(!full({ others }, most));
  assert(full({ others }, most + 1));
});

Deno.test("who lets go of something makes nothing be forgotten, however little is free by then", () => {
  const { table, memory } = weighing();
  table.add(encoder.encode("a"), 4 * MIB);
  memory.hold(memory.share - MIB);
  table.grew(-MIB);
  assert(!hasAged(table));
});

Deno.test("one single topic of the older generation is found, too", () => {
  const table = new TopicTable<number>({ most: 100 });
  table.add(encoder.encode("one"), 1);
  table.age();
  assertEquals([find(table, "one"), find(table, "two"), table.size], [1, undefined, 1]);
});

Deno.test("what is named the first time is not kept by addIfSeen, the second time it is, # or not (T2)", () => {
  const table = new TopicTable<number>({ most: 100, seed: 5 });
  for (const [first, second] of [["#a", "a"], ["b", "#b"], ["#c", "#c"], ["d", "d"]] as const) {
    assertEquals(table.addIfSeen(encoder.encode(first), 1), false);
    assertEquals(find(table, first), undefined);
    assertEquals(table.addIfSeen(encoder.encode(second), 2), true);
    assertEquals([find(table, first), find(table, second)], [2, 2]);
  }
  assertEquals(table.size, 4);
});

/** Two names of one length that have one hash, by the factor of a seed. */
function colliding(seed: number): [string, string] {
  const known = new Map<number, string>();
  for (let at = 0;; at++) {
    // names in a row are kept apart for millions: an odd factor takes them out of it and keeps them different
    const name = (Math.imul(at, 0x9e3779b1) >>> 0).toString(36).padStart(7, "0");
    const bytes = encoder.encode(name);
    const hash = hashOf(bytes, 0, { end: bytes.length, factor: factorOf(seed) });
    const other = known.get(hash);
    if (other !== undefined) return [other, name];
    known.set(hash, name);
  }
}

Deno.test("two names that have one hash are two topics, young and old", () => {
  const [one, other] = colliding(12345);
  const table = new TopicTable<number>({ most: 100, seed: 12345 });
  table.add(encoder.encode(one), 1);
  assertEquals([find(table, one), find(table, other)], [1, undefined]);
  table.add(encoder.encode(other), 2);
  for (let round = 0; round < 3; round++) {
    assertEquals([find(table, one), find(table, other), table.size], [1, 2, 2]);
    table.age();
  }
});

Deno.test("what is kept for all topics is had of both generations, in the order in which it came", () => {
  const table = new TopicTable<number>({ most: 100 });
  assertEquals(table.values(), [[], []]);
  for (const at of [3, 1]) table.add(encoder.encode(`t${at}`), at);
  assertEquals(table.values(), [[3, 1], []]);
  table.age();
  table.add(encoder.encode("t2"), 2);
  find(table, "t1");
  assertEquals(table.values(), [[2, 1], [3, 1]]);
});
