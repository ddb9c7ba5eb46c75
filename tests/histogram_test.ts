import { assertEquals } from "@std/assert";
import { Histogram, quantile, TIME_BOUNDS } from "../lib/histogram.ts";

Deno.test("times are counted by the first bound they do not exceed, and added up", () => {
  const histogram = new Histogram([1, 10]);
  for (const ms of [0, 1, 1.5, 10, 11, 1000]) histogram.took(ms);
  assertEquals(histogram.state, { bounds: [1, 10], counts: [2, 2, 2], sum: 1023.5 });
});

Deno.test("a quantile lies between the bounds that it falls between, and at the last one beyond it", () => {
  const histogram = new Histogram([1, 10, 100]);
  assertEquals(quantile(histogram.state, 0.5), undefined);
  for (let at = 0; at < 10; at++) histogram.took(5);
  assertEquals([quantile(histogram.state, 0.5), quantile(histogram.state, 1)], [5.5, 10]);
  for (let at = 0; at < 90; at++) histogram.took(5_000);
  assertEquals([quantile(histogram.state, 0.1), quantile(histogram.state, 0.5)], [10, 100]);
});

Deno.test("a quantile is as far between two bounds as what is between them has to be counted for it", () => {
  const state = { bounds: [1, 11, 21], counts: [10, 10, 0, 0], sum: 0 };
  assertEquals([0.5, 0.6, 0.75, 1].map((part) => quantile(state, part)), [1, 3, 6, 11]);
  assertEquals([0, 0.25].map((part) => quantile(state, part)), [0, 0.5], "the first begins at nothing");
  const one = { bounds: [1, 11, 21], counts: [0, 1, 0, 0], sum: 0 };
  assertEquals([0, 0.5, 1].map((part) => quantile(one, part)), [1, 6, 11], "what is empty is passed over");
});

Deno.test("where nobody says otherwise times are told apart by three bounds a decade, from 0.1 ms to 10 s", () => {
  const decades = [0.1, 1, 10, 100, 1000];
  assertEquals([...TIME_BOUNDS], [...decades.flatMap((from) => [from, 2.5 * from, 5 * from]), 10_000]);
  assertEquals(new Histogram().state.bounds, TIME_BOUNDS);
});
