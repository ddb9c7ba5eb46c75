import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DamageError } from "../../../lib/store/log/damage.ts";
import {
  firstAfter,
  firstSince,
  newestUpTo,
  nextAsOf,
  nextSequence,
  startOf,
} from "../../../lib/store/log/find.ts";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import { type BatchRef, endOf } from "../../../lib/store/log/view.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import { run } from "../asking.ts";
import { append, databaseOf } from "../made_logs.ts";

/** A log of batches of a few messages each, a second apart at most, of which the oldest have been deleted. */
const made = fc.record({
  batches: fc.array(
    fc.record({
      topic: fc.constantFrom("#a", "#b"),
      count: fc.integer({ min: 1, max: 3 }),
      later: fc.nat(2),
    }),
    { maxLength: 14 },
  ),
  gone: fc.nat(6),
});

Deno.test("what is looked for in halves is what one finds who looks at all", () => {
  fc.assert(
    fc.property(made, ({ batches, gone }) => {
      const log = new MemoryLog();
      let time = 0;
      const times = new Map<number, number>();
      for (const { topic, count, later } of batches) {
        time += later;
        const { bytes } = run(topic, ...Array<string>(count).fill("x"));
        log.append({ batches: [{ topic, count, start: 0, end: bytes.length }], delayed: [] }, bytes, {
          now: time,
        });
        times.set(log.last, time);
      }
      const next = new Map(["#a", "#b"].map((name) => {
        const counts = batches.filter(({ topic }) => topic === name).map(({ count }) => count);
        return [name, 1 + counts.reduce((sum, count) => sum + count, 0)];
      }));
      const aged = log.agedAfter(0, Math.min(gone, batches.length));
      if (aged.length > 0) log.trim(aged, { groupsMiss: false });
      const all = log.refsAfter(0, 1000);
      for (let since = 0; since <= time + 1; since++) {
        const found = all.find(({ id }) => times.get(id)! >= since)?.id ?? log.last + 1;
        // where the oldest are gone it is one of those, which is as good
        const first = firstSince(log, since);
        assertEquals(all.find(({ id }) => id >= first)?.id ?? log.last + 1, found);
      }
      for (const name of ["#a", "#b"]) {
        const topic = log.topicNamed(name);
        if (topic === undefined) continue;
        const own = all.filter((ref) => ref.topic === topic.id);
        const end = next.get(name)!;
        assertEquals(nextSequence(log, topic.id), end);
        for (let batch = 0; batch <= log.last; batch++) {
          const newest = own.filter(({ id }) => id <= batch).at(-1);
          assertEquals(plain(newestUpTo(log, topic.id, batch)), plain(newest));
          assertEquals(nextAsOf(log, topic.id, batch), newest === undefined ? topic.floor : endOf(newest));
          for (let sequence = 0; sequence <= end; sequence++) {
            const after = own.find((ref) => endOf(ref) > sequence);
            assertEquals(plain(firstAfter(log, topic.id, sequence)), plain(after));
            const start = own.find((ref) => ref.id > batch && endOf(ref) > sequence);
            const cursor = { pattern: name, after: batch, sequence, time: 0, to: undefined };
            assertEquals(plain(startOf(log, topic, cursor)), plain(start));
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

function plain(ref: BatchRef | undefined): unknown {
  return ref && [ref.id, ref.first, ref.count];
}

Deno.test("where batches are missing in the middle a search ends all the same, at what is left", () => {
  const log = new MemoryLog();
  for (let at = 0; at < 5; at++) append(log, "#a", { records: "pub #a 0\n\n".repeat(2), now: at });
  using db = databaseOf(log);
  db.exec("DELETE FROM batch WHERE id = 3");
  const view = new SqliteView(db);
  view.snapshot(() => {
    const topic = view.topicOf(1);
    const starts = [0, 1, 2, 3, 4, 5].map((after) => startOf(view, topic, { after, sequence: 0 })?.id);
    assertEquals(starts, [1, 2, 4, 4, 5, undefined]);
    assertEquals([1, 2, 3, 4, 5].map((batch) => newestUpTo(view, 1, batch)?.id), [1, 2, 2, 4, 5]);
  });
});

Deno.test("where a batch should be and is not, that is damage, with the numbers that are missing", () => {
  const log = new MemoryLog();
  const { bytes } = run("#a", "x", "y");
  const batches = [{ topic: "#a", count: 2, start: 0, end: bytes.length }];
  log.append({ batches, delayed: [] }, bytes, { now: 0 });
  const topic = log.topicNamed("#a")!;
  const cursor = { pattern: "#a", after: 0, sequence: 0, time: 0, to: undefined };
  assertThrows(
    () => startOf(log, { ...topic, floor: 0 }, { ...cursor, sequence: 0 }),
    DamageError,
    "of #a the messages 0 to 0 are missing",
  );
  assertEquals(startOf(log, topic, { ...cursor, sequence: 3 }), undefined, "it is still to come");
});
