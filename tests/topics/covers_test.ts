import { assertEquals } from "@std/assert";
import { covers, intersection } from "../../lib/topics/covers.ts";
import { matches, parsePattern } from "../../lib/topics/topic.ts";

/** All names of one to `depth` of these segments. */
function names(segments: readonly string[], depth: number): string[] {
  let longest = [""];
  const all: string[] = [];
  for (let length = 1; length <= depth; length++) {
    longest = longest.flatMap((start) => segments.map((next) => start === "" ? next : `${start}.${next}`));
    all.push(...longest);
  }
  return all.map((name) => `#${name}`);
}

/** `c` stands for every segment that no pattern names, and the fourth for all that are deeper. */
const TOPICS = names(["a", "b", "c"], 4);
const PATTERNS = names(["a", "b", "*", ">"], 3).filter((name) => "name" in parsePattern(name));

Deno.test("a pattern covers another just where it takes in every topic of it", () => {
  for (const one of PATTERNS) {
    for (const other of PATTERNS) {
      const all = TOPICS.every((topic) => !matches(other, topic) || matches(one, topic));
      assertEquals(covers(one, other), all, `${one} and ${other}`);
    }
  }
});

Deno.test("what two patterns have in common is one pattern, or nothing", () => {
  for (const one of PATTERNS) {
    for (const other of PATTERNS) {
      const both = intersection(one, other);
      for (const topic of TOPICS) {
        const expected = matches(one, topic) && matches(other, topic);
        assertEquals(both !== undefined && matches(both, topic), expected, `${one}, ${other}: ${topic}`);
      }
      if (both !== undefined) assertEquals("name" in parsePattern(both), true, both);
    }
  }
});
