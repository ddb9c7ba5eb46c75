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
