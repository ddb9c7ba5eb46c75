/**
 * The first command of the README.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { RunError } from "../../lib/errors.ts";
import { checkReceived } from "../../scripts/demo.ts";
import { Program } from "../../scripts/program.ts";

const DEMO = `${import.meta.dirname}/../../scripts/demo.ts`;

/** Set in the demo's environment, and so in that of all it starts, to find them by. */
const MARK = "HASHBUS_DEMO_TEST";

function command(...args: readonly string[]): string[] {
  return [Deno.execPath(), "run", "-A", "--quiet", DEMO, ...args];
}

function startDemo(args: readonly string[] = [], mark = ""): Program {
  return Program.start(command(...args), { name: "demo", env: { [MARK]: mark } });
}

/** How many processes run whose environment has the mark; Linux only. */
function countMarked(mark: string): number {
  let found = 0;
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const variables = Deno.readTextFileSync(`/proc/${name}/environ`).split("\0");
      if (variables.includes(`${MARK}=${mark}`)) found++;
    } catch {
      // it ended while we looked, or belongs to somebody else: none of ours that still runs
    }
  }
  return found;
}

Deno.test('The demo shows what each process prints behind its name and ends with 0 and "demo: 3 published, 3 received"', async () => {
  await using demo = startDemo();
  const { code } = await demo.ended;
  const text = demo.lines.join("\n");
  assertEquals(demo.lines.at(-1), "demo: 3 published, 3 received", text);
  assertEquals(code, 0);
  assertStringIncludes(text, "broker        | broker ready: subscribers 127.0.0.1:");
  assertStringIncludes(text, "subscriber s1 | #hello This is the first message");
  assertStringIncludes(text, "publisher p1  | publisher: 3 published");
  assert(!text.includes("\x1b"), `no colours in a pipe: ${text}`);
});

Deno.test("The demo of two publishers and one pattern delivers what both sent", async () => {
  await using demo = startDemo(["2"]);
  const { code } = await demo.ended;
  assertEquals(demo.lines.at(-1), "demo: 7 published, 7 received", demo.lines.join("\n"));
  assertEquals(code, 0);
});

Deno.test("The demo refuses a pair that there is not, with 2 and the ones there are", async () => {
  await using demo = startDemo(["9"]);
  assertEquals((await demo.ended).code, 2);
  assertEquals(demo.lines.length, 1);
  assertStringIncludes(demo.lines[0] ?? "", 'there is no pair "9": choose from 1 (');
});

Deno.test({
  name: "A demo that is interrupted ends with 1 and leaves no process behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const mark = crypto.randomUUID();
    await using demo = startDemo(["3"], mark);
    await demo.line(/^publisher p3 +\| publisher: connected to/);
    assertEquals(countMarked(mark), 4, "the demo, a broker, a subscriber and a publisher run");
    const { code } = await demo.stop("SIGINT");
    assertEquals(code, 1);
    assertEquals(demo.lines.at(-1), "demo: interrupted (SIGINT)");
    assertEquals(countMarked(mark), 0);
  },
});

Deno.test({
  name: "A demo that nobody reads any more ends with 1 and leaves no process behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const mark = crypto.randomUUID();
    const piped = '{ "$@"; echo "code $?" >&2; } | head -n 1';
    const child = Program.start(["sh", "-c", piped, "sh", ...command("3")], { env: { [MARK]: mark } });
    await child.ended;
    assertEquals(child.stderr, "demo: nobody reads what it prints\ncode 1\n");
    assertEquals(countMarked(mark), 0);
  },
});

Deno.test("The demo would notice a message that is lost, doubled, out of order or not asked for", () => {
  const expected = [["#a 1", "#a 2"], ["#b 1"]];
  checkReceived(["#a 1", "#b 1", "#a 2"], expected);
  assertThrows(() => checkReceived(["#a 1", "#b 1"], expected), RunError, '"#a 2" was published');
  assertThrows(() => checkReceived(["#a 1", "#a 2", "#a 2", "#b 1"], expected), RunError, '"#a 2" arrived');
  assertThrows(() => checkReceived(["#a 2", "#a 1", "#b 1"], expected), RunError, '"#a 2" was published');
  assertThrows(() => checkReceived(["#a 1", "#a 2", "#b 1", "#c 1"], expected), RunError, '"#c 1" arrived');
});
