import { assert, assertEquals } from "@std/assert";
import { type Heap, HeapKeeper } from "../../lib/sessions/heap_keeper.ts";
import { PROCESS_HEAP } from "../../lib/sessions/process_heap.ts";

const MIB = 1024 * 1024;
const LOOK_MS = 1000;

/** A heap that says what it is told to. */
class TestHeap implements Heap {
  size = 10 * MIB;
  /** Of it, what a collection frees. */
  garbage = 0;
  ms = 0;
  collections = 0;
  /** Processor time that a collection takes. */
  takes = 0;

  bytes(): number {
    return this.size;
  }
  worked(): number {
    return this.ms;
  }
  collect(): void {
    this.collections++;
    this.ms += this.takes;
    this.size -= this.garbage;
    this.garbage = 0;
  }
}

function look(keeper: HeapKeeper, times: number, alive = 0): void {
  for (let at = 0; at < times; at++) keeper.look(LOOK_MS, alive);
}

Deno.test("what a busy time left in the heap is collected once it is quiet, and not before", () => {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  heap.size += heap.garbage = 200 * MIB;
  for (let at = 0; at < 100; at++) {
    heap.ms += 500;
    look(keeper, 1);
  }
  assertEquals(heap.collections, 0);
  look(keeper, 20);
  assertEquals(heap.collections, 1);
  assertEquals(heap.size, 10 * MIB);
});

Deno.test("what cannot be collected is not tried again, and neither is what is little", () => {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  look(keeper, 100);
  assertEquals(heap.collections, 0);
  heap.size += 50 * MIB;
  look(keeper, 1000);
  assertEquals(heap.collections, 1);
  heap.size += 1 * MIB;
  look(keeper, 1000);
  assertEquals(heap.collections, 1);
});

Deno.test("what has grown is told from the least there was since, though nobody collected that", () => {
  const heap = new TestHeap();
  heap.size = 100 * MIB;
  const keeper = new HeapKeeper(heap);
  look(keeper, 20);
  heap.size = 20 * MIB;
  look(keeper, 20);
  assertEquals(heap.collections, 0);
  heap.size = 28 * MIB - 1;
  look(keeper, 20);
  assertEquals(heap.collections, 0);
  heap.size = 28 * MIB;
  look(keeper, 20);
  assertEquals(heap.collections > 0, true);
});

Deno.test("what is only forgotten later is collected as well, and then it is over", () => {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  heap.size += 200 * MIB;
  heap.garbage = 180 * MIB;
  look(keeper, 20);
  assertEquals(heap.size, 30 * MIB);
  heap.garbage = 20 * MIB;
  look(keeper, 40);
  assertEquals(heap.size, 10 * MIB);
  look(keeper, 1000);
  assertEquals(heap.collections, 3);
});

Deno.test("nothing is collected while much is alive: others would wait for it", () => {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  heap.size += heap.garbage = 200 * MIB;
  look(keeper, 100, 500 * MIB);
  assertEquals(heap.collections, 0);
  look(keeper, 2);
  assertEquals(heap.collections, 1);
});

Deno.test("nothing is collected while thousands leave, which takes no processor, but when they have left", () => {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  heap.size += heap.garbage = 100 * MIB;
  look(keeper, 10, 160 * MIB);
  for (let left = 160; left >= 0; left -= 4) look(keeper, 1, left * MIB);
  assertEquals(heap.collections, 0);
  look(keeper, 1, 0);
  assertEquals(heap.collections, 1);
});

Deno.test("what is let go long after the last collection is collected, once each time", () => {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  heap.size += 60 * MIB;
  look(keeper, 150, 50 * MIB);
  const { collections } = heap;
  assertEquals(heap.size, 70 * MIB);
  // ids whose window is over; not so little that it is not worth it
  look(keeper, 20, 45 * MIB);
  assertEquals(heap.collections, collections);
  heap.garbage = 50 * MIB;
  look(keeper, 20, 0);
  assertEquals(heap.size, 20 * MIB);
  look(keeper, 1000, 0);
  assertEquals(heap.collections, collections + 3);
});

