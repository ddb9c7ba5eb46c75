import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { matches } from "../../lib/topics/topic.ts";
import { PatternTable } from "../../lib/topics/pattern_table.ts";

function found(table: PatternTable<string>, topic: string): string[] {
  const into = new Set<string>();
  table.match(topic, into);
  return [...into].sort();
}

Deno.test("a value is found once, however many of its patterns take the topic in (C5)", () => {
  const table = new PatternTable<string>();
  for (const pattern of ["#a.b", "#a.*", "#*.b", "#a.>", "#>"]) assert(table.add(pattern, "s1"));
  assertEquals(found(table, "#a.b"), ["s1"]);
  assertEquals(table.size, 5);
});

Deno.test("adding twice and removing what is not there change nothing and say so", () => {
  const table = new PatternTable<string>();
  assert(table.add("#a.>", "s1"));
  assert(!table.add("#a.>", "s1"));
  assert(!table.remove("#a.>", "s2"));
  assert(!table.remove("#a", "s1"));
  assertEquals(table.size, 1);
  assert(table.remove("#a.>", "s1"));
  assertEquals(table.size, 0);
  assertEquals(found(table, "#a.b"), []);
});

Deno.test("names of JavaScript's own are topics like any other", () => {
  const table = new PatternTable<string>();
  table.add("#__proto__", "s1");
  table.add("#constructor.toString", "s2");
  assertEquals(found(table, "#__proto__"), ["s1"]);
  assertEquals(found(table, "#constructor"), []);
  assertEquals(found(table, "#constructor.toString"), ["s2"]);
});

/** What the wildcards mean (T3), as plainly as it can be said. */
function takesIn(pattern: string, topic: string): boolean {
  const wanted = pattern.slice(1).split(".");
  const given = topic.slice(1).split(".");
  for (const [at, segment] of wanted.entries()) {
    if (segment === ">") return given.length > at;
    if (at >= given.length) return false;
    if (segment !== "*" && segment !== given[at]) return false;
  }
  return wanted.length === given.length;
}

const segment = fc.constantFrom("a", "b", "*", "ab", "\u00e9");
const anyPattern = fc.tuple(fc.array(segment, { maxLength: 5 }), fc.boolean()).map((
  [segments, rest],
) => `#${[...segments, ...(rest || segments.length === 0 ? [">"] : [])].join(".")}`);
const anyTopic = fc.array(fc.constantFrom("a", "b", "ab", "c", "\u00e9"), { minLength: 1, maxLength: 7 }).map(
  (
    all,
  ) => `#${all.join(".")}`,
);

