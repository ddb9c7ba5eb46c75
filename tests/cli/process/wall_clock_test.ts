import { assert } from "@std/assert";
import { wallClock } from "../../../lib/cli/process/wall_clock.ts";

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
