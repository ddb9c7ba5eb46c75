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

Deno.test("what is drawn as nothing, or as a blank, is no part of a name (T1)", () => {
  const drawnAsNothing = [
    0x34f, // combining grapheme joiner
    0x115f, // Hangul fillers
    0x1160,
    0x3164,
    0xffa0,
    0x17b4, // Khmer inherent vowels
    0x180b, // Mongolian variation selector
    0xfe0f, // variation selectors
    0xe0100,
    0xe0041, // a tag
    0x2065, // reserved for such
    0x2800, // blanks: Braille, hieroglyphs, musical notation, Khitan
    0x13441,
    0x13442,
    0x1d159,
    0x16fe4,
    0x3000,
    0xa0,
  ];
  for (const code of drawnAsNothing) {
    const text = `a${String.fromCodePoint(code)}b`;
    for (const parse of [parseTopic, parsePattern]) {
      assertStringIncludes(
        problem(parse(text)),
        `has U+${code.toString(16).toUpperCase().padStart(4, "0")}`,
        code.toString(16),
      );
    }
  }
  for (const text of ["größe", "温度", "क्षेत्र", "한국어", "🌡", "a\u0301"]) {
    assertEquals(parseTopic(text), { name: `#${text}` });
  }
});

Deno.test("a topic has 32 segments at most, and so has a pattern (T1)", () => {
  const name = (segments: number): string => Array(segments).fill("a").join(".");
  assertEquals(parseTopic(name(32)), { name: `#${name(32)}` });
  assertEquals(parsePattern(`${name(31)}.>`), { name: `#${name(31)}.>` });
  assertStringIncludes(problem(parseTopic(name(33))), "a topic has at most 32 segments, this one has 33");
  assertStringIncludes(problem(parsePattern(`${name(32)}.*`)), "a pattern has at most 32 segments");
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
