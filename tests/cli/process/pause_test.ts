/** Waiting that is called off, and waiting that is told of. */
import { assertEquals, assertRejects } from "@std/assert";
import { tellWhenLate } from "../../../lib/cli/process/late.ts";
import { pause } from "../../../lib/cli/process/pause.ts";
import { TIMER_MOST_MS } from "../../../lib/limits.ts";
import { FakeTime } from "../fake_time.ts";
import { standIn } from "../stand_in.ts";

/** All that follows without anything being waited for. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 9; turn++) await Promise.resolve();
}

/** What a promise has given so far. */
function watch<T>(promise: Promise<T>): T[] {
  const given: T[] = [];
  void promise.then((value) => given.push(value));
  return given;
}

Deno.test("a pause is over when its time is, and not before", async () => {
  for (const ms of [1, 20]) {
    using time = new FakeTime();
    const given = watch(pause(ms, new AbortController().signal));
    time.pass(ms - 1);
    await turns();
    assertEquals(given, []);
    time.pass(1);
    await turns();
    assertEquals(given, [true]);
  }
});

Deno.test("a pause of nothing is over at once", async () => {
  using _time = new FakeTime();
  const given = watch(pause(0, new AbortController().signal));
  await turns();
  assertEquals(given, [true]);
});

Deno.test("a pause ends as soon as it is called off, and does not begin where it was", async () => {
  using time = new FakeTime();
  const off = new AbortController();
  const given = watch(pause(1000, off.signal));
  await turns();
  assertEquals(time.timers, [1000]);
  off.abort();
  await turns();
  assertEquals([given, time.timers], [[false], []], "nothing goes off for it any more");
  const late = watch(pause(1000, off.signal));
  await turns();
  assertEquals([late, time.timers], [[false], []]);
});

Deno.test("a pause that is longer than a timer can be is made of several", async () => {
  using time = new FakeTime();
  const given = watch(pause(2 * TIMER_MOST_MS + 5, new AbortController().signal));
  const set: number[] = [];
  for (let times = 0; times < 3; times++) {
    await turns();
    const [next = 0] = time.timers;
    set.push(next);
    assertEquals(given, []);
    time.pass(next);
  }
  await turns();
  assertEquals([set, given], [[TIMER_MOST_MS, TIMER_MOST_MS, 5], [true]]);
});

Deno.test("a signal that many pauses were made with is listened to by none that is over", async () => {
  const { signal } = new AbortController();
  let listening = 0;
  using _add = standIn(signal, "addEventListener", () => void listening++);
  using _remove = standIn(signal, "removeEventListener", () => void listening--);
  for (let times = 0; times < 3; times++) {
    using time = new FakeTime();
    const over = pause(5, signal);
    assertEquals(listening, 1);
    time.pass(5);
    await over;
    assertEquals(listening, 0);
  }
});

Deno.test("who waits is told when it takes long, and then once", async () => {
  using time = new FakeTime();
  const { promise, resolve } = Promise.withResolvers<string>();
  let told = 0;
  const waiting = tellWhenLate(promise, { after: 300, tell: () => told++ });
  time.pass(299);
  await turns();
  assertEquals(told, 0);
  time.pass(1);
  await turns();
  assertEquals(told, 1);
  time.pass(1000);
  resolve("here");
  assertEquals([await waiting, told], ["here", 1]);
});

Deno.test("who gets it in time, or hears why not, is told nothing afterwards", async () => {
  using time = new FakeTime();
  let told = 0;
  const tell = (): void => void told++;
  assertEquals(await tellWhenLate(Promise.resolve(7), { after: 300, tell }), 7);
  await assertRejects(
    () => tellWhenLate(Promise.reject(new TypeError("no")), { after: 300, tell }),
    TypeError,
  );
  time.pass(1000);
  assertEquals([told, time.timers], [0, []]);
});
