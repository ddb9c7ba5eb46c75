import { assert, assertEquals } from "@std/assert";
import { equivalents } from "./mutation/equivalent.ts";
import { durations, mostWithChange } from "./mutation/judge.ts";
import { distances, modulesOf } from "./mutation/modules.ts";
import { mutantsOf, mutated } from "./mutation/mutants.ts";
import { Workshop } from "./mutation/workshop.ts";

const SOURCE = `
import { one } from "./one.ts";
type Never = 1;
interface Never2 {
  size: number;
  more?<T>(of: T): void;
}
export async function f(a: number, b: number): Promise<number> {
  if (a < b && b > 1) return 2;
  await one(a);
  let sum = a + b;
  sum -= 3;
  return sum;
}
`;

Deno.test("each kind of change is made where it can be, and nothing but it is changed", () => {
  const kinds = mutantsOf(SOURCE).map(({ kind, line }) => `${line} ${kind}`).sort();
  assertEquals(kinds, [
    "10 a statement removed",
    "10 an await removed",
    "11 a sum turned",
    "12 a constant moved",
    "12 a statement removed",
    "12 a sum turned",
    "9 && and || swapped",
    "9 a comparison flipped",
    "9 a comparison flipped",
    "9 a constant moved",
    "9 a constant moved",
    "9 a guard removed",
  ]);
  for (const mutant of mutantsOf(SOURCE)) {
    const text = mutated(SOURCE, mutant);
    const { start, end, replacement } = mutant;
    assertEquals(text.length, SOURCE.length - (end - start) + replacement.length);
    assertEquals(text.slice(0, start), SOURCE.slice(0, start));
  }
});

Deno.test("what no test can notice is said of lines that there are", async () => {
  const root = new URL("../", import.meta.url).pathname;
  const { all, stale } = await equivalents({ read: (path) => Deno.readTextFile(`${root}${path}`) });
  assert(all.length > 0);
  assertEquals(stale, []);
});

Deno.test("what a test loads is what it imports, and what that runs in threads", async () => {
  using workshop = await Workshop.make();
  const test = "tests/store/sqlite/store_test.ts";
  const far = distances(test, await modulesOf([test], workshop));
  for (
    const path of [
      "lib/store/sqlite/threads/worker.ts",
      "lib/store/sqlite/writer/writer.ts",
    ]
  ) {
    assert(far.has(path), path);
  }
  assert(!far.has("lib/http/mod.ts"));
});

Deno.test("how long tests take is read of several files and of one, and those that failed took nothing", () => {
  const several = [
    "./tests/a_test.ts => one ... ok (5ms)",
    "./tests/b_test.ts => two ... ok (1s)",
    "./tests/a_test.ts => three ... FAILED (7s)",
    "./tests/a_test.ts => four ... ok (2ms)",
    "",
  ].join("\n");
  const files = ["tests/a_test.ts", "tests/b_test.ts"];
  assertEquals([...durations(several, files)], [["tests/a_test.ts", 7], ["tests/b_test.ts", 1000]]);
  const one = "running 2 tests from ./tests/c_test.ts\none ... ok (5ms)\ntwo ... ok (500µs)\n";
  assertEquals([...durations(one, ["tests/c_test.ts"])], [["tests/c_test.ts", 5.5]]);
});

Deno.test("with a change tests may take ten times as long and a minute, and ten minutes at most", () => {
  const took = new Map([["a", 1000], ["b", 2000], ["long", 100_000]]);
  assertEquals(mostWithChange(["a", "b"], took), 60_000 + 30_000);
  assertEquals(mostWithChange(["a", "unknown"], took), 60_000 + 13_000);
  assertEquals(mostWithChange(["a", "long"], took), 600_000);
});
