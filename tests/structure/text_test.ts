import { assertEquals } from "@std/assert";
import { PROGRAMS, sources } from "./sources.ts";
import { besideThePort, keyedByPeers, longFiles, longLines, notOfTheCore, starters } from "./text.ts";

/** As `deno fmt` breaks code; comments and texts it leaves alone. */
const CHARACTERS_MOST = 110;
const STARTER = "scripts/program.ts";
/** Of the programs themselves: commands of their users. */
const STARTER_IN_LIB = "lib/cli/process/child.ts";
Deno.test(`no line is longer than ${CHARACTERS_MOST} characters, comments and texts included`, async () => {
  assertEquals(longLines(await sources(), CHARACTERS_MOST), []);
});

Deno.test("processes are started in one place, and a user's commands by the programs in another", async () => {
  assertEquals(starters(await sources(["bench", "scripts", "tests"]), STARTER), []);
  assertEquals(starters(await sources(["lib", ...PROGRAMS]), STARTER_IN_LIB), []);
});

function source(text: string): { path: string; text: string }[] {
  return [{ path: "lib/a.ts", text }];
}

Deno.test("a line that is too long is found wherever it stands, by its characters", () => {
  assertEquals(longLines(source(`// ${"ü".repeat(7)}\n"${"x".repeat(8)}"\n`), 10), []);
  assertEquals(longLines(source(`short\n// ${"x".repeat(8)}\n`), 10), ["lib/a.ts:2 has 11 characters"]);
});

Deno.test("a process that is started elsewhere is found", () => {
  const text = `const child = new Deno.Command("x").${"spawn"}();`;
  assertEquals(starters(source(text), STARTER), ["lib/a.ts"]);
  assertEquals(starters([{ path: STARTER, text }], STARTER), []);
  assertEquals(starters(source('await new Deno.Command("x").output();'), STARTER), []);
});

Deno.test("what the core may not do is found, and comments and texts are not it", () => {
  assertEquals(notOfTheCore(source('// Date\n/* await */ say("Promise");')), []);
  for (
    const code of ["Date.now()", "await x", "Deno.open()", "Math.random()", "setTimeout(f)", "new Promise(f)"]
  ) {
    assertEquals(notOfTheCore(source(`const x = ${code};`)).length, 1, code);
  }
});

Deno.test("a clock, chance or the network taken beside the port is found, a date of text is none", () => {
  assertEquals(besideThePort(source("const x = new Date(time); clock.after(5, f);")), []);
  for (
    const code of ["Date.now()", "performance.now()", "setTimeout(f)", "Math.random()", "Deno.connect(to)"]
  ) {
    assertEquals(besideThePort(source(`const x = ${code};`)).length, 1, code);
  }
});

Deno.test("an object whose keys peers could choose is found", () => {
  assertEquals(keyedByPeers(source("const a = Object.create(null);")), ["lib/a.ts"]);
  assertEquals(keyedByPeers(source("const a = {} as Record<string, number>;")), ["lib/a.ts"]);
  assertEquals(keyedByPeers(source("const a = new Map<string, number>();")), []);
});

Deno.test("a file that is too long is found", () => {
  assertEquals(longFiles(source("1\n2\n3"), 2), ["lib/a.ts"]);
  assertEquals(longFiles(source("1\n2"), 2), []);
});
