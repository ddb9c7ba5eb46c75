import { assertEquals } from "@std/assert";
import { MatchingNames, matchingOne } from "../../../lib/store/log/matching.ts";

Deno.test("what a pattern takes in is found by its id and behind any, and more of it as it comes", () => {
  const names = ["", "#a", "#b.x", "#a.x", "#b.y"];
  const matching = new MatchingNames("#b.*", names);
  const found = (): unknown[] => [matching.size, ...[-1, 1, 2, 4, 9].map((at) => [...matching.after(at)])];
  const [x, y, z] = [[2, "#b.x"], [4, "#b.y"], [6, "#b.z"]];
  assertEquals(found(), [2, [x, y], [x, y], [y], [], []]);
  assertEquals([0, 1, 2, 3, 4, 5].map((id) => matching.get(id)), [
    undefined,
    undefined,
    "#b.x",
    undefined,
    "#b.y",
    undefined,
  ]);
  names.push("#c", "#b.z");
  matching.extend();
  matching.extend();
  assertEquals(found(), [3, [x, y, z], [x, y, z], [y, z], [z], []]);
});

Deno.test("more than ten thousand are found as fewer are, though no list is kept of them", () => {
  for (const count of [10_000, 10_001]) {
    const names = [""];
    for (let at = 0; at < count; at++) names.push(`#none.${at}`, `#t.${at}`);
    const matching = new MatchingNames("#t.*", names);
    const ids = [...matching.after(0)].map(([id]) => id);
    assertEquals([matching.size, ids.length, ids[0], ids.at(-1)], [count, count, 2, 2 * count]);
    assertEquals([...matching.after(2 * count - 2)], [[2 * count, `#t.${count - 1}`]]);
    assertEquals([...matching.after(2 * count)], []);
    names.push("#none", "#t.more");
    assertEquals([...matching.after(2 * count)], [], "what it has not been told of is not there");
    matching.extend();
    assertEquals([matching.size, ...matching.after(2 * count)], [count + 1, [2 * count + 2, "#t.more"]]);
  }
});

Deno.test("a topic that is named is one, or none where it is not there", () => {
  const one = matchingOne({ id: 3, name: "#a" });
  assertEquals([one.size, one.get(3), one.get(2)], [1, "#a", undefined]);
  assertEquals([...one.after(2), ...one.after(3)], [[3, "#a"]]);
  const none = matchingOne(undefined);
  assertEquals([none.size, none.get(3), ...none.after(0)], [0, undefined]);
});
