import { assertEquals } from "@std/assert";
import { RetentionClock } from "../../../lib/store/log/retention_clock.ts";

Deno.test("a wall clock that is more than a minute ahead of what has passed has jumped", () => {
  for (const [ahead, jumped] of [[60_000, false], [60_001, true]] as const) {
    const clock = new RetentionClock(0, 500);
    assertEquals([clock.tick(10_000 + ahead, 1500), clock.now], [jumped, 10_000]);
    assertEquals(clock.tick(20_000 + ahead, 2500), false, "it is the same jump");
    assertEquals([clock.tick(30_000, 3500), clock.tick(1e9, 3600)], [false, true], "and that is another");
  }
});

Deno.test("it catches up at ten times the pace, in whole milliseconds, and never goes back", () => {
  const clock = new RetentionClock(100, 0);
  clock.tick(1e6, 0.19);
  assertEquals(clock.now, 101);
  clock.tick(1e6, 1.19);
  assertEquals(clock.now, 111);
  clock.tick(113, 2);
  assertEquals(clock.now, 113);
  clock.tick(50, 3);
  assertEquals(clock.now, 113);
});
