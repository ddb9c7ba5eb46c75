import { assertEquals } from "@std/assert";
import { History, Trails } from "../../../lib/http/page/history.js";

const bounds = { most: 4, pause: 5000 };

Deno.test("rates are what was counted between two asks", () => {
  const history = new History(2, bounds);
  history.add(1000, [10, 0]);
  history.add(3000, [30, 1]);
  history.add(3000, [99, 9]);
  history.add(4000, [30, 2]);
  assertEquals(history.times, [3000, 4000]);
  assertEquals(history.rates(0), [10, 0]);
  assertEquals(history.rates(1), [0.5, 1]);
});

Deno.test("a broker that began anew, a pause and a loss are gaps, not rates", () => {
  const history = new History(1, { ...bounds, most: 10 });
  history.add(1000, [10]);
  history.add(2000, [3]);
  history.add(9000, [7]);
  history.add(10_000, [8]);
  history.interrupt();
  history.add(12_000, [20]);
  history.add(13_000, [21]);
  assertEquals(history.rates(0), [null, null, 1, null, 1]);
  assertEquals(history.times, [2000, 9000, 10_000, 10_001, 13_000]);
});

Deno.test("a clock that was set back begins the history anew, and only the last points are kept", () => {
  const history = new History(1, bounds);
  for (let second = 1; second <= 9; second++) history.add(second * 1000, [second]);
  assertEquals(history.times, [6000, 7000, 8000, 9000]);
  history.add(5000, [20]);
  assertEquals(history.times, [5000]);
  assertEquals(history.rates(0), [null]);
});

Deno.test("what was counted in the last seconds is known as far as it was seen", () => {
  const history = new History(1, { ...bounds, most: 10 });
  assertEquals(history.grown(0, 60_000), 0);
  for (const [second, count] of [[1, 0], [2, 5], [3, 5], [4, 8]] as const) {
    history.add(second * 1000, [count]);
  }
  assertEquals(Math.round(history.grown(0, 1500)), 3);
  assertEquals(Math.round(history.grown(0, 60_000)), 8);
});

Deno.test("trails are kept of who is listed, and for a while of who is not", () => {
  const trails = new Trails();
  trails.add([{ name: "a", rate: 1 }, { name: "b", rate: 2 }]);
  trails.add([{ name: "a", rate: 3 }]);
  assertEquals([trails.of("a"), trails.of("b"), trails.of("c")], [[1, 3], [2], []]);
  for (let turn = 0; turn < 100; turn++) trails.add([{ name: "a", rate: turn }]);
  assertEquals([trails.of("a").length, trails.of("b")], [60, []]);
});
