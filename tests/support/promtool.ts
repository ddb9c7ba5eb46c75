/**
 * Debian's prometheus package, where it is installed.
 *
 * @module
 */
import { Program } from "../../scripts/program.ts";

/** Whether a program of that package is there. */
export async function has(program: "promtool" | "prometheus"): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What `promtool` says, and whether it found nothing wrong. */
export async function promtool(
  args: readonly string[],
  stdin = "",
): Promise<{ readonly success: boolean; readonly said: string }> {
  await using program = Program.start(["promtool", ...args], { name: "promtool", stdin });
  const { success } = await program.ended;
  return { success, said: program.lines.join("\n") };
}
