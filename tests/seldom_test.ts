import { assertEquals } from "@std/assert";
import { Seldom } from "../lib/seldom.ts";

Deno.test("the first is told at once, and of those that follow how many they were", () => {
  const told: Array<[number, number]> = [];
  const seldom = new Seldom(1000);
  for (let now = 0; now <= 2000; now += 10) seldom.happened(now, (times) => told.push([now, times]));
  assertEquals(told, [[0, 1], [1000, 100], [2000, 100]]);
});
