/**
 * Debian's prometheus package, where it is installed.
 *
 * @module
 */

/** Whether a program of that package is there: `promtool`, `prometheus`. */
export async function has(program: "promtool" | "prometheus"): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
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
  const child = new Deno.Command("promtool", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { success, said: decoder.decode(stdout) + decoder.decode(stderr) };
}