Deno.test("matches is what the plain definition says (T3)", () => {
  fc.assert(
    fc.property(anyPattern, anyTopic, (pattern, topic) => {
      assertEquals(matches(pattern, topic), takesIn(pattern, topic), `${pattern} ${topic}`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("the table finds what the plain definition finds, after any adding and removing", () => {
  const step = fc.record({
    add: fc.boolean(),
    pattern: anyPattern,
    value: fc.constantFrom("s1", "s2", "s3"),
  });
  const property = fc.property(
    fc.array(step, { maxLength: 60 }),
    fc.array(anyTopic, { maxLength: 8 }),
    fc.integer(),
    (steps, topics, seed) => {
      const table = new PatternTable<string>(seed);
      const pairs = new Set<string>();
      for (const { add, pattern, value } of steps) {
        const pair = `${pattern} ${value}`;
        assertEquals(add ? table.add(pattern, value) : table.remove(pattern, value), add !== pairs.has(pair));
        if (add) pairs.add(pair);
        else pairs.delete(pair);
      }
      assertEquals(table.size, pairs.size);
      for (const name of topics) {
        const expected = new Set<string>();
        for (const pair of pairs) {
          const [pattern, value] = pair.split(" ");
          if (takesIn(pattern!, name)) expected.add(value!);
        }
        assertEquals(found(table, name), [...expected].sort());
      }
      for (const pair of pairs) {
        const [pattern, value] = pair.split(" ");
        assert(table.remove(pattern!, value!));
      }
      assertEquals([table.size, table.kept], [0, 0]);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

Deno.test("patterns whose hashes are the same are told apart", () => {
  const table = new PatternTable<number>();
  // 30 bits of hash: among so many patterns some are the same, with this seed in four cases
  const most = 100_000;
  for (let at = 0; at < most; at++) table.add(`#n${at}`, at);
  for (let at = 0; at < most; at++) {
    const into = new Set<number>();
    table.match(`#n${at}`, into);
    assertEquals([...into], [at]);
  }
  for (let at = 0; at < most; at++) assert(table.remove(`#n${at}`, at));
  assertEquals(table.kept, 0);
});

Deno.test("a match looks once a shape, however many patterns there are", () => {
  const table = new PatternTable<number>();
  for (let at = 0; at < 10_000; at++) {
    table.add(`#user.${at}.*`, at);
    table.add(`#user.${at}.>`, at);
    table.add(`#*.${at}.x`, at);
    table.add(`#user.${at}.x`, at);
  }
  const into = new Set<number>();
  // itself, #user.n.*, #*.n.x and #user.n.>
  assertEquals(table.match("#user.77.x", into), 4);
  assertEquals([...into], [77]);
  // of topics with four segments there is but the last of them
  assertEquals(table.match("#user.77.x.y", into), 2);
});

Deno.test("patterns of a and * cost a match no more than their number, whatever they share", () => {
  const table = new PatternTable<number>();
  const most = 1000;
  for (let at = 0; at < most; at++) {
    const segments = Array.from({ length: 32 }, (_, place) => at >> place % 10 & 1 ? "*" : "a");
    for (let each = 0; each < 10; each++) table.add(`#${segments.join(".")}`, at * 10 + each);
  }
  const into = new Set<number>();
  const looks = table.match(`#${Array(32).fill("a").join(".")}`, into);
  assertEquals(into.size, 10 * most);
  assert(looks <= most + 1, `${looks} looks`);
  assert(table.match(`#${Array(31).fill("a").join(".")}`, into) === 1);
});

Deno.test("a match looks for nothing that cannot take the topic in by its length", () => {
  const table = new PatternTable<number>();
  const looks = (topic: string): number => table.match(topic, new Set());
  assertEquals(looks("#a.b"), 0, "where there is nothing");
  table.add("#a.b.>", 1);
  assertEquals([looks("#a.b"), looks("#a.b.c"), looks("#a")], [1, 2, 1]);
  table.add("#x.*.z", 1);
  assertEquals([looks("#a.b"), looks("#a.b.c"), looks("#a.b.c.d")], [1, 3, 2]);
});

Deno.test("it keeps an entry a pattern and one a kind of those with wildcards, and nothing of what is gone", () => {
  fc.assert(fc.property(fc.array(fc.tuple(anyPattern, fc.nat(2)), { maxLength: 30 }), (pairs) => {
    const table = new PatternTable<number>(7);
    for (const [pattern, value] of pairs) table.add(pattern, value);
    const patterns = new Set(pairs.map(([pattern]) => pattern));
    const kinds = new Set(
      [...patterns].filter((each) => /[*>]/.test(each)).map((each) => each.replace(/[^.*>]/g, "")),
    );
    assertEquals(table.kept, patterns.size + kinds.size);
    for (const [pattern, value] of pairs) table.remove(pattern, value);
    assertEquals([table.kept, table.match("#a", new Set())], [0, 0]);
  }));
});

Deno.test("a table has just the pairs that were added and not taken out", () => {
  const table = new PatternTable<number>();
  const has = (): boolean[] => [1, 2, 3].flatMap((value) => ["#a", "#b"].map((at) => table.has(at, value)));
  assertEquals(has(), [false, false, false, false, false, false]);
  table.add("#a", 1);
  assertEquals(has(), [true, false, false, false, false, false]);
  table.add("#a", 2);
  assertEquals(has(), [true, false, true, false, false, false]);
  table.remove("#a", 1);
  assertEquals(has(), [false, false, true, false, false, false]);
});
