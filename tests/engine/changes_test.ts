import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Changes } from "../../lib/engine/changes.ts";
import { matches } from "../../lib/topics/topic.ts";

const word = fc.constantFrom("a", "b", "ab", "\u00e9");
const anyTopic = fc.array(word, { minLength: 1, maxLength: 5 }).map((all) => `#${all.join(".")}`);
const anyPattern = fc.tuple(
  fc.array(fc.oneof(word, fc.constant("*")), { minLength: 1, maxLength: 5 }),
  fc.boolean(),
).map(([all, rest]) => `#${[...all, ...(rest ? [">"] : [])].join(".")}`);

Deno.test("a change that takes a topic in always concerns it, one that does not only by chance", () => {
  fc.assert(
    fc.property(
      fc.array(anyPattern, { maxLength: 12 }),
      anyTopic,
      fc.nat(12),
      // how many more there are that have nothing to do with it
      fc.constantFrom(0, 4, 100, 2000),
      fc.integer(),
      (patterns, topic, at, others, seed) => {
        const changes = new Changes(seed);
        let asOf = 0;
        for (const [place, pattern] of patterns.entries()) {
          if (place === at) asOf = changes.state;
          changes.add(pattern);
        }
        const since = patterns.slice(asOf);
        for (let other = 0; other < others; other++) changes.add("#zz.other.*");
        const is = changes.concern({ topic, asOf }, 1_000_000);
        if (since.some((pattern) => matches(pattern, topic))) assert(is, "it is concerned");
        // all are remembered one by one
        else if (others < 1000) assert(!is, "it is not concerned");
        assert(changes.concern({ topic, asOf: -1 }, 1_000_000), "nothing is known of it");
        assert(!changes.concern({ topic, asOf: changes.state }, 0), "nothing has changed");
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("what has another beginning, second segment or name concerns nobody, however much it is", () => {
  const changes = new Changes(7);
  const topic = "#orders.eu.17";
  for (let at = 0; at < 5000; at++) {
    for (const pattern of ["#orders.us.*", "#client.*", "#*.us.*", "#orders.eu.18"]) changes.add(pattern);
  }
  assert(!changes.concern({ topic, asOf: 0 }, 1));
  for (const pattern of ["#orders.eu.17", "#orders.*", "#orders.eu.>", "#*.eu.17", "#*.*.18", "#>"]) {
    const asOf = changes.state;
    changes.add(pattern);
    for (let at = 0; at < 5000; at++) changes.add("#client.*");
    assert(changes.concern({ topic, asOf }, 1), pattern);
    assertEquals(changes.concern({ topic, asOf: asOf + 1 }, 1), false);
  }
});

Deno.test("no more changes are looked at than it is worth, nor more than are remembered", () => {
  const concerned = (count: number, looks: number): boolean => {
    const changes = new Changes(7);
    // it has no part that a topic must have, too
    for (let at = 0; at < count; at++) changes.add("#*.*.7");
    return changes.concern({ topic: "#a", asOf: 0 }, looks);
  };
  for (const [looks, most] of [[0, 32], [1, 40], [100, 832], [1000, 1024]] as const) {
    assertEquals([concerned(most, looks), concerned(most + 1, looks)], [false, true], `${looks}`);
  }
});

Deno.test("who comes and goes with topics of its own is no change of everything, whatever it is called", () => {
  const changes = new Changes(7);
  const topics = ["#orders.eu.17", "#prices.gold", "#chat", "#logs.web.7.errors"];
  const concernsAll = (asOf: number): boolean => topics.every((topic) => changes.concern({ topic, asOf }, 0));
  for (let client = 700; client < 850; client++) {
    const asOf = changes.state;
    // too many to be looked at one by one
    for (let at = 0; at < 33; at++) changes.add(`#client${client}.>`);
    assert(!concernsAll(asOf), `client${client}`);
  }
  const asOf = changes.state;
  for (let at = 0; at < 33; at++) changes.add("#>");
  assert(concernsAll(asOf));
});
