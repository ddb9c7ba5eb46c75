import { assertEquals } from "@std/assert";
import { Lane } from "../../lib/auth/lanes.ts";

/** A lane of which so many were wrong at this time. */
function wrong(times: number, now: number, lane: Lane<string> = new Lane()): Lane<string> {
  for (let time = 0; time < times; time++) lane.failed(now);
  return lane;
}

Deno.test("three wrong ones cost an address nothing, each more twice as long, up to five seconds (A4)", () => {
  for (const times of [0, 1, 2, 3]) assertEquals(wrong(times, 7).notBefore, -Infinity, `${times}`);
  const waits = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
  assertEquals(waits.map((_, at) => wrong(4 + at, 7).notBefore), waits.map((wait) => 7 + wait));
  assertEquals(wrong(10_000, 7).notBefore, 5007, "however many there were");
});

Deno.test("ten minutes without a wrong one are enough to forget them all, and not a millisecond less", () => {
  assertEquals(wrong(1, 600_000, wrong(4, 0)).notBefore, 600_200);
  assertEquals(wrong(1, 600_001, wrong(4, 0)).notBefore, -Infinity);
  const lane = wrong(1, 600_000, wrong(4, 0));
  assertEquals(wrong(1, 1_200_000, lane).notBefore, 1_200_400, "the last one counts");
});

Deno.test("a lane is idle where nothing waits and nothing is looked at", () => {
  const lane = new Lane<string>();
  assertEquals([lane.idle, lane.forgotten(0)], [true, true]);
  lane.busy = true;
  assertEquals([lane.idle, lane.forgotten(0)], [false, false]);
  lane.busy = false;
  lane.waiting.push("job");
  assertEquals([lane.idle, lane.forgotten(0)], [false, false]);
});
