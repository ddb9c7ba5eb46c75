import { assert, assertEquals } from "@std/assert";
import { Deadlines } from "../../lib/client/deadlines.ts";
import { type Clock, SYSTEM_CLOCK } from "../../lib/clock.ts";
import { TIMER_MOST_MS } from "../../lib/limits.ts";
import { HandedClock } from "../support/handed_clock.ts";

/** Deadlines by a clock that a test moves on, the numbers that were due, and the timers that are set. */
function byHand(
  onDue: (number: number) => void = () => {},
): { deadlines: Deadlines; due: number[]; timers: Map<number, number>; goOn(ms: number): void } {
  let now = 1000.3;
  let last = 0;
  const set = new Map<number, { readonly at: number; readonly callback: () => void }>();
  const timers = new Map<number, number>();
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    now: () => now,
    after: (ms, callback) => {
      set.set(++last, { at: now + ms, callback });
      timers.set(last, ms);
      return last;
    },
    cancel: (timer) => {
      set.delete(Number(timer));
      timers.delete(Number(timer));
    },
  };
  const due: number[] = [];
  const deadlines = new Deadlines(clock, (number) => {
    due.push(number);
    onDue(number);
  });
  const goOn = (ms: number): void => {
    now += ms;
    for (const [timer, { at, callback }] of set) {
      if (at > now) continue;
      clock.cancel(timer);
      callback();
    }
  };
  return { deadlines, due, timers, goOn };
}

Deno.test("what is due is told once, never early and hardly late", () => {
  for (let ms = 0; ms < 40; ms++) {
    const { deadlines, due, goOn } = byHand();
    deadlines.add(7, ms);
    if (ms > 0) goOn(ms - 0.1);
    assertEquals(due, [], `${ms} ms`);
    goOn(9.1);
    assertEquals(due, [7], `${ms} ms`);
    goOn(100);
    assertEquals(due, [7]);
  }
});

Deno.test("those that are due at about the same time have one timer, which goes with the last of them", () => {
  const { deadlines, due, timers, goOn } = byHand();
  const slots = Array.from({ length: 1000 }, (_, number) => deadlines.add(number, 5000));
  assertEquals(timers.size, 1);
  for (const [number, slot] of slots.entries()) if (number !== 3) deadlines.drop(number, slot);
  assertEquals(timers.size, 1);
  goOn(6000);
  assertEquals([due, timers.size], [[3], 0]);
  deadlines.drop(4, deadlines.add(4, 10));
  assertEquals(timers.size, 0, "nothing keeps a program that has nothing to wait for");
  goOn(100);
  assertEquals(due, [3]);
});

Deno.test("one that is dropped when another is told is not told", () => {
  const slots = new Map<number, number>();
  const { deadlines, due, goOn } = byHand((number) => {
    if (number === 1) deadlines.drop(2, slots.get(2)!);
  });
  for (const number of [1, 2, 3]) slots.set(number, deadlines.add(number, 10));
  goOn(20);
  assertEquals(due, [1, 3]);
  deadlines.drop(1, slots.get(1)!);
  deadlines.add(4, 10);
  goOn(20);
  assertEquals(due, [1, 3, 4]);
});

Deno.test("the longest time there may be is no shorter", () => {
  const { deadlines, timers } = byHand();
  deadlines.add(1, TIMER_MOST_MS);
  const [ms] = timers.values();
  assert(ms !== undefined && ms <= TIMER_MOST_MS && ms > TIMER_MOST_MS - 1, `${ms}`);
});

Deno.test("what is due within eight milliseconds is due together, at their end", async () => {
  const clock = new HandedClock(); // it is 1000, a multiple of 8
  const told: string[] = [];
  const deadlines = new Deadlines(clock, (number) => told.push(`${number} at ${clock.now()}`));
  for (const ms of [0, 1, 8, 9, 16, 17]) deadlines.add(ms, ms);
  assertEquals(clock.set, [0, 8, 16, 24]);
  await clock.pass(100);
  assertEquals(told, ["0 at 1000", "1 at 1008", "8 at 1008", "9 at 1016", "16 at 1016", "17 at 1024"]);
});

Deno.test("a time that was used up, or that all were dropped of, is used again", async () => {
  const clock = new HandedClock();
  const told: number[] = [];
  const deadlines = new Deadlines(clock, (number) => told.push(number));
  deadlines.add(1, 8);
  await clock.pass(8);
  deadlines.add(2, 0);
  await clock.pass(0);
  assertEquals(told, [1, 2]);
  deadlines.drop(3, deadlines.add(3, 16));
  deadlines.add(4, 16);
  assertEquals(clock.set, [16]);
  await clock.pass(16);
  assertEquals([told, clock.set], [[1, 2, 4], []]);
});
