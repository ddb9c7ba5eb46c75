import { assertEquals, assertThrows } from "@std/assert";
import { OutputClosed } from "../../../lib/cli/output/output.ts";
import { complain, print, printLine, writeError } from "../../../lib/cli/output/stdio.ts";
import { RunError } from "../../../lib/errors.ts";
import { standIn, standInEnvironment, StandInStream } from "../stand_in.ts";

/** Every write to it fails like this. */
function failing(which: "stdout" | "stderr", error: Error): Disposable {
  const writeSync = (): never => {
    throw error;
  };
  return standIn(Deno, which, { writeSync, isTerminal: () => false } as unknown as typeof Deno.stdout);
}

Deno.test("what is wrong is a line for each of its own, which can be shown, red where colours are wanted", () => {
  const said = (terminal: boolean, variables: Readonly<Record<string, string>> = {}): string => {
    using _environment = standInEnvironment(variables);
    using stderr = new StandInStream("stderr", { terminal });
    complain("broker", "one\tx\x1b\ntwo");
    return stderr.text;
  };
  const plain = "broker: one\tx\\x1b\nbroker: two\n";
  assertEquals([said(false), said(true, { NO_COLOR: "1" }), said(false, { NO_COLOR: "1" })], [
    plain,
    plain,
    plain,
  ]);
  assertEquals(said(true), "\x1b[31mbroker: one\tx\\x1b\x1b[0m\n\x1b[31mbroker: two\x1b[0m\n");
});

Deno.test("who has closed stderr is told nothing, and nothing fails for that", () => {
  using _stderr = failing("stderr", new Deno.errors.BrokenPipe("closed"));
  writeError("x");
  complain("broker", "x");
});

Deno.test("a text for a reader that has gone away is told as that, and a line is left out", () => {
  {
    using _stdout = failing("stdout", new Deno.errors.BrokenPipe("closed"));
    assertThrows(() => print("x"), OutputClosed);
    printLine("x");
  }
  using _stdout = failing("stdout", new Error("No space left on device (os error 28)"));
  for (const say of [print, printLine]) {
    const error = assertThrows(() => say("x"), RunError);
    assertEquals(error.message, "cannot write to stdout: no space left on device");
  }
});

Deno.test("a text is printed as it is, a line with its end", () => {
  using stdout = new StandInStream("stdout");
  print("a");
  printLine("b");
  assertEquals(stdout.text, "ab\n");
});
