import { assertEquals, assertRejects } from "@std/assert";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { backOff, pause } from "../../../lib/client/connecting/back_off.ts";

Deno.test("the pause before a try is anything up to a bound that doubles from 100 ms to 5 s (F28)", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 1_000_000].map((attempt) => backOff(attempt, () => 1));
  assertEquals(bounds, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  assertEquals(backOff(7, () => 0), 0);
  assertEquals(backOff(7, () => 0.5), 2500);
});

Deno.test("a pause ends with the signal's reason, before it and in the middle of it", async () => {
  const stop = new AbortController();
  const pausing = pause(60_000, { clock: SYSTEM_CLOCK, signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => pausing, Error, "enough");
  await assertRejects(() => pause(60_000, { clock: SYSTEM_CLOCK, signal: stop.signal }), Error, "enough");
});
