import { assert, assertEquals, assertLess, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Program, type ProgramOptions } from "../../scripts/program.ts";

/** A shell that runs a script. */
function shell(script: string, options: ProgramOptions = {}): Program {
  return Program.start(["sh", "-c", script], options);
}

async function runs(pid: number): Promise<boolean> {
  try {
    // a zombie has ended
    return !/^State:\s+Z/m.test(await Deno.readTextFile(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("Program waits for text that is not a whole line, and for lines that are", async () => {
  await using program = shell(
    "printf 'name? '; read name; printf 'port 90'; read rest; echo 90; echo no >&2",
    {
      stdin: "open",
    },
  );
  await program.see(/name\? $/);
  await program.write("me\n");
  await program.see(/port 90$/);
  const whole = program.line(/port (\d+)$/);
  await program.write("\n");
  assertEquals((await whole)[1], "9090");
  await program.see(/^no\n$/, { on: "stderr" });
  await program.line(/^no$/);
  assertEquals((await program.ended).code, 0);
  assertEquals([program.stdout, program.stderr], ["name? port 9090\n", "no\n"]);
});

Deno.test("Program hands over each line as it comes, without its line end, the last without one too", async () => {
  const lines: string[] = [];
  const onLine = (line: string, source: string): void => void lines.push(`${source}: ${line}`);
  await using program = shell(
    "printf 'one\\r\\n\\ntwo'; printf 'ü' | cut -b 1 | tr -d '\\n'; printf '\\274'",
    { onLine },
  );
  await program.ended;
  assertEquals(lines, ["stdout: one", "stdout: ", "stdout: twoü"]);
  assertEquals(program.lines, ["one", "", "twoü"]);
});

Deno.test("Program gives all of its stdin, and passes over one who does not read it", async () => {
  await using cat = shell("cat", { stdin: "all of it" });
  await cat.succeeded();
  assertEquals(cat.stdout, "all of it");
  await using deaf = shell("exit 0", { stdin: "x".repeat(1_000_000) });
  await deaf.succeeded();
});

Deno.test("Program that ends too early, is late or fails is reported with its last words", async () => {
  await using early = shell("echo one; echo 'error: no luck' >&2; echo at deeper; exit 3", { name: "it" });
  const words = 'its last words: "error: no luck"';
  await assertRejects(
    () => early.line(/two/),
    Error,
    `it ended with 3 before it printed line /two/, ${words}`,
  );
  await assertRejects(
    () => early.see(/two/),
    Error,
    `it ended with 3 before it printed /two/ on stdout, ${words}`,
  );
  const failed = await assertRejects(() => early.succeeded(), Error, `it ended with 3, ${words}`);
  assertMatch(String(failed.cause), /^stdout: one\nat deeper\n\nstderr: error: no luck\n$/);
  await using late = shell("exec sleep 100");
  await assertRejects(
    () => late.see(/x/, { timeout: 10 }),
    Error,
    "sh did not print /x/ on stdout in 10 ms without a word",
  );
  await late.stop("SIGKILL");
  assertThrows(() => Program.start(["/nowhere/at/all"]), Deno.errors.NotFound);
});

Deno.test("Program that does not end when it is asked to is killed, and what it leaves is taken away", async () => {
  let taken = 0;
  const after = (): Promise<void> => Promise.resolve(void taken++);
  const stubborn = shell("trap '' TERM; echo deaf; while :; do sleep 0.05; done", { graceMs: 50, after });
  await stubborn.line(/deaf/);
  const start = performance.now();
  const status = await stubborn.stop();
  assertEquals([status.signal, taken], ["SIGKILL", 1]);
  assertLess(performance.now() - start, 5000);
  stubborn.kill("SIGTERM");
  assertEquals(await stubborn.stop(), status);
});

Deno.test({
  name: "Program ends with who started it and did not end it, also when that one fails",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const module = new URL("../../scripts/program.ts", import.meta.url).href;
    for (const end of ["Deno.exit(3)", "throw new Error('broken')"]) {
      const script = `import { Program } from "${module}";
        const child = Program.start(["sleep", "100"]);
        console.log("child " + child.pid);
        ${end};`;
      const config = new URL("../../deno.json", import.meta.url).pathname;
      await using careless = Program.start(
        [Deno.execPath(), "run", "-A", "--quiet", "--config", config, "-"],
        {
          stdin: script,
        },
      );
      const { success } = await careless.ended;
      assert(!success);
      const pid = Number(/child (\d+)/.exec(careless.stdout)?.[1]);
      assert(pid > 0, careless.stderr);
      for (let tries = 0; await runs(pid); tries++) {
        assertLess(tries, 100, `${pid} still runs after ${end}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  },
});
