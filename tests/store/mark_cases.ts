/**
 * How far groups have come, as every store keeps it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { TopicMark } from "../../lib/store/types.ts";
import { run } from "./asking.ts";
import type { RegisterCase } from "./last_cases.ts";

const G = { name: "g", pattern: "#a" };

function topic(name: string, settled: string, attempts = ""): TopicMark {
  return { topic: name, settled, attempts };
}

/** Registers them for a kind of store. */
export function markCases(test: RegisterCase): void {
  test("a group is a name and a pattern, and is not there before it was stored", async (store) => {
    await store.commit(run("#a", "1"));
    assertEquals(await store.group("g", "#a"), undefined);
    await store.mark([{ ...G, sequence: 0, after: 1, topics: [] }, {
      name: "g",
      pattern: "#>",
      sequence: 0,
      after: 0,
      topics: [],
    }]);
    assertEquals(await store.group("g", "#a"), { sequence: 0, after: 1, topics: [] });
    assertEquals(await store.group("g", "#>"), { sequence: 0, after: 0, topics: [] });
    assertEquals(await store.group("h", "#a"), undefined);
  });

  test("what is said of a group last counts, and of topics that are left out what was said before", async (store) => {
    await store.mark([{
      ...G,
      sequence: 0,
      after: 1,
      topics: [topic("#a", "3-7", "8=2"), topic("#b", "1")],
    }]);
    await store.mark([{ ...G, sequence: 0, after: 2, topics: [topic("#a", "3-7 9")] }]);
    assertEquals(await store.group("g", "#a"), {
      sequence: 0,
      after: 2,
      topics: [topic("#a", "3-7 9"), topic("#b", "1")],
    });
    await store.mark([{ ...G, sequence: 0, after: 5, topics: [topic("#a", ""), topic("#b", "", "2=3")] }]);
    assertEquals(await store.group("g", "#a"), { sequence: 0, after: 5, topics: [topic("#b", "", "2=3")] });
  });

  test("a commit stores messages and how far groups have come together, and either without the other", async (store) => {
    await store.mark([{ ...G, sequence: 0, after: 3, topics: [] }], run("#a", "1", "2"));
    assertEquals(store.store.state.last, 1);
    await store.mark([{ ...G, sequence: 0, after: 4, topics: [] }]);
    assertEquals([await store.group("g", "#a"), store.store.state.last], [{
      sequence: 0,
      after: 4,
      topics: [],
    }, 1]);
    const [stored] = await store.commit(run("#a", "3"));
    assertEquals([stored?.first, stored?.batch], [3, 2], "numbers go on as if there were no groups");
  });
}
