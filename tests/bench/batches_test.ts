import { assertEquals, assertStringIncludes } from "@std/assert";
import { BatchCounter } from "../../bench/durable/batches.ts";
import { acknowledgedBy } from "../../bench/durable/processes.ts";

const SIZE = 4;

function batch(topic: string, first: number, count: number, payload = "abcd"): string {
  const frames = `pub #${topic} ${SIZE}\n${payload}\n`.repeat(count);
  return `batch #${topic} ${count} ${frames.length} seq=${first} ts=1700000000000\n${frames}`;
}

/** Takes it all in reads of so many bytes. */
function counted(said: string, step: number, topics = 2): BatchCounter {
  const counter = new BatchCounter({ topics, size: SIZE });
  const bytes = new TextEncoder().encode(said);
  const buffer = new Uint8Array(bytes.length + step);
  let filled = 0;
  for (let at = 0; at < bytes.length; at += step) {
    const read = bytes.subarray(at, at + step);
    buffer.set(read, filled);
    filled += read.length;
    const taken = counter.take(buffer, filled);
    buffer.copyWithin(0, taken, filled);
    filled -= taken;
  }
  return counter;
}

Deno.test("Batches of several topics are counted to the last message, wherever reads split them", () => {
  const said = batch("t00000", 1, 3) + batch("t00001", 1, 1) + 'info {"live":"#*"}\n' +
    batch("t00000", 4, 20) +
    batch("t00001", 2, 2);
  for (let step = 1; step <= said.length; step++) {
    const counter = counted(said, step);
    assertEquals([counter.messages, counter.batches, counter.problem], [26, 4, null], `reads of ${step}`);
  }
});

Deno.test("A message whose last byte has not come is not counted", () => {
  const said = batch("t00000", 1, 3);
  assertEquals(counted(said.slice(0, -1), said.length).messages, 2);
});

for (
  const [what, said, why] of [
    ["a gap", batch("t00000", 1, 3) + batch("t00000", 5, 1), "has not the sequence number 4"],
    ["a repeat", batch("t00000", 1, 3) + batch("t00000", 3, 1), "has not the sequence number 4"],
    ["a beginning that is missing", batch("t00001", 2, 3), "has not the sequence number 1"],
    ["a topic that was not published to", batch("t00002", 1, 1), "is no header"],
    ["a length that is another", batch("t00000", 1, 2, "abcde"), "is no header"],
    [
      "frames of another topic",
      batch("t00000", 1, 1).replace("pub #t00000", "pub #t00001"),
      "has other frames",
    ],
    ["another line", `gap #* 7\n${batch("t00000", 1, 9)}`, "is no header"],
  ] as const
) {
  Deno.test(`In what is replayed ${what} is noticed`, () => {
    assertStringIncludes(counted(said, said.length).problem ?? "", why);
  });
}

Deno.test("What was acknowledged by a time lies between what was said before and after it", () => {
  const said = [{ at: 100, acknowledged: 0 }, { at: 200, acknowledged: 1000 }, {
    at: 400,
    acknowledged: 1400,
  }];
  assertEquals([50, 100, 150, 200, 300, 400, 500].map((time) => acknowledgedBy(said, time)), [
    0,
    0,
    500,
    1000,
    1200,
    1400,
    1400,
  ]);
  assertEquals(acknowledgedBy([], 100), 0);
});
