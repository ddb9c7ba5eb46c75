import { assert, assertEquals, assertMatch } from "@std/assert";
import known from "./simulation/known.json" with { type: "json" };
import { PLANTED } from "./simulation/planted.ts";
import { edited } from "./simulation/planting.ts";
import { simulate } from "./simulation/run.ts";

Deno.test("seeds that have found something once find nothing any more", async () => {
  for (const { seed, found } of known) {
    const { findings } = await simulate(seed);
    assertEquals(findings, [], `seed ${seed}: ${found}`);
  }
});

Deno.test("what an event throws is a finding, and not the silent end of all seeds", async () => {
  let lines = 0;
  const say = (): void => {
    if (++lines === 50) throw new Error("not expected");
  };
  const { findings } = await simulate(1, { say });
  assertEquals(findings.length, 1);
  assertMatch(findings[0]!, /^thrown while \w+.*: Error: not expected\n/);
});

Deno.test("what honest clients see in fifty worlds is what was promised", async () => {
  for (let seed = 10_001; seed <= 10_050; seed++) {
    const { findings } = await simulate(seed);
    assertEquals(findings, [], `deno task sim --seed ${seed}`);
  }
});

Deno.test("a seed comes to the same in another process, and another seed to something else", async () => {
  const here: string[] = [];
  for (let seed = 1; seed <= 12; seed++) here.push(`${seed} ${(await simulate(seed)).hash}`);
  const script = new URL("./simulation/main.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, "--seeds", "1..12", "--hashes"],
  }).output();
  const there = new TextDecoder().decode(stdout).split("\n").slice(0, 12);
  assertEquals(there, here);
  assertEquals(new Set(here.map((line) => line.split(" ")[1])).size, 12);
});

Deno.test("each bug that is put in on purpose still has its place, once", async () => {
  for (const [name, edits] of PLANTED) {
    for (const edit of edits) {
      const text = await Deno.readTextFile(new URL(`../${edit.file}`, import.meta.url));
      assert(edited(text, edit) !== text, name);
    }
  }
});
