import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ReceivingRules, Rules } from "../../lib/auth/rules.ts";
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

const PATTERNS = names(["a", "b", "*", ">"], 3).filter((name) => "name" in parsePattern(name));
/** `c` stands for every segment that no pattern names, and the fourth for all that are deeper. */
const TOPICS = names(["a", "b", "c"], 4);

const LISTS = fc.record({
  allow: fc.array(fc.constantFrom(...PATTERNS), { maxLength: 4 }),
  deny: fc.array(fc.constantFrom(...PATTERNS), { maxLength: 4 }),
});

Deno.test("a topic is allowed where a pattern allows it and none denies it", () => {
  fc.assert(
    fc.property(LISTS, ({ allow, deny }) => {
      const rules = new Rules({ allow, deny });
      for (const topic of TOPICS) {
        const expected = allow.some((each) => matches(each, topic)) &&
          !deny.some((each) => matches(each, topic));
        assertEquals(rules.may(topic), expected, topic);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("some of a pattern is allowed just where a topic of it is, and all of it only where every one is", () => {
  fc.assert(
    fc.property(LISTS, fc.constantFrom(...PATTERNS), ({ allow, deny }, pattern) => {
      const rules = new ReceivingRules({ allow, deny });
      const those = TOPICS.filter((topic) => matches(pattern, topic));
      assertEquals(rules.some(pattern), those.some((topic) => rules.may(topic)), pattern);
      // what is deeper than the topics here, and whatever else is dead, is not among them
      if (rules.all(pattern)) assert(those.every((topic) => rules.may(topic)), pattern);
    }),
    { numRuns: 500 },
  );
});

Deno.test("all of a pattern is allowed where one pattern allows it and none denies any of it", () => {
  fc.assert(
    fc.property(LISTS, fc.constantFrom(...PATTERNS), ({ allow, deny }, pattern) => {
      const those = TOPICS.filter((topic) => matches(pattern, topic));
      const one = allow.some((wide) => those.every((topic) => matches(wide, topic)));
      const denied = deny.some((each) => those.some((topic) => matches(each, topic)));
      assertEquals(new Rules({ allow, deny }).all(pattern), one && !denied, pattern);
    }),
    { numRuns: 500 },
  );
});

const DEAD_PATTERNS = [
  "#>",
  "#a",
  "#a.>",
  "#*",
  "#*.*",
  "#dead.>",
  "#dead.*",
  "#dead.g",
  "#dead.g.>",
  "#dead.*.a",
  "#dead.*.a.>",
  "#dead.g.dead.h.a",
  "#dead.g.dead.>",
];
const DEAD_TOPICS = ["a", "c", "a.c", "c.c", "g", "h"].flatMap((name) => [
  `#${name}`,
  ...["g", "c"].flatMap((group) => [
    `#dead.${group}`,
    `#dead.${group}.${name}`,
    `#dead.${group}.dead.h.${name}`,
    `#dead.${group}.dead.h`,
  ]),
]);

/** As it is told to people. */
function mayHave(topic: string, lists: { allow: readonly string[]; deny: readonly string[] }): boolean {
  const { allow, deny } = lists;
  if (!allow.some((each) => matches(each, topic)) || deny.some((each) => matches(each, topic))) return false;
  const [first, group, ...rest] = topic.slice(1).split(".");
  if (first !== "dead" || group === undefined) return true;
  if (rest.length > 0) return mayHave(`#${rest.join(".")}`, lists);
  return allow.includes("#>") && deny.length === 0;
}

const DEAD_LISTS = fc.record({
  allow: fc.array(fc.constantFrom(...DEAD_PATTERNS), { maxLength: 4 }),
  deny: fc.array(fc.constantFrom(...DEAD_PATTERNS), { maxLength: 2 }),
});

Deno.test("a dead letter is for who may have both it and what it was (P6)", () => {
  fc.assert(
    fc.property(DEAD_LISTS, fc.constantFrom(...DEAD_PATTERNS), (lists, pattern) => {
      const rules = new ReceivingRules(lists);
      for (const topic of DEAD_TOPICS) assertEquals(rules.may(topic), mayHave(topic, lists), topic);
      const those = DEAD_TOPICS.filter((topic) => matches(pattern, topic));
      if (those.some((topic) => rules.may(topic))) assert(rules.some(pattern), pattern);
      if (rules.all(pattern)) assert(those.every((topic) => rules.may(topic)), pattern);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("who may have what is alive and not what is dead shares neither", () => {
  const orders = new ReceivingRules({ allow: ["#orders.>"], deny: [] });
  assertEquals([orders.all("#orders.>"), orders.may("#dead.g.orders.eu")], [true, false]);
  const dead = new ReceivingRules({ allow: ["#dead.>"], deny: [] });
  assertEquals([dead.may("#dead.g.orders"), dead.some("#dead.>"), dead.all("#dead.>")], [
    false,
    false,
    false,
  ]);
  const both = new ReceivingRules({ allow: ["#dead.g.>", "#orders.>"], deny: [] });
  assertEquals([both.may("#dead.g.orders.eu"), both.may("#dead.g.other")], [true, false]);
  assertEquals([both.all("#dead.g.orders.>"), both.all("#dead.g.>"), both.some("#dead.g.>")], [
    true,
    false,
    true,
  ]);
  const every = new ReceivingRules({ allow: ["#>"], deny: [] });
  assertEquals([every.all("#>"), every.all("#dead.>"), every.may("#dead.g")], [true, true, true]);
  const most = new ReceivingRules({ allow: ["#>"], deny: ["#secret"] });
  assertEquals([most.may("#dead.g"), most.may("#dead.g.secret"), most.all("#dead.>")], [false, false, false]);
});

Deno.test("what is asked of many patterns is remembered, and so much of it only", () => {
  const allow = Array.from({ length: 20 }, (_, at) => `#a${at}.>`);
  const rules = new Rules({ allow, deny: ["#a3.secret"] });
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 3000; at++) {
      assertEquals(rules.may(`#a${at % 40}.x${at}`), at % 40 < 20);
      assertEquals(rules.may("#a3.secret"), false);
    }
  }
});

Deno.test("an answer is found out once, where there are many patterns", () => {
  class Counting extends Rules {
    asked = 0;

    protected override decide(topic: string): boolean {
      this.asked++;
      return super.decide(topic);
    }
  }
  const many = new Counting({ allow: Array.from({ length: 9 }, (_, at) => `#a${at}`), deny: [] });
  const few = new Counting({ allow: ["#a0"], deny: [] });
  for (let round = 0; round < 3; round++) for (const rules of [many, few]) rules.may("#a0");
  assertEquals([many.asked, few.asked], [1, 3]);
  // one generation may be full of others
  for (let at = 0; at < 1500; at++) many.may(`#b${at}`);
  many.may("#a0");
  assertEquals(many.asked, 1501);
  for (let at = 0; at < 3000; at++) many.may(`#c${at}`);
  many.may("#a0");
  assertEquals(many.asked, 4502);
});

Deno.test("some of what follows is allowed at any depth there is", () => {
  const first = new ReceivingRules({ allow: ["#a.>"], deny: ["#a.*.>"] });
  assertEquals([first.some("#a.>"), first.some("#a.*"), first.some("#a.*.*")], [true, true, false]);
  const deep = new ReceivingRules({ allow: ["#a.>"], deny: ["#a.*", "#a.*.*"] });
  assertEquals([deep.some("#a.>"), deep.some("#a.*.*"), deep.some("#a.*.*.*")], [true, false, true]);
  const none = new ReceivingRules({ allow: ["#a.>"], deny: ["#a.*", "#a.*.>"] });
  assertEquals([none.some("#a.>"), none.some("#>")], [false, false]);
});

Deno.test("the dead letters of topics with too long names are found by who may have everything", () => {
  const every = new ReceivingRules({ allow: ["#>"], deny: [] });
  assertEquals([every.some("#dead.*"), every.some("#dead.g"), every.some("#dead.>")], [true, true, true]);
  const dead = new ReceivingRules({ allow: ["#>", "#dead.>"], deny: ["#a"] });
  assertEquals([dead.some("#dead.*"), dead.some("#dead.*.a"), dead.some("#dead.*.b")], [false, false, true]);
});

Deno.test("some of a pattern is looked for as far as one request may take, and beyond there is none", () => {
  // of each that is denied a topic of 2 to 32 segments is tried in vain
  const some = (denied: number): boolean => {
    const deny = Array.from({ length: denied }, (_, at) => `#${at}.>`);
    return new ReceivingRules({ allow: [...deny, "#yes"], deny }).some("#>");
  };
  assertEquals([some(0), some(Math.floor(4096 / 31)), some(Math.ceil(4096 / 31))], [true, true, false]);
});
