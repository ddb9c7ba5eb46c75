import { assertEquals, assertThrows } from "@std/assert";
import { checkExecutable } from "../../../lib/cli/process/executable.ts";
import { UsageError } from "../../../lib/errors.ts";

Deno.test("a command that can be run passes, by its name and by its path", () => {
  for (const command of ["sh", "/bin/sh", Deno.execPath()]) checkExecutable(command);
});

Deno.test("a command that cannot be run is one line that says why", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script`, "");
    const cases: [string, string][] = [
      ["", "the command behind -- is empty"],
      ["no-such-command", 'cannot run "no-such-command": no folder of PATH has a command of that name'],
      [`${folder}/none`, `cannot run "${folder}/none": no such file or directory`],
      [`${folder}/script/x`, `cannot run "${folder}/script/x": no such file or directory`],
      [`${folder}/script`, `cannot run "${folder}/script": it is not executable (chmod +x)`],
      [`${folder}/`, `cannot run "${folder}/": it is a directory`],
    ];
    for (const [command, message] of cases) {
      assertEquals(assertThrows(() => checkExecutable(command), UsageError).message, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
