import { assert, assertEquals } from "@std/assert";
import { wallClock } from "../../../lib/cli/process/wall_clock.ts";
import { standIn } from "../stand_in.ts";

Deno.test("the wall clock agrees with Date, and goes on when that is set", () => {
  assert(Math.abs(wallClock() - Date.now()) <= 6);
  const now = Date.now;
  try {
    const set = now() - 3_600_000;
    Date.now = () => set;
    assert(Math.abs(wallClock() - set) <= 6);
  } finally {
    Date.now = now;
  }
  assert(Math.abs(wallClock() - Date.now()) <= 6);
});

Deno.test("the wall clock has parts of a millisecond, up to 5 ms from Date, and then what that says", () => {
  let [fine, coarse] = [1000, 1_700_000_000_000];
  using _fine = standIn(performance, "now", () => fine);
  using _coarse = standIn(Date, "now", () => coarse);
  // both say the same from here on
  wallClock();
  assertEquals(wallClock(), coarse);
  fine += 0.25;
  assertEquals(wallClock(), coarse + 0.25);
  fine += 4.75;
  assertEquals(wallClock(), coarse + 5);
  coarse += 10;
  assertEquals(wallClock(), coarse - 5);
  for (const apart of [5.25, -5.25]) {
    fine += 5 + apart;
    assertEquals(wallClock(), coarse, `${apart} ms apart`);
    fine += 0.25;
    assertEquals(wallClock(), coarse + 0.25, "it goes on from there");
    fine -= 5.25;
  }
});