/** At which of so many looks something was collected, from 1. */
function collectedAt(
  heap: TestHeap,
  keeper: HeapKeeper,
  { looks = 100, works = 0, alive = () => 0 }: {
    readonly looks?: number;
    /** Milliseconds that the process works between two of them. */
    readonly works?: number;
    /** What is alive at each. */
    readonly alive?: (look: number) => number;
  } = {},
): number[] {
  const at: number[] = [];
  for (let number = 1; number <= looks; number++) {
    const before = heap.collections;
    heap.ms += works;
    keeper.look(LOOK_MS, alive(number));
    if (heap.collections > before) at.push(number);
  }
  return at;
}

/** A heap that has grown by so much, all of it garbage. */
function grown(bytes: number): { heap: TestHeap; keeper: HeapKeeper } {
  const heap = new TestHeap();
  const keeper = new HeapKeeper(heap);
  heap.size += heap.garbage = bytes;
  return { heap, keeper };
}

Deno.test("it is quiet after ten looks with a quarter of a core at most, whatever a collection takes itself", () => {
  for (const [works, looks] of [[0, [10, 30, 50]], [250, [10, 30, 50]], [251, []]] as const) {
    const { heap, keeper } = grown(8 * MIB);
    heap.takes = 2000;
    assertEquals(collectedAt(heap, keeper, { works }), [...looks], `${works} ms`);
  }
});

Deno.test("work in between begins the ten looks anew", () => {
  const { heap, keeper } = grown(8 * MIB);
  assertEquals(collectedAt(heap, keeper, { looks: 9 }), []);
  assertEquals(collectedAt(heap, keeper, { looks: 1, works: 251 }), []);
  assertEquals(collectedAt(heap, keeper, { looks: 10 }), [10]);
});

Deno.test("8 MiB more are worth a collection, and 64 MiB that are alive allow one", () => {
  const little = grown(8 * MIB - 1);
  assertEquals(collectedAt(little.heap, little.keeper), []);
  const steady = (alive: number): number[] => {
    const { heap, keeper } = grown(8 * MIB);
    return collectedAt(heap, keeper, { looks: 12, alive: () => alive });
  };
  assertEquals([steady(64 * MIB), steady(64 * MIB + 1)], [[10], []]);
});

Deno.test("while more than 2 MiB come or go between two looks nothing is collected", () => {
  for (const [step, looks] of [[2 * MIB, [10]], [2 * MIB + 1, []]] as const) {
    for (const way of [1, -1]) {
      const { heap, keeper } = grown(8 * MIB);
      const alive = (look: number): number => 30 * MIB + way * look * step;
      // the first look has nothing before it
      assertEquals(collectedAt(heap, keeper, { looks: 10, alive }), [...looks], `${way * step}`);
    }
  }
});

Deno.test("8 MiB that were let go are worth one, though nothing has grown, and then that is all", () => {
  for (const [letGo, looks] of [[8 * MIB, [10]], [8 * MIB - 1, []]] as const) {
    const heap = new TestHeap();
    const keeper = new HeapKeeper(heap);
    const alive = (look: number): number => look === 1 ? 20 * MIB : 20 * MIB - letGo;
    assertEquals(collectedAt(heap, keeper, { alive, looks: 200 }), [...looks], `${letGo}`);
  }
});

Deno.test("the heap of this process can be collected", () => {
  const ours: unknown[] = [];
  for (let at = 0; at < 500_000; at++) ours.push({ at, list: [at] });
  const full = PROCESS_HEAP.bytes();
  assertEquals(ours.length, 500_000);
  ours.length = 0;
  PROCESS_HEAP.collect();
  assert(PROCESS_HEAP.bytes() < full - 8 * MIB, `${full} before, ${PROCESS_HEAP.bytes()} now`);
  assert(PROCESS_HEAP.worked() > 0);
});
