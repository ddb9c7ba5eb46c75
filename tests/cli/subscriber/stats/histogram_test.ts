import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Histogram } from "../../../../lib/cli/subscriber/stats/histogram.ts";

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

Deno.test("a share of the values is read back at most 1/32 too large, and never above the largest", () => {
  const value = fc.oneof(fc.nat(200), fc.nat(2 ** 31 - 1), fc.double({ min: 0, max: 2 ** 45, noNaN: true }));
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(fc.array(value, { minLength: 1 }), share, (values, share) => {
    const histogram = of(values);
    const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!;
    const read = histogram.quantile(share);
    assert(
      read >= Math.floor(exact) && read <= Math.max(exact * (1 + 1 / 32), exact),
      `${read} for ${exact}`,
    );
    assert(read <= histogram.max);
    assertEquals([histogram.max, histogram.count], [Math.max(...values), values.length]);
  }));
});

Deno.test("around every power of two a value has a bucket of its own kind", () => {
  for (let power = 1; power < 46; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1]) {
      const histogram = of([value, 2 ** 45 * 1.5]);
      const read = histogram.quantile(0.5);
      assert(read >= value && read <= value * (1 + 1 / 32), `${read} for ${value}`);
    }
  }
});

Deno.test("what is empty is 0, also after it was cleared, and what is beyond the last bucket is counted", () => {
  const histogram = of([5, 2 ** 60]);
  assertEquals([histogram.quantile(1), histogram.count], [2 ** 46 - 1, 2]);
  histogram.clear();
  assertEquals([histogram.quantile(0.5), histogram.max, histogram.count], [0, 0, 0]);
});

Deno.test("a value is read back as the largest of those that share its bucket", () => {
  const buckets: [value: number, most: number][] = [
    [0, 0],
    [1, 1],
    [63, 63],
    [64, 65],
    [65, 65],
    [66, 67],
    [126, 127],
    [127, 127],
    [128, 131],
    [131, 131],
    [132, 135],
    [252, 255],
    [255, 255],
    [256, 263],
    [1000, 1007],
    [2 ** 20, 2 ** 20 + 2 ** 15 - 1],
    [2 ** 20 - 1, 2 ** 20 - 1],
    [2 ** 45 + 2 ** 40, 2 ** 45 + 2 ** 41 - 1],
    [2 ** 46 - 1, 2 ** 46 - 1],
  ];
  for (const [value, most] of buckets) {
    const histogram = of([value, 2 ** 50]);
    assertEquals([histogram.quantile(0), histogram.quantile(0.5)], [most, most], `${value}`);
  }
});

Deno.test("a share of some values is the one that it ends with, and of those that are cleared there is none", () => {
  const histogram = of([1, 2, 3, 4]);
  assertEquals([0, 0.25, 0.26, 0.5, 0.75, 0.76, 1].map((share) => histogram.quantile(share)), [
    1,
    1,
    2,
    2,
    3,
    4,
    4,
  ]);
  histogram.clear();
  histogram.add(9);
  assertEquals([histogram.quantile(0), histogram.quantile(1), histogram.count, histogram.max], [9, 9, 1, 9]);
});
