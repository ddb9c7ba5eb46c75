/**
 * A copy of the sources in which they are changed and tested. Where several are judged at once each has a copy of
 * its own.
 *
 * @module
 */

/** How a run of tests, or of another of deno's commands, ended. */
export interface Outcome {
  readonly success: boolean;
  /** What it printed on both, without colours. */
  readonly text: string;
  /** It was ended from outside. */
  readonly late: boolean;
}

/** A test gets so long, in milliseconds: the slowest takes a tenth of it on a quiet machine. */
const TEST_MS = 20_000;
const ROOT = new URL("../../", import.meta.url).pathname;
const SURROUNDINGS = { NO_COLOR: "1", TEST_LIMIT_MS: String(TEST_MS) };

/** One at a time. */
export class Workshop implements Disposable {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async make(): Promise<Workshop> {
    const dir = await Deno.makeTempDir({ prefix: "hashbus-mutants-" });
    for (const path of await tracked()) {
      await Deno.mkdir(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.copyFile(`${ROOT}${path}`, `${dir}/${path}`);
    }
    return new Workshop(dir);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#dir, { recursive: true });
  }

  /** A file's place as modules are named. */
  url(path: string): string {
    return new URL(path, `file://${this.#dir}/`).href;
  }

  async read(path: string): Promise<string> {
    return await Deno.readTextFile(`${this.#dir}/${path}`);
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.#dir}/${path}`, text);
  }

  async remove(path: string): Promise<void> {
    await Deno.remove(`${this.#dir}/${path}`);
  }

  /** Runs tests until one fails. */
  async test(files: readonly string[], most: number): Promise<Outcome> {
    const several = files.length > 1 ? ["--parallel"] : [];
    const flags = ["-A", "--no-check", "--fail-fast", "--preload=tests/support/time_limit.ts"];
    return await this.run(["test", ...flags, ...several, ...files], most);
  }

  /** One of deno's commands; ended after so many milliseconds. */
  async run(args: readonly string[], most: number): Promise<Outcome> {
    const signal = AbortSignal.timeout(most);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: this.#dir,
      env: SURROUNDINGS,
      signal,
    }).output();
    const decoder = new TextDecoder();
    return { success, text: decoder.decode(stdout) + decoder.decode(stderr), late: signal.aborted };
  }
}

/** The files of the repository that lie there. */
export async function tracked(...places: readonly string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command("git", { args: ["ls-files", "-z", ...places], cwd: ROOT })
    .output();
  return new TextDecoder().decode(stdout).split("\0").filter((path) => path !== "");
}
