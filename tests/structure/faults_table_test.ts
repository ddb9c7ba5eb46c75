import { assert, assertEquals } from "@std/assert";
import { faultProblems, faultsOf } from "./faults_table.ts";
import { document, sources } from "./sources.ts";

Deno.test("every fault of the network and of what peers send is shown by tests that name it, or waived", async () => {
  const faults = faultsOf(await document("docs/faults.md"));
  const wanted = Array.from({ length: 53 - 21 + 1 }, (_, at) => 21 + at);
  assertEquals(wanted.filter((number) => !faults.some((fault) => fault.number === number)), []);
  const tests = (await sources(["tests"])).filter(({ path }) =>
    path.endsWith("_test.ts") && !path.startsWith("tests/structure")
  );
  assert(tests.length > 100, "the tests were found");
  assertEquals(faultProblems(faults, tests), []);
});

Deno.test("a row without a test, one that is no longer there, and a fault that is none are found", () => {
  const row = (number: number, shown: string): string => `| **F${number}** | what | then | ${shown} |`;
  const problems = (shown: string, text: string): string[] =>
    faultProblems(faultsOf(`# Faults\n\n${row(21, shown)}\n`), [{ path: "tests/a_test.ts", text }]);
  const named = 'Deno.test("gone, and nothing says so (F20 to F21)"';
  assertEquals(problems("tests/a_test.ts", named.replace("F20 to ", "")), []);
  assertEquals(problems("waived: no network", ""), []);
  assertEquals(problems("", ""), ["F21 is shown by tests or waived, one of the two"]);
  assertEquals(problems("waived: ", ""), ["F21 is shown by tests or waived, one of the two"]);
  assertEquals(problems("tests/a_test.ts", ""), ["F21: no test of tests/a_test.ts has it in its name"]);
  assertEquals(problems("tests/b_test.ts", ""), ["F21: no test of tests/b_test.ts has it in its name"]);
  assertEquals(problems("tests/a_test.ts", named), ["tests/a_test.ts: there is no F20"]);
});
