import { assertEquals } from "@std/assert";
import { overlap } from "../../lib/topics/overlap.ts";
import { matches } from "../../lib/topics/topic.ts";

/** All names of up to three segments out of these. */
function names(segments: readonly string[]): string[] {
  const all = segments.map((one) => `#${one}`);
  for (let from = 0; all.length < segments.length + segments.length ** 2 + segments.length ** 3; from++) {
    for (const next of segments) all.push(`${all[from]}.${next}`);
  }
  return all;
}

Deno.test("two patterns overlap just where there is a topic that both take in", () => {
  const topics = names(["a", "b", "c"]).flatMap((name) => [name, `${name}.c`]);
  const patterns = [...names(["a", "b", "*"]), "#>", "#a.>", "#*.>", "#a.b.>", "#*.b.>", "#b.*.>"];
  for (const one of patterns) {
    for (const other of patterns) {
      const common = topics.some((topic) => matches(one, topic) && matches(other, topic));
      assertEquals(overlap(one, other), common, `${one} and ${other}`);
    }
  }
});
