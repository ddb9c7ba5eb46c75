import { assertEquals } from "@std/assert";
import { inOrder } from "../../../lib/http/page/table.js";

Deno.test("rows stay in the order that they had; new ones come behind them, and what is gone leaves no gap", () => {
  const keyOf = (row: string): string => row;
  assertEquals(inOrder(["c", "x", "a", "y"], { keyOf, order: ["a", "b", "c"] }), ["a", "c", "x", "y"]);
  assertEquals(inOrder(["b", "a"], { keyOf, order: [] }), ["b", "a"]);
});
