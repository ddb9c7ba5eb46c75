import { assertEquals, assertMatch } from "@std/assert";
import { Piece } from "../../../lib/engine/durable/piece.ts";
import { TopicLimit } from "../../../lib/engine/durable/topic_limit.ts";
import { Routing } from "../../../lib/engine/routing.ts";
import type { StoreState } from "../../../lib/store/types.ts";
import { runOf } from "../case_parts.ts";

/** Of so many topics there may be, so many are stored. */
function limit(most: number, topics: number): { readonly limit: TopicLimit; readonly routing: Routing } {
  const routing = new Routing({ seed: 7, isDurable: () => true });
  const state = { topics } as StoreState;
  return { limit: new TopicLimit({ store: { state }, routing, most }), routing };
}

Deno.test("a place is reserved as long as there is one, and one less may begin until it is given back (D10)", () => {
  const { limit: topics } = limit(10, 8);
  assertEquals(topics.most, 10);
  const first = topics.reserve("#a");
  assertEquals([first === undefined, topics.most], [false, 9]);
  const second = topics.reserve("#b");
  assertEquals([second === undefined, topics.most], [false, 8]);
  assertEquals([topics.reserve("#c"), topics.most], [undefined, 8], "as many as there may be");
  first!();
  assertEquals([topics.reserve("#c") === undefined, topics.most], [false, 8]);
});

Deno.test("a topic that is stored needs no place, and giving it back gives none (D10)", () => {
  const { limit: topics, routing } = limit(10, 10);
  routing.routeOf("#a");
  routing.routeOf("#a").begun = true;
  const release = topics.reserve("#a");
  assertEquals([release === undefined, topics.most], [false, 10]);
  release!();
  assertEquals(topics.most, 10);
});

Deno.test("who may begin no topic is told whose limit that is", () => {
  const { limit: topics } = limit(10, 10);
  const reason = (mayBegin?: "never"): string => {
    const part = runOf({ topic: "#a", topicBytes: 2 }, ["x"]);
    const acknowledgement = { acknowledge: () => {}, refuse: () => {} };
    return topics.reasonOf(new Piece({ part, acknowledgement, mayBegin }));
  };
  assertMatch(
    reason("never"),
    /^#a is not stored yet, and your account may begin no more topics .*max-new-topics/,
  );
  assertMatch(reason(), /^there are 10 topics already, .*\(--max-topics\)/);
});
