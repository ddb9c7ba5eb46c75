import { assertEquals } from "@std/assert";
import { examplesOf } from "./examples.ts";

Deno.test("the examples of a document are one program on their lines, other languages are left out", () => {
  const text = "# A\n\n```ts\nconst a = 1;\n```\n\n```sh\nls\n```\n\n```ts\nconsole.log(a); // 1\n```\n";
  assertEquals(examplesOf({ path: "docs/a.md", text }), [{
    where: "docs/a.md",
    code: "export {};\n\n\nconst a = 1;\n\n\n\n\n\n\n\nconsole.log(a); // 1\n\n",
    fragment: false,
    prints: ["1"],
  }]);
});

Deno.test("examples of doc comments are found, a fragment stands by itself", () => {
  const text =
    "/**\n * ```ts\n * one();\n *\n * ```\n */\nclass A {\n  /**\n   * ```ts fragment\n   * two();\n   * ```\n   */\n}\n";
  const [program, fragment, ...more] = examplesOf({ path: "lib/a.ts", text });
  assertEquals(program?.code.split("\n").slice(0, 4), ["export {};", "", "one();", ""]);
  assertEquals(fragment?.where, "lib/a.ts:9");
  assertEquals(fragment?.code.split("\n")[9], "two();");
  assertEquals([program?.fragment, fragment?.fragment, more], [false, true, []]);
});

Deno.test("a file without examples has none", () => {
  assertEquals(examplesOf({ path: "docs/a.md", text: "```\nts\n```\n\n    const a = 1;\n" }), []);
});
