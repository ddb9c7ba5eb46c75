import { assert, assertEquals } from "@std/assert";
import { LATE_PACE_MS, LATE_WITHIN_MS } from "../../../lib/limits.ts";
import { type LateOne, LateOnes } from "../../../lib/sessions/admission/late_ones.ts";
import { StillClock } from "../../support/still_clock.ts";

class One implements LateOne {
  late = true;
  ended = 0;

  isLate(milliseconds: number): boolean {
    assertEquals(milliseconds, 0, "no time passes by looking");
    return this.late;
  }
  giveUp(): void {
    this.ended++;
  }
}

function crowd(count: number): One[] {
  return Array.from({ length: count }, () => new One());
}

function ended(ones: readonly One[]): number {
  return ones.reduce((sum, one) => sum + one.ended, 0);
}

Deno.test("those who are late together are ended a few at a time, and each once (A8)", () => {
  const clock = new StillClock();
  const late = new LateOnes(clock);
  const ones = crowd(500);
  for (const one of ones) late.add(one);
  assertEquals(ended(ones), 0);
  let before = 0;
  for (let ms = LATE_PACE_MS; ms <= LATE_WITHIN_MS; ms += LATE_PACE_MS) {
    clock.pass(LATE_PACE_MS);
    const now = ended(ones);
    assertEquals(now - before, 500 * LATE_PACE_MS / LATE_WITHIN_MS, `after ${ms} ms`);
    before = now;
  }
  assertEquals(ones.every((one) => one.ended === 1), true);
  assertEquals(clock.alarms, 0, "nothing more is to come");
});

Deno.test("who is said to be late twice is ended once, and one alone soon", () => {
  const clock = new StillClock();
  const late = new LateOnes(clock);
  const [one] = crowd(1);
  late.add(one!);
  late.add(one!);
  clock.pass(LATE_PACE_MS);
  assertEquals([one!.ended, clock.alarms], [1, 0]);
  late.add(one!);
  clock.pass(LATE_PACE_MS);
  assertEquals(one!.ended, 2);
});

Deno.test("who has logged in before its turn comes is left alone", () => {
  const clock = new StillClock();
  const late = new LateOnes(clock);
  const ones = crowd(300);
  for (const one of ones) late.add(one);
  clock.pass(LATE_PACE_MS);
  const spared = ones.filter((one) => one.ended === 0);
  for (const one of spared) one.late = false;
  clock.pass(LATE_WITHIN_MS);
  assertEquals(ended(spared), 0);
  assert(spared.length > 200);
});

Deno.test("what is forgotten is not ended, and whoever is late then is", () => {
  const clock = new StillClock();
  const late = new LateOnes(clock);
  const ones = crowd(2);
  late.add(ones[0]!);
  late.forget();
  assertEquals(clock.alarms, 0);
  clock.pass(LATE_WITHIN_MS);
  assertEquals(ended(ones), 0);
  late.add(ones[1]!);
  clock.pass(LATE_WITHIN_MS);
  assertEquals(ones.map((one) => one.ended), [0, 1]);
});

Deno.test("as many are ended at a time as it takes to end all within a quarter of a second, rounded up", () => {
  for (const [many, each] of [[1, 1], [250, 1], [251, 2], [500, 2], [501, 3]] as const) {
    const clock = new StillClock();
    const late = new LateOnes(clock);
    const ones = crowd(many);
    for (const one of ones) late.add(one);
    assertEquals(clock.alarms, 1);
    clock.pass(LATE_PACE_MS - 0.5);
    assertEquals(ended(ones), 0);
    clock.pass(0.5);
    assertEquals([ended(ones), clock.alarms], [each, many > each ? 1 : 0], `${many}`);
    assertEquals(ones.slice(0, each).every((one) => one.ended === 1), true, "those who were late first");
  }
});
