import { assertEquals, assertMatch } from "@std/assert";
import { helpOf } from "../../scripts/flags.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Those that would go on for long. */
const TASKS = [
  "tests/faults/main.ts",
  "tests/faults/torture/main.ts",
  "tests/simulation/main.ts",
  "tests/simulation/planted_main.ts",
  "tests/mutation/main.ts",
  "scripts/demo.ts",
  "scripts/compile.ts",
  "bench/main.ts",
];

async function ended(script: string, flag: string): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `${ROOT}${script}`, flag],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("each task says with --help what it is for, and does nothing", async () => {
  await Promise.all(TASKS.map(async (script) => {
    const { code, out } = await ended(script, "--help");
    assertEquals(code, 0, script);
    assertMatch(out, /^(deno task \w+|Usage:|bench)/i, script);
  }));
});

Deno.test("a task does not begin with an option that it does not know", async () => {
  const { code, out, err } = await ended("tests/simulation/planted_main.ts", "--olny=x");
  assertEquals([code, out], [2, ""]);
  assertEquals(err, 'planted: there is no option "--olny=x"; see --help\n');
});

Deno.test("the help of a task is what its source says of itself", () => {
  assertEquals(
    helpOf("/**\n * `deno task x [--a N]`: does\n *  this.\n *\n * More.\n *\n * @module\n */\ncode"),
    "deno task x [--a N]: does\n this.\n\nMore.",
  );
});
