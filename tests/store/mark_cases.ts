/**
 * How far groups have come, as every store keeps it.
 *
 * @module
 */
import { assertEquals, fail } from "@std/assert";
import type { TopicMark } from "../../lib/store/types.ts";
import { type Asking, run, since } from "./asking.ts";
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

  test("groups are listed with what they have not settled, however many there are", async (store) => {
    const [stored] = await store.commit(run("#a", "1", "2", "3"), run("#b", "1"));
    await store.commit(run("#a", "4"));
    await store.mark([
      { ...G, sequence: 0, after: 0, topics: [topic("#a", "2-3")] },
      { name: "h", pattern: "#>", sequence: 0, after: 1, topics: [] },
      { name: "i", pattern: "#a", sequence: 3, after: 0, topics: [] },
      { name: "done", pattern: "#>", sequence: 0, after: 3, topics: [] },
      { name: "none", pattern: "#c.*", sequence: 0, after: 0, topics: [] },
      ...Array.from(
        { length: 250 },
        (_, at) => ({ name: `x${at}`, pattern: "#b", sequence: 0, after: 3, topics: [] }),
      ),
    ]);
    const listed = new Map(
      (await store.groups()).map(({ oldest, ...rest }) => [rest.name, { ...rest, oldest }]),
    );
    assertEquals([listed.size, await store.groupCount()], [255, 255]);
    const lags = ["g", "h", "i", "done", "none", "x249"].map((name) => [name, listed.get(name)?.lag]);
    assertEquals(lags, [["g", 2], ["h", 2], ["i", 2], ["done", 0], ["none", 0], ["x249", 0]]);
    assertEquals([listed.get("g")?.oldest, listed.get("done")?.oldest], [stored!.time, undefined]);
  });

  test("a group that is forgotten is not there, and one that begins anew knows nothing of before", async (store) => {
    await store.mark([{ ...G, sequence: 2, after: 1, topics: [topic("#a", "3-7", "8=2")] }]);
    await store.mark([{ name: "h", pattern: "#a", sequence: 0, after: 1, topics: [] }]);
    assertEquals(await store.groupCount(), 2);
    await store.forget(G);
    assertEquals(await store.groupCount(), 1);
    assertEquals([await store.group("g", "#a"), (await store.groups()).map(({ name }) => name)], [undefined, [
      "h",
    ]]);
    await store.mark([{ ...G, sequence: 0, after: 0, topics: [] }]);
    assertEquals(await store.group("g", "#a"), { sequence: 0, after: 0, topics: [] });
  });

  test(
    "retention leaves what a group has not settled, and other topics do not wait for it",
    async (store) => {
      await store.mark([{ ...G, sequence: 0, after: 0, topics: [topic("#a", "1-2")] }]);
      await store.commit(run("#a", "1", "2"));
      await store.commit(run("#a", "3"), run("#b", "1"));
      await store.commit(run("#a", "4"), run("#b", "2"));
      await untilTrimmed(store, "#b");
      const { messages } = await store.replay("#a", since(3));
      assertEquals(messages.map(({ sequence }) => sequence), [3, 4]);
    },
    { age: 1 },
  );

  test("retention that ignores groups deletes what they have not settled", async (store) => {
    await store.mark([{ ...G, sequence: 0, after: 0, topics: [] }]);
    await store.commit(run("#a", "1", "2"));
    await untilTrimmed(store, "#a");
  }, { age: 1, groups: "ignore" });
}

/** Until retention has gone up to the third message of a topic: time passes, and something is stored. */
async function untilTrimmed(store: Asking, topic: string): Promise<void> {
  for (let times = 0; times < 1000; times++) {
    await new Promise((resolve) => setTimeout(resolve, 3));
    await store.commit(run("#c", "x"));
    if ((await store.seek(topic, since(1))).trimmedTo === 3) return;
  }
  fail(`what is too old of ${topic} was not deleted`);
}
