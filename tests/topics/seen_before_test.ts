import { assert, assertEquals } from "@std/assert";
import { factorOf } from "../../lib/topics/mixing.ts";
import { hashOf } from "../../lib/topics/generation.ts";
import { SeenBefore } from "../../lib/topics/seen_before.ts";

const encoder = new TextEncoder();
const factor = factorOf(4711);

function mark(seen: SeenBefore, name: string): boolean {
  const bytes = encoder.encode(name);
  return seen.mark(hashOf(bytes, 0, { end: bytes.length, factor }));
}

Deno.test("what has been seen is known the second time, and mostly only then", () => {
  const seen = new SeenBefore();
  let wrong = 0;
  for (let at = 0; at < 100_000; at++) if (mark(seen, `topic.${at}`)) wrong++;
  assert(wrong < 100_000 / 8, `${wrong}`);
  for (let at = 0; at < 100_000; at++) assertEquals(mark(seen, `topic.${at}`), true);
});

Deno.test("however much is seen, it says before of few that are new", () => {
  const seen = new SeenBefore();
  let wrong = 0;
  for (let at = 0; at < 1_000_000; at++) if (mark(seen, `topic.${at}`)) wrong++;
  assert(wrong < 1_000_000 / 8, `${wrong}`);
  seen.clear();
  assertEquals(mark(seen, "topic.1"), false);
});

Deno.test("an eighth of its bits are marked at most, and then all are forgotten", () => {
  const seen = new SeenBefore();
  const most = 2 ** 20 / 8;
  for (let round = 0; round < 3; round++) {
    for (let hash = 0; hash < most; hash++) if (seen.mark(hash)) assertEquals(hash, undefined, "each is new");
    assertEquals([seen.mark(0), seen.mark(most - 1)], [true, true]);
    assertEquals(seen.mark(-1), false, "one more than there may be");
    assertEquals([seen.mark(-1), seen.mark(2 ** 20 - 1), seen.mark(1)], [true, true, false]);
    seen.clear();
    assertEquals(seen.mark(-1), false);
    seen.clear();
  }
});
