/**
 * How one commit is put together, and what becomes of its parts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Beginnings, strongest } from "../../../lib/store/log/beginnings.ts";
import {
  BATCH_BYTES_MOST,
  groupAppends,
  outcomeOf,
  storedBatches,
  topicProblem,
  topicsProblem,
  UNBEGUN,
} from "../../../lib/store/log/group.ts";
import type { Append, MayBegin } from "../../../lib/store/types.ts";

/** An append of so many bytes, all of them of this number. */
function append(topic: string, count: number, { size = 4, byte = 0, ...more } = {}): Append {
  return { topic, count, bytes: new Uint8Array(size).fill(byte), ...more };
}

const append_ = fc.record({
  topic: fc.constantFrom("#a", "#b", "#c"),
  count: fc.integer({ min: 1, max: 3 }),
  size: fc.constantFrom(0, 1, 5, BATCH_BYTES_MOST / 4, BATCH_BYTES_MOST / 2, BATCH_BYTES_MOST / 2 + 1),
  ids: fc.constantFrom(undefined, "=x", "1 2 p-"),
  ttl: fc.constantFrom(undefined, 5, 9),
});

Deno.test("appends to one topic close up in their order, to batches of a MiB, and lie one behind the other", () => {
  fc.assert(
    fc.property(fc.array(append_, { maxLength: 10 }), fc.array(append_, { maxLength: 3 }), (all, waits) => {
      const appends = all.map(({ size, ...rest }, at): Append => ({
        ...append("", 0, { size, byte: at + 1 }),
        ...rest,
      }));
      const later = waits.map(({ size, ...rest }, at) => (
        { ...append("", 0, { size, byte: 100 + at }), ...rest, due: at }
      ));
      const grouped = groupAppends(appends, later);
      const { batches, delayed, length, appends: placed } = grouped;
      const out = new Uint8Array(length);
      grouped.copyTo(out);
      // the batches one expects who takes one append after the other
      const expected: { topic: string; parts: Append[] }[] = [];
      for (const [at, each] of appends.entries()) {
        const newest = expected.findLast(({ topic }) => topic === each.topic);
        const size = newest?.parts.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? Infinity;
        const fits = size + each.bytes.length <= BATCH_BYTES_MOST;
        if (fits) newest!.parts.push(each);
        else expected.push({ topic: each.topic, parts: [each] });
        const batch = fits ? expected.indexOf(newest!) : expected.length - 1;
        const offset = expected[batch]!.parts.slice(0, -1).reduce((sum, { count }) => sum + count, 0);
        assertEquals(placed[at], { batch, offset });
      }
      let end = 0;
      for (const [at, { topic, parts }] of expected.entries()) {
        const batch = batches[at]!;
        const bytes = parts.flatMap(({ bytes }) => [...bytes.subarray(0, 2)].join());
        let from = end;
        const found = parts.map(({ bytes }) =>
          [...out.subarray(from, from += bytes.length).subarray(0, 2)].join()
        );
        assertEquals(found, bytes);
        const ids = parts.flatMap(({ ids }) => ids ?? []);
        const ttls = parts.flatMap(({ ttl }) => ttl ?? []);
        assertEquals({ ...batch }, {
          ...{ topic, start: end, end: from, mayBegin: undefined },
          count: parts.reduce((sum, { count }) => sum + count, 0),
          ids: ids.length === 0 ? undefined : ids.join("\n"),
          ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
        });
        end = from;
      }
      for (const [at, { topic, count, bytes, ids, ttl, due }] of later.entries()) {
        const start = end;
        end += bytes.length;
        assertEquals(delayed[at], { topic, count, start, end, ids, ttl, due, mayBegin: undefined });
        assert(out.subarray(start, end).every((byte) => byte === 100 + at));
      }
      assertEquals([batches.length, delayed.length, length], [expected.length, later.length, end]);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a topic begins with a batch if it may with any of what is in it", () => {
  const ways = [undefined, "never", "always"] as const;
  const found = ways.map((one) => ways.map((other) => strongest(one, other)));
  assertEquals(found, [
    [undefined, undefined, "always"],
    [undefined, "never", "always"],
    ["always", "always", "always"],
  ]);
  const mayBegin = (...all: readonly (MayBegin | undefined)[]): unknown =>
    groupAppends(all.map((mayBegin) => ({ ...append("#a", 1), mayBegin }))).batches[0]!.mayBegin;
  assertEquals([mayBegin("never"), mayBegin("never", undefined), mayBegin("never", "always", "never")], [
    "never",
    undefined,
    "always",
  ]);
  const later = groupAppends([], [{ ...append("#a", 1), due: 1, mayBegin: "always" }]);
  assertEquals(later.delayed[0]!.mayBegin, "always");
});

Deno.test("as many topics begin as there may be, those that always may, and none that never may", () => {
  const beginnings = new Beginnings({ topics: 4, most: 5 });
  assertEquals([undefined, "never", "always"].map((how) => beginnings.mayBegin(how as MayBegin)), [
    true,
    false,
    true,
  ]);
  beginnings.topics++;
  assertEquals([undefined, "never", "always"].map((how) => beginnings.mayBegin(how as MayBegin)), [
    false,
    false,
    true,
  ]);
});

Deno.test("each append is told where it went: batches count up without those that are not stored", () => {
  const grouped = groupAppends([
    append("#a", 2),
    append("#b", 1),
    append("#a", 3),
    append("#c", 1),
    append("#b", 1),
  ]);
  const later = { begun: [0], unbegun: [1] };
  assertEquals(outcomeOf(grouped, { batch: 7, firsts: [10, UNBEGUN, 4], time: 9, later }), {
    kind: "stored",
    stored: [
      { first: 10, batch: 7, time: 9 },
      { first: 12, batch: 7, time: 9 },
      { first: 4, batch: 8, time: 9 },
    ],
    unbegun: { appends: [1, 4], delayed: [1] },
    begun: [0],
  });
  const whole = outcomeOf(grouped, { batch: 7, firsts: [10, 1, 4], time: 9 });
  assertEquals([whole.unbegun, whole.begun, whole.stored.map(({ first, batch }) => [first, batch])], [
    undefined,
    undefined,
    [[10, 7], [1, 8], [12, 7], [4, 9], [2, 8]],
  ]);
  const onlyLater = { begun: [], unbegun: [3] };
  const some = outcomeOf(grouped, { batch: 7, firsts: [10, 1, 4], time: 9, later: onlyLater });
  assertEquals([some.unbegun, some.begun], [{ appends: [], delayed: [3] }, undefined]);
  const noneLater = { begun: [], unbegun: [] };
  const first = outcomeOf(grouped, { batch: 7, firsts: [UNBEGUN, 1, 4], time: 9, later: noneLater });
  assertEquals(first.unbegun, { appends: [0, 2], delayed: [] });
  const stored = storedBatches(grouped.batches, { firsts: [1, UNBEGUN, 1] });
  assertEquals(stored.map(({ topic }) => topic), ["#a", "#c"]);
  assert(storedBatches(grouped.batches, { firsts: [1, 1, 1] }) === grouped.batches);
});

Deno.test("a topic that would be read back as another cannot be stored, and the first of them is told", () => {
  assertEquals([topicProblem("#a"), topicProblem("#\u{1f30d}")], [undefined, undefined]);
  assertEquals(topicProblem(""), 'the topic "" cannot be stored as it is');
  assertEquals(topicProblem("#a\0"), 'the topic "#a\\u0000" cannot be stored as it is');
  assertEquals(topicProblem("#\ud800"), 'the topic "#\\ud800" cannot be stored as it is');
  assertEquals(topicsProblem([{ topic: "#a" }, { topic: "#\0" }, { topic: "" }]), topicProblem("#\0"));
  assertEquals([topicsProblem([]), topicsProblem([{ topic: "#a" }])], [undefined, undefined]);
});
