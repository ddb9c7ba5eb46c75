import { assertEquals, assertThrows } from "@std/assert";
import type { NewDelayed } from "../../../lib/store/log/group.ts";
import { MemoryDelayed } from "../../../lib/store/log/memory_delayed.ts";
import type { DueQuery } from "../../../lib/store/types.ts";

/** A run of ten bytes, that is of one message where nothing else is said. */
function ten(due: number, more: Partial<NewDelayed> = {}): NewDelayed {
  return { topic: "#a", count: 1, start: 0, end: 10, due, ...more };
}

const BYTES = Uint8Array.from({ length: 40 }, (_, at) => at);

Deno.test("what waits in memory comes by its time and then as it was stored, as much as was asked for", () => {
  const delayed = new MemoryDelayed();
  delayed.put([ten(3), ten(1), ten(2, { topic: "#b" }), ten(2), ten(9)], BYTES, 7);
  const ask = (query: Partial<DueQuery>): unknown => {
    const outcome = delayed.due({ now: 5, after: undefined, without: [], most: 1e9, ...query });
    return outcome.kind === "due" && [outcome.runs.map(({ id }) => id), outcome.after, outcome.next];
  };
  assertEquals(ask({}), [[2, 3, 4, 1], undefined, 9]);
  assertEquals(ask({ now: 9 }), [[2, 3, 4, 1, 5], undefined, undefined]);
  assertEquals(ask({ now: 0 }), [[], undefined, 1]);
  assertEquals(ask({ most: 1 }), [[2], { due: 1, id: 2 }, undefined]);
  assertEquals(ask({ most: 10 }), [[2], { due: 1, id: 2 }, undefined]);
  assertEquals(ask({ most: 11 }), [[2, 3], { due: 2, id: 3 }, undefined]);
  assertEquals(ask({ most: 31 }), [[2, 3, 4, 1], undefined, 9]);
  assertEquals(ask({ after: { due: 2, id: 3 } }), [[4, 1], undefined, 9]);
  assertEquals(ask({ after: { due: 2, id: 9 } }), [[1], undefined, 9]);
  assertEquals(ask({ without: ["#a"] }), [[3], undefined, 9]);
  assertEquals(ask({ without: ["#a", "#b"], now: 9 }), [[], undefined, undefined]);
});

Deno.test("what waits in memory is counted with its bytes, and what is taken is counted no more", () => {
  const delayed = new MemoryDelayed();
  delayed.put([ten(5, { count: 3 }), ten(6, { start: 10, end: 25, ids: "=x", ttl: 4 })], BYTES, 70);
  assertEquals([delayed.count, delayed.bytes], [4, 25]);
  const all = { now: 9, after: undefined, without: [], most: 1e9 };
  const outcome = delayed.due(all);
  assertEquals(outcome.kind === "due" && outcome.runs, [
    {
      ...{ id: 1, due: 5, published: 70, topic: "#a", count: 3, ids: undefined, ttl: undefined },
      bytes: BYTES.slice(0, 10),
    },
    { id: 2, due: 6, published: 70, topic: "#a", count: 1, ids: "=x", ttl: 4, bytes: BYTES.slice(10, 25) },
  ]);
  delayed.take([1]);
  assertEquals([delayed.count, delayed.bytes], [1, 15]);
  assertThrows(() => delayed.take([1]), Error, "the delayed run 1 is not there");
  delayed.take([2]);
  assertEquals([delayed.count, delayed.bytes, delayed.due(all)], [0, 0, {
    ...{ kind: "due", runs: [], after: undefined, next: undefined, damaged: [] },
  }]);
});
