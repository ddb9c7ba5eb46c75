import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { isPattern, matches, parsePattern, parseTopic } from "../../lib/topics/topic.ts";

function problem(parsed: ReturnType<typeof parseTopic>): string {
  assert("problem" in parsed, `accepted ${JSON.stringify(parsed)}`);
  return parsed.problem;
}

Deno.test("a topic reads the same with and without its # (T2)", () => {
  assertEquals(parseTopic("hello"), { name: "#hello" });
  assertEquals(parseTopic("#hello"), { name: "#hello" });
  assertEquals(parsePattern("orders.*.new"), { name: "#orders.*.new" });
  assertEquals(parsePattern("#>"), { name: "#>" });
});

Deno.test("a lone # is an error and never everything (T2)", () => {
  assertStringIncludes(problem(parseTopic("#")), '"#" alone');
  assertStringIncludes(problem(parsePattern("#")), '"#>" for all');
  assertStringIncludes(problem(parsePattern("")), "missing");
});

Deno.test("names that could deceive or break a line are refused (T1)", () => {
  const bad = [
    "a b",
    "a\tb",
    "a\nb",
    "a\0b",
    "\x1b[2J",
    "a\x7f",
    "a\u0085",
    "a\u2028b",
    "a\u202eb",
    "a\u200bb",
    "\ufeffa",
  ];
  for (const text of [...bad, "\ud800"]) {
    assertStringIncludes(
      problem(parseTopic(text)),
      "white space, control or invisible",
      JSON.stringify(text),
    );
    assertStringIncludes(problem(parsePattern(text)), "white space, control or invisible");
  }
});

Deno.test("empty segments are refused (T1)", () => {
  for (const text of [".", "a.", ".a", "a..b", "#.a", "#a..b"]) {
    assertStringIncludes(problem(parseTopic(text)), "empty segment", text);
    assertStringIncludes(problem(parsePattern(text)), "empty segment", text);
  }
});

Deno.test("a topic to publish to has no wildcards, a pattern only whole ones, > last (T3)", () => {
  for (const text of ["*", "a.*", "a*", ">", "a.>"]) {
    assertStringIncludes(problem(parseTopic(text)), "no wildcards");
  }
  for (const text of ["sen*", "*a", "a.b>", ">>", "**"]) {
    assertStringIncludes(problem(parsePattern(text)), "a segment of its own", text);
  }
  assertStringIncludes(problem(parsePattern("a.>.b")), "comes last");
  assert(isPattern("#a.*") && isPattern("#>") && !isPattern("#a"));
});

Deno.test("the limit counts bytes with the # (T1)", () => {
  assertEquals(parseTopic("#" + "a".repeat(254)), { name: "#" + "a".repeat(254) });
  assertStringIncludes(problem(parseTopic("#" + "a".repeat(255))), "at most 255 bytes, this one has 256");
  assertEquals(parseTopic("é".repeat(127)), { name: "#" + "é".repeat(127) });
  assertStringIncludes(problem(parseTopic("é".repeat(128))), "has 257");
});

Deno.test("a problem shows what cannot be seen", () => {
  assertStringIncludes(problem(parseTopic("a\x1b[31m")), String.raw`"a\x1b[31m"`);
});

Deno.test("matches is the meaning of the wildcards (T3)", () => {
  const yes = [["#a", "#a"], ["#a.*", "#a.b"], ["#*.b", "#a.b"], ["#a.>", "#a.b"], ["#a.>", "#a.b.c"], [
    "#>",
    "#a",
  ]];
  const no = [["#a", "#b"], ["#a.*", "#a"], ["#a.*", "#a.b.c"], ["#a.>", "#a"], ["#*", "#a.b"], [
    "#a.b",
    "#a",
  ]];
  for (const [pattern, topic] of yes) assert(matches(pattern!, topic!), `${pattern} takes in ${topic}`);
  for (const [pattern, topic] of no) assert(!matches(pattern!, topic!), `${pattern} leaves out ${topic}`);
});
