import { assert, assertEquals, assertThrows } from "@std/assert";
import { circlesOf, importsOf, tableOf, wrongImports } from "./imports.ts";
import { PROGRAMS, sources } from "./sources.ts";

Deno.test("no files import one another in a circle, types included", async () => {
  assertEquals(circlesOf(await sources()).map((circle) => circle.join(" → ")), []);
});

Deno.test("no folders of the command lines import one another in a circle", async () => {
  const folderOf = (path: string): string | undefined => /^lib\/cli\/[^/]+(?=\/)/.exec(path)?.[0];
  const imports = importsOf(await sources()).map(({ from, to }) => [folderOf(from), folderOf(to)] as const)
    .filter(([from, to]) => from !== undefined && to !== undefined && from !== to);
  const folders = Map.groupBy(imports, ([from]) => from!);
  assert(folders.size > 5, `${[...folders.keys()]}`);
  const asFiles = [...folders].map(([path, found]) => ({
    path,
    text: found.map(([, to]) => `import "./${to!.split("/").at(-1)}";`).join("\n"),
  }));
  assertEquals(circlesOf(asFiles), []);
});

Deno.test("a circle is found and told file by file, also through types and other folders", () => {
  const tree = [
    { path: "lib/a/one.ts", text: 'import type { Two } from "./two.ts";\nimport { x } from "../b/x.ts";' },
    { path: "lib/a/two.ts", text: 'export {\n  three,\n} from "./three.ts";' },
    { path: "lib/a/three.ts", text: 'import * as one from "./one.ts";' },
    { path: "lib/b/x.ts", text: 'import "./y.ts";\nimport { a } from "./outside.ts";' },
    { path: "lib/b/y.ts", text: 'const x = await import("./x.ts");' },
    { path: "lib/b/z.ts", text: 'import x, { type Y } from "./x.ts";' },
  ];
  assertEquals(circlesOf(tree), [
    ["lib/a/one.ts", "lib/a/two.ts", "lib/a/three.ts", "lib/a/one.ts"],
    ["lib/b/x.ts", "lib/b/y.ts", "lib/b/x.ts"],
  ]);
  assertEquals(circlesOf(tree.filter(({ path }) => !/three|y/.test(path))), []);
  assertEquals(circlesOf([{ path: "lib/self.ts", text: 'import { self } from "./self.ts";' }]), [
    ["lib/self.ts", "lib/self.ts"],
  ]);
});

Deno.test("an import against the table is found, and a file that stands where nobody knows it", () => {
  const may = {
    "lib/store": ["lib/wire"],
    "lib/wire": [],
    "broker.ts": ["lib/store/types.ts"],
    "lib/std": [],
  };
  const wrong = (path: string, text: string): string[] => wrongImports([{ path, text }], may);
  assertEquals(wrong("lib/store/a.ts", 'import { b } from "./b.ts";\nimport { c } from "../wire/c.ts";'), []);
  assertEquals(wrong("lib/store/a.ts", 'import { quote } from "../text.ts";'), []);
  assertEquals(wrong("lib/wire/c.ts", 'import type { A } from "../store/a.ts";'), [
    "lib/wire/c.ts imports lib/store/a.ts",
  ]);
  assertEquals(wrong("lib/wire/c.ts", 'import { assert } from "@std/assert";'), [
    "lib/wire/c.ts imports lib/std/@std/assert",
  ]);
  assertEquals(wrong("lib/text.ts", 'export { c } from "./wire/c.ts";'), [
    "lib/text.ts imports lib/wire/c.ts",
  ]);
  assertEquals(wrong("broker.ts", 'import { t } from "./lib/store/types.ts";'), []);
  assertEquals(wrong("broker.ts", 'import { a } from "./lib/store/a.ts";'), [
    "broker.ts imports lib/store/a.ts",
  ]);
  assertEquals(wrong("lib/odd/a.ts", ""), ["lib/odd/a.ts stands in no folder that may import anything"]);
});

Deno.test("the imports of a source are found however they are written, and comments are none", async () => {
  const text = [
    ' *     import { no } from "./comment.ts";',
    'import { type A, b } from "./one.ts";',
    'export * from "./two.ts";',
    'export * as three from "./three.ts";',
    'type Four = import("./four.ts").Four;',
    'import node from "node:fs";',
  ].join("\n");
  assertEquals(importsOf([{ path: "lib/a/a.ts", text }]).map(({ to }) => to), [
    "lib/a/one.ts",
    "lib/a/two.ts",
    "lib/a/three.ts",
    "lib/a/four.ts",
  ]);
  const all = await sources();
  const found = importsOf(all).map(({ from, to }) => `${from} ${to}`);
  // every line that ends in a specifier of ours is one, whatever stands before it
  const lines = all.flatMap(({ path, text }) =>
    [...text.matchAll(/^(?! \*).* from "(\.[^"]+)";$/gm)].map((match) =>
      `${path} ${new URL(match[1]!, `file:///${path}`).pathname.slice(1)}`
    )
  );
  assert(lines.length > 300, `${lines.length} imports`);
  assertEquals(lines.filter((line) => !found.includes(line)), []);
});

Deno.test("the table of imports in a document is read, and one that differs is not taken for it", () => {
  const head = "| who | may import, beside itself and the ground floor |\n| --- | --- |\n";
  const read = (...rows: readonly string[]): unknown =>
    tableOf(`Words.\n\n${head}${rows.join("\n")}\n\nMore.`, PROGRAMS);
  assertEquals(
    read(
      "| ground floor, wire, topics | nothing |",
      "| engine | topics, `store/types.ts` |",
      "| `broker.ts` | cli |",
    ),
    {
      "lib/wire": [],
      "lib/topics": [],
      "lib/engine": ["lib/topics", "lib/store/types.ts"],
      "broker.ts": ["lib/cli"],
    },
  );
  assertEquals(read("| ground floor | wire |"), { "lib/ground floor": ["lib/wire"] });
  assertThrows(() => read("| wire | nothing |", "| wire | topics |"), Error, "wire has two rows");
  assertThrows(() => tableOf("no table", PROGRAMS), Error, "has no table");
});
