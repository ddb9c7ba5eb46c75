import { assert, assertEquals } from "@std/assert";
import { collectHeap } from "../../../../lib/collect.ts";
import { IdleHeap } from "../../../../lib/store/sqlite/threads/idle_heap.ts";

const MIB = 1024 * 1024;

/** A heap that says what it is told to. */
class TestHeap {
  size = 10 * MIB;
  collections = 0;

  bytes(): number {
    return this.size;
  }
  collect(): void {
    this.collections++;
    this.size = 10 * MIB;
  }
}

Deno.test("the heap of a thread is collected when nothing has come for some seconds, once", () => {
  const heap = new TestHeap();
  const idle = new IdleHeap(heap);
  heap.size = 50 * MIB;
  for (let done = 0; done < 100; done++) idle.look(done);
  assertEquals(heap.collections, 0);
  for (let times = 0; times < 100; times++) idle.look(99);
  assertEquals(heap.collections, 1);
  // little has been done since, and nothing is to be had
  for (let times = 0; times < 100; times++) idle.look(100);
  assertEquals(heap.collections, 1);
  heap.size = 50 * MIB;
  for (let times = 0; times < 100; times++) idle.look(101);
  assertEquals(heap.collections, 2);
});

Deno.test("a heap is collected at the fifth look at which nothing had been done, from 2 MiB more than it needs", () => {
  const looked = (size: number): number[] => {
    const heap = new TestHeap();
    const idle = new IdleHeap(heap);
    heap.size = size;
    idle.look(7);
    return Array.from({ length: 8 }, () => {
      idle.look(7);
      return heap.collections;
    });
  };
  assertEquals(looked(12 * MIB), [0, 0, 0, 0, 1, 1, 1, 1]);
  assertEquals(looked(12 * MIB - 1), [0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("where nothing has been done since the thread began its heap is collected at the fifth look", () => {
  const heap = new TestHeap();
  const idle = new IdleHeap(heap);
  heap.size = 12 * MIB;
  const collected = Array.from({ length: 5 }, () => {
    idle.look(0);
    return heap.collections;
  });
  assertEquals(collected, [0, 0, 0, 0, 1]);
});

Deno.test("what a collection left is what it needs from then on", () => {
  const heap = new TestHeap();
  const idle = new IdleHeap(heap);
  const rest = (done: number, size: number): number => {
    heap.size = size;
    for (let times = 0; times < 6; times++) idle.look(done);
    return heap.collections;
  };
  heap.collect = (): void => {
    heap.collections++;
    heap.size = 20 * MIB;
  };
  assertEquals([rest(1, 30 * MIB), rest(2, 21 * MIB), rest(3, 22 * MIB)], [1, 1, 2]);
});

Deno.test("the heap of a thread can be collected", () => {
  const ours: unknown[] = [];
  for (let at = 0; at < 500_000; at++) ours.push({ at, list: [at] });
  const full = Deno.memoryUsage().heapTotal;
  assertEquals(ours.length, 500_000);
  ours.length = 0;
  collectHeap();
  assert(Deno.memoryUsage().heapTotal < full - 8 * MIB, `${full} before`);
});
