/**
 * A copy of the sources in which they are changed and tested.
 *
 * @module
 */

/** What became of a change. */
export type Verdict = "caught" | "hung" | "survived" | "no types";

/** Milliseconds the tests of a folder may take with a change in it: some loops never end then. */
const TESTS_MS = 180_000;
const CHECK_MS = 60_000;
const ROOT = new URL("../../", import.meta.url).pathname;

/** One at a time. */
export class Workshop implements Disposable {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async make(): Promise<Workshop> {
    const dir = await Deno.makeTempDir({ prefix: "hashbus-mutants-" });
    const { stdout } = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: ROOT }).output();
    for (const path of new TextDecoder().decode(stdout).split("\0")) {
      if (path === "") continue;
      await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.copyFile(`${ROOT}${path}`, `${dir}/${path}`);
    }
    return new Workshop(dir);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#dir, { recursive: true });
  }

  /** The sources of a folder of lib, or of all of it. */
  async sources(folder = "lib"): Promise<string[]> {
    const { stdout } = await new Deno.Command("git", { args: ["ls-files", folder], cwd: ROOT }).output();
    return new TextDecoder().decode(stdout).split("\n").filter((path) =>
      path.startsWith("lib/") && path.endsWith(".ts") && !path.startsWith("lib/std/")
    );
  }

  async read(path: string): Promise<string> {
    return await Deno.readTextFile(`${this.#dir}/${path}`);
  }

  /** Changes a source, tests it, and puts it back. */
  async judge(
    path: string,
    { text, changed }: { readonly text: string; readonly changed: string },
  ): Promise<Verdict> {
    await Deno.writeTextFile(`${this.#dir}/${path}`, changed);
    try {
      if (await this.#run(["check", "--quiet", path], CHECK_MS) !== "good") return "no types";
      for (const tests of await this.#testsOf(path)) {
        const outcome = await this.#run(
          [
            "test",
            "-A",
            "--quiet",
            "--no-check",
            "--fail-fast",
            "--preload=tests/support/time_limit.ts",
            ...tests,
          ],
          TESTS_MS,
        );
        if (outcome !== "good") return outcome === "late" ? "hung" : "caught";
      }
      return "survived";
    } finally {
      await Deno.writeTextFile(`${this.#dir}/${path}`, text);
    }
  }

  /** The test that is named as the source is, and then all of its folder's. */
  async #testsOf(path: string): Promise<string[][]> {
    const mirror = path.replace(/^lib\//, "tests/").replace(/\.ts$/, "_test.ts");
    const parts = mirror.split("/");
    const folder = parts.length > 2 ? parts.slice(0, 2).join("/") : undefined;
    const found: string[][] = [];
    if (await exists(`${this.#dir}/${mirror}`)) found.push([mirror]);
    if (folder !== undefined && await exists(`${this.#dir}/${folder}`)) found.push(["--parallel", folder]);
    return found;
  }

  async #run(args: readonly string[], most: number): Promise<"good" | "bad" | "late"> {
    const signal = AbortSignal.timeout(most);
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: this.#dir,
      stdout: "null",
      stderr: "null",
      signal,
    }).output();
    if (signal.aborted) return "late";
    return success ? "good" : "bad";
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
