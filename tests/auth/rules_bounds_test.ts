import { assertEquals } from "@std/assert";
import { ReceivingRules, type RulePatterns, Rules } from "../../lib/auth/rules.ts";

/** Rules that count how often an answer was found out. */
class Counting extends Rules {
  found = 0;

  protected override decide(topic: string): boolean {
    this.found++;
    return super.decide(topic);
  }
}

function patterns(count: number, word: string): string[] {
  return Array.from({ length: count }, (_, at) => `#${word}${at}`);
}

Deno.test("of 1,024 topics the answers are remembered, and of as many before them until there are more", () => {
  const after = (topics: number): number => {
    const rules = new Counting({ allow: patterns(9, "a"), deny: [] });
    for (let at = 0; at < topics; at++) rules.may(`#t${at}`);
    rules.may("#t0");
    return rules.found - topics;
  };
  assertEquals([after(1024), after(2048), after(2049)], [0, 0, 1]);
});

Deno.test("eight patterns, of both kinds together, are looked through each time, and of nine it is remembered", () => {
  const found = (allowed: number, denied: number): number => {
    const rules = new Counting({ allow: patterns(allowed, "a"), deny: patterns(denied, "d") });
    for (let time = 0; time < 3; time++) rules.may("#x");
    return rules.found;
  };
  assertEquals([found(8, 0), found(4, 4), found(9, 0), found(4, 5), found(0, 9)], [3, 3, 1, 1, 1]);
});

Deno.test("some of a pattern is looked for among 4,096 topics, and the last of them counts", () => {
  // of each pattern with a > a topic of 2 to 32 segments is tried in vain, of each without one
  const some = (wide: number, single: number): boolean => {
    const deny = [...patterns(wide, "w").map((pattern) => `${pattern}.>`), ...patterns(single, "s")];
    return new ReceivingRules({ allow: [...deny, "#yes"], deny }).some("#>");
  };
  assertEquals([some(132, 3), some(132, 4)], [true, false]);
});

Deno.test("what died three times is found by who may have it, and what died more often is looked for by nobody (P6)", () => {
  const dead = (deaths: number, name: string): string => `#${"dead.g.".repeat(deaths)}${name}`;
  const some = (of: RulePatterns, pattern: string): boolean => new ReceivingRules(of).some(pattern);
  const x = { allow: ["#dead.>", "#x"], deny: [] };
  assertEquals([0, 1, 2, 3, 4].map((deaths) => some(x, dead(deaths, "x"))), [true, true, true, true, false]);
  assertEquals([0, 1, 2, 3, 4].map((deaths) => some(x, dead(deaths, "y"))), [
    false,
    false,
    false,
    false,
    false,
  ]);
  const every = { allow: ["#>"], deny: [] };
  assertEquals([3, 4, 5].map((deaths) => some(every, dead(deaths, "dead.>"))), [true, false, false]);
  assertEquals([2, 3, 4].map((deaths) => some(every, dead(deaths, "dead.h"))), [true, true, false]);
});
