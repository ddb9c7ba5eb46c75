/**
 * On what was measured.
 *
 * @module
 */

/** What a reader needs to judge a figure. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly deno: string;
  /** The commit measured, `null` outside a clone; `+` behind it where the tree has changes. */
  readonly commit: string | null;
}

/** Asks the machine. */
export async function machine(folder: string): Promise<Machine> {
  return {
    processor: await processor(),
    cores: navigator.hardwareConcurrency,
    memoryBytes: Deno.systemMemoryInfo().total,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    commit: await commit(folder),
  };
}

async function processor(): Promise<string> {
  if (Deno.build.os !== "linux") return Deno.build.arch;
  const said = await Deno.readTextFile("/proc/cpuinfo");
  return /^model name\s*:\s*(.+)$/m.exec(said)?.[1] ?? Deno.build.arch;
}

async function commit(folder: string): Promise<string | null> {
  const head = await git(folder, ["rev-parse", "--short", "HEAD"]);
  if (head === null) return null;
  const changes = await git(folder, ["status", "--porcelain"]);
  return changes === "" ? head : `${head}+`;
}

async function git(folder: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: [...args],
      cwd: folder,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
