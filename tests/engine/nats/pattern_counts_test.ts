import { assertEquals } from "@std/assert";
import { PatternCounts } from "../../../lib/engine/nats/pattern_counts.ts";

Deno.test("the first who has a pattern is told of, and the last who had it, however often that is so", () => {
  const told: string[] = [];
  const counts = new PatternCounts((pattern, change) => void told.push(`${change} ${pattern}`));
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 3; at++) counts.add("#a");
    counts.add("#b");
    assertEquals([told.splice(0), counts.size], [["added #a", "added #b"], 2]);
    for (let at = 0; at < 2; at++) counts.remove("#a");
    assertEquals([told, counts.size], [[], 2]);
    counts.remove("#a");
    assertEquals([told.splice(0), counts.size], [["removed #a"], 1]);
    counts.remove("#b");
    assertEquals([told.splice(0), counts.size], [["removed #b"], 0]);
  }
});
