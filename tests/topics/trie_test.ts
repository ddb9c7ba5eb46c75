import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { matches } from "../../lib/topics/topic.ts";
import { Trie } from "../../lib/topics/trie.ts";

function found(trie: Trie<string>, topic: string): string[] {
  const into = new Set<string>();
  trie.match(topic, into);
  return [...into].sort();
}

Deno.test("a value is found once, however many of its patterns take the topic in (C5)", () => {
  const trie = new Trie<string>();
  for (const pattern of ["#a.b", "#a.*", "#*.b", "#a.>", "#>"]) assert(trie.add(pattern, "s1"));
  assertEquals(found(trie, "#a.b"), ["s1"]);
  assertEquals(trie.size, 5);
});

Deno.test("adding twice and removing what is not there change nothing and say so", () => {
  const trie = new Trie<string>();
  assert(trie.add("#a.>", "s1"));
  assert(!trie.add("#a.>", "s1"));
  assert(!trie.remove("#a.>", "s2"));
  assert(!trie.remove("#a", "s1"));
  assertEquals(trie.size, 1);
  assert(trie.remove("#a.>", "s1"));
  assertEquals(trie.size, 0);
  assertEquals(found(trie, "#a.b"), []);
});

Deno.test("names of JavaScript's own are topics like any other", () => {
  const trie = new Trie<string>();
  trie.add("#__proto__", "s1");
  trie.add("#constructor.toString", "s2");
  assertEquals(found(trie, "#__proto__"), ["s1"]);
  assertEquals(found(trie, "#constructor"), []);
  assertEquals(found(trie, "#constructor.toString"), ["s2"]);
});

Deno.test("the trie finds what the plain definition finds, after any adding and removing", () => {
  const segment = fc.constantFrom("a", "b", "*", "c");
  const pattern = fc.tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean()).map((
    [segments, rest],
  ) => `#${[...segments, ...(rest ? [">"] : [])].join(".")}`);
  const step = fc.record({ add: fc.boolean(), pattern, value: fc.constantFrom("s1", "s2", "s3") });
  const topic = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 }).map((all) =>
    `#${all.join(".")}`
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(topic, { maxLength: 8 }), (steps, topics) => {
      const trie = new Trie<string>();
      const pairs = new Set<string>();
      for (const { add, pattern, value } of steps) {
        const pair = `${pattern} ${value}`;
        assertEquals(add ? trie.add(pattern, value) : trie.remove(pattern, value), add !== pairs.has(pair));
        if (add) pairs.add(pair);
        else pairs.delete(pair);
      }
      assertEquals(trie.size, pairs.size);
      for (const name of topics) {
        const expected = new Set<string>();
        for (const pair of pairs) {
          const [pattern, value] = pair.split(" ");
          if (matches(pattern!, name)) expected.add(value!);
        }
        assertEquals(found(trie, name), [...expected].sort());
      }
    }),
  );
});
