/**
 * Whether a command can be run, before it has to be.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { mayRead, mayRun, variable } from "./environment.ts";
import { whyNot } from "./files.ts";

/** Any of the three bits that let somebody run a file. */
const MAY_BE_RUN = 0o111;

/**
 * Throws UsageError where nothing can be run by this word: as a path, or by its name from a folder of PATH.
 * What may not be looked at (PATH itself, or on Windows, where names have endings that stand in a variable)
 * passes: it is told when it is run.
 */
export function checkExecutable(command: string): void {
  if (command === "") throw new UsageError("the command behind -- is empty");
  if (!mayRun(command)) {
    throw new UsageError(
      `cannot run ${quote(command, 200)}: this program was not given the permission (run it with -A)`,
    );
  }
  if (Deno.build.os === "windows") return;
  if (command.includes("/")) {
    const problem = problemOf(command);
    if (problem !== undefined) throw new UsageError(`cannot run ${quote(command, 200)}: ${problem}`);
    return;
  }
  const path = variable("PATH");
  if (path === undefined) return;
  let found: string | undefined;
  for (const folder of path.split(":")) {
    const file = `${folder === "" ? "." : folder}/${command}`;
    if (!mayRead(file)) return;
    const problem = problemOf(file);
    if (problem === undefined) return;
    if (problem !== MISSING) found ??= `${file}: ${problem}`;
  }
  throw new UsageError(
    `cannot run ${quote(command, 200)}: ${found ?? "no folder of PATH has a command of that name"}`,
  );
}

const MISSING = "no such file or directory";

/** Why a file cannot be run; undefined: it can, as far as one sees. */
function problemOf(file: string): string | undefined {
  try {
    const { isDirectory, mode } = Deno.statSync(file);
    if (isDirectory) return "it is a directory";
    return ((mode ?? MAY_BE_RUN) & MAY_BE_RUN) === 0 ? "it is not executable (chmod +x)" : undefined;
  } catch (error) {
    // a name on the way that is no folder is as good as none
    return error instanceof Deno.errors.NotADirectory ? MISSING : whyNot(error);
  }
}
