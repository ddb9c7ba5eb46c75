/**
 * Disks that are small, and disks that fail.
 *
 * @module
 */
import { assert } from "@std/assert";

/** Mounts a file system of so many MiB at a new path; says why that is not possible here, or undefined. */
export async function smallDisk(path: string, mebibytes = 4): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "needs Linux";
  Deno.mkdirSync(path);
  const args = ["-t", "tmpfs", "-o", `size=${mebibytes}m,mode=0700`, "tmpfs", path];
  const { success, stderr } = await new Deno.Command("mount", { args }).output();
  return success ? undefined : `a file system cannot be mounted: ${new TextDecoder().decode(stderr).trim()}`;
}

/** Takes it away again. */
export async function unmount(path: string): Promise<void> {
  const { success } = await new Deno.Command("umount", { args: [path] }).output();
  assert(success, "the small disk can be taken away");
}

/** Why there are no small disks here, or undefined. */
export async function diskProblem(): Promise<string | undefined> {
  const trial = Deno.makeTempDirSync({ prefix: "hashbus-mount-" });
  try {
    const problem = await smallDisk(`${trial}/disk`);
    if (problem === undefined) await unmount(`${trial}/disk`);
    return problem;
  } finally {
    Deno.removeSync(trial, { recursive: true });
  }
}

/** Which call fails, or hangs, from which time on, and on what file. */
export interface Failing {
  readonly path: string;
  readonly call: "fsync" | "fdatasync" | "pwrite64" | "pread64";
  /** The first that does. */
  readonly from: number;
}

/**
 * The command that runs another under strace, which makes calls on one file fail with EIO; signals reach the
 * command itself.
 */
export function failing(command: readonly string[], { path, call, from }: Failing): string[] {
  return injected(command, { path, call, what: `error=EIO:when=${from}+` });
}

/** The same, but the calls do not return: the disk hangs. */
export function hanging(command: readonly string[], { path, call, from }: Failing): string[] {
  return injected(command, { path, call, what: `delay_enter=${HANGS_US}:when=${from}+` });
}

/** Microseconds: longer than any test. */
const HANGS_US = 600_000_000;

function injected(
  command: readonly string[],
  { path, call, what }: { readonly path: string; readonly call: string; readonly what: string },
): string[] {
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:${what}`];
  return ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-P", path, ...inject, ...command];
}
