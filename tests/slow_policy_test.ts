import { assertEquals } from "@std/assert";
import { keepsNewest, SLOW_POLICIES } from "../lib/slow_policy.ts";

Deno.test("of the policies two leave out what is old", () => {
  assertEquals([...SLOW_POLICIES], ["block", "disconnect", "drop-new", "drop-old", "latest"]);
  assertEquals(SLOW_POLICIES.filter(keepsNewest), ["drop-old", "latest"]);
});
