import { assert, assertEquals } from "@std/assert";
import { citationsIn, rulesOf, uncited, unknownRules } from "./protocol_rules.ts";
import { document, PROGRAMS, sources } from "./sources.ts";

/** Rules that nothing in lib cites yet: to be emptied. */
const NOT_YET_CITED: readonly string[] = [
  "C1",
  "C3",
  "C6",
  "C7",
  "C8",
  "C10",
  "C11",
  "V3",
  "V10",
  "D2",
  "D7",
];

const rules = rulesOf(await document("docs/protocol.md"));

Deno.test("every rule of docs/protocol.md is cited where it is enforced", async () => {
  assert(rules.length > 30, "the rules were found");
  const citations = citationsIn(await sources(["lib", ...PROGRAMS]));
  assertEquals(uncited(rules, citations), NOT_YET_CITED);
  assertEquals(unknownRules(rules, citations), []);
});

Deno.test("every rule of docs/protocol.md is cited by a test that shows it", async () => {
  const tests = (await sources(["tests"])).filter(({ path }) => !path.startsWith("tests/structure"));
  const citations = citationsIn(tests);
  assertEquals(uncited(rules, citations), []);
  assertEquals(unknownRules(rules, citations), []);
});

const DOCUMENT =
  "# Rules\n\n- **T1** A topic.\n  C9 is no rule here, **C8** neither.\n- **C2** One reply.\n- **V10** A ttl.\n";

Deno.test("rules are what a list item begins with", () => {
  assertEquals(rulesOf(DOCUMENT), ["T1", "C2", "V10"]);
});

Deno.test("a rule that is cited nowhere is found, and a citation of a rule that there is not", () => {
  const cited = (text: string, path = "lib/a.ts"): ReturnType<typeof citationsIn> =>
    citationsIn([{ path, text }]);
  const known = rulesOf(DOCUMENT);
  assertEquals(uncited(known, cited("/** A topic (T1). */\nreply(); // one (C2, V10)")), []);
  assertEquals(uncited(known, cited("/**\n * A topic (T1).\n */")), ["C2", "V10"]);
  assertEquals(unknownRules(known, cited("// says no (V11)")), ["lib/a.ts: V11"]);
  assertEquals(cited("// all (C1 to C3 and V8)").map(({ rule }) => rule), ["C1", "C2", "C3", "V8"]);
});

Deno.test("what only looks like a rule is no citation", () => {
  const cited = (text: string, path = "lib/a.ts"): string[] =>
    citationsIn([{ path, text }]).map(({ rule }) => rule);
  for (
    const text of [
      "const control = (C1);",
      'say("no topic (T1)");',
      "const bytes = 0xC1; // 0xC1, U+00C1",
      "// control characters (C0, DEL, C1)",
      "// CVE-2024-C1 (CVE-C12), V8 is an engine, V8's heap",
      "const url = /(C5)/; const at = 5 // (see C5)",
    ]
  ) {
    assertEquals(cited(text), [], text);
  }
});

Deno.test("a test cites in its name, and not in the texts it works with", () => {
  const cited = (text: string): string[] =>
    citationsIn([{ path: "tests/a_test.ts", text }]).map(({ rule }) => rule);
  assertEquals(cited('Deno.test("one reply (C2)", () => {});'), ["C2"]);
  assertEquals(cited("Deno.test({\n  name: `a ttl ${of} (V10)`,\n});"), ["V10"]);
  assertEquals(cited('testWith([broker], {\n  name:\n    "a topic (T1)",\n});'), ["T1"]);
  assertEquals(cited('await t.step("a topic (T1)", () => {});'), ["T1"]);
  assertEquals(cited('assertEquals(await ask("pub #a (C2)"), "OK (C2)");'), []);
});
