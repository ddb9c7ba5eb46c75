import { assertEquals } from "@std/assert";
import { Histogram } from "../../lib/histogram.ts";
import { WriteWatch } from "../../lib/sessions/writer.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";

Deno.test("a sample is from when something waits until all of that is written, and then the next begins", () => {
  let now = 0;
  const times = new Histogram([1, 10, 100]);
  const watch = new WriteWatch(times, { ...SYSTEM_CLOCK, now: () => now });
  watch.waits(0);
  watch.waits(100);
  now = 5;
  // what comes meanwhile is not of this sample
  watch.waits(150);
  watch.wrote(60, 90);
  assertEquals(times.state.sum, 0);
  now = 8;
  watch.wrote(40, 50);
  assertEquals([times.state.sum, times.state.counts], [8, [0, 1, 0, 0]]);
  // the rest waits since then
  now = 58;
  watch.wrote(50, 0);
  assertEquals([times.state.sum, times.state.counts], [58, [0, 1, 1, 0]]);
  watch.wrote(10, 0);
  assertEquals(times.state.sum, 58, "nothing waited");
  assertEquals(times.state.counts, [0, 1, 1, 0]);
  // a byte that waits is something that waits
  watch.waits(1);
  now = 60;
  watch.waits(50);
  now = 61;
  watch.wrote(1, 0);
  assertEquals([times.state.sum, times.state.counts], [61, [0, 2, 1, 0]]);
});

Deno.test("what was taken out again does not keep a sample waiting", () => {
  let now = 0;
  const times = new Histogram([1]);
  const watch = new WriteWatch(times, { ...SYSTEM_CLOCK, now: () => now });
  watch.waits(100);
  now = 3;
  watch.wrote(10, 0);
  assertEquals(times.state.sum, 3);
});
