import { assertEquals, assertRejects } from "@std/assert";
import { backOff, pause } from "../../../lib/client/connecting/back_off.ts";
import { HandedClock } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

Deno.test("the pause before a try is anything up to a bound that doubles from 100 ms to 5 s (F28)", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 1_000_000].map((attempt) => backOff(attempt, () => 1));
  assertEquals(bounds, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  assertEquals(backOff(7, () => 0), 0);
  assertEquals(backOff(7, () => 0.5), 2500);
});

/** A pause, waited for. */
function paused(ms: number, clock: HandedClock, signal: AbortSignal): Promise<void> {
  return within("the end of a pause", pause(ms, { clock, signal }));
}

Deno.test("a pause takes its time, and nothing is waited for behind it", async () => {
  const clock = new HandedClock();
  const stop = new AbortController();
  const pausing = paused(100, clock, stop.signal);
  assertEquals(clock.set, [100]);
  await clock.pass(100);
  await pausing;
  stop.abort(new Error("enough"));
  assertEquals(clock.set, []);
});

Deno.test("a pause ends with the signal's reason, before it and in the middle of it", async () => {
  const clock = new HandedClock();
  const stop = new AbortController();
  const pausing = paused(60_000, clock, stop.signal);
  stop.abort(new Error("enough"));
  await assertRejects(() => pausing, Error, "enough");
  assertEquals(clock.set, []);
  await assertRejects(() => paused(60_000, clock, stop.signal), Error, "enough");
  assertEquals(clock.set, [], "no time is taken for it");
});
