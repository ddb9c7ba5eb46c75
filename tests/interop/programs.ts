/**
 * Programs in other languages, as processes.
 *
 * @module
 */
import { Program } from "../../scripts/program.ts";

/** A language whose interpreter may be missing. */
export interface Language {
  readonly name: string;
  /** Why its tests cannot run here, or undefined. */
  readonly missing: string | undefined;
  /** Starts a program of tests/interop/fixtures. */
  start(args: readonly string[]): Dialogue;
}

/** A running program one talks to by lines. `await using` kills it. */
export class Dialogue implements AsyncDisposable {
  readonly program: Program;
  #lines = 0;

  constructor(program: Program) {
    this.program = program;
  }

  /** Writes a line to it. */
  async tell(line: string): Promise<void> {
    await this.program.write(`${line}\n`);
  }

  /** Writes a line and waits for the next line it prints. */
  async ask(line: string): Promise<string> {
    await this.tell(line);
    return await this.line();
  }

  /** The next line it prints. */
  async line(): Promise<string> {
    const next = new RegExp(`^(?:.*\\n){${this.#lines}}(.*)\\n`);
    const [, line = ""] = await this.program.see(next, { timeout: 60_000 });
    this.#lines++;
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.stop();
  }
}

/** Python with its fixture `file`. */
export const python: (file: string) => Promise<Language> = (file) => language("python3", file);
/** Java with its fixture `file`, launched from source. */
export const java: (file: string) => Promise<Language> = (file) => language("java", file);

/** A test that is skipped, with the reason in its name, where a language is missing. */
export function testWith(
  languages: readonly Language[],
  test: { readonly name: string; readonly fn: () => Promise<void> },
): void {
  const missing = languages.map((language) => language.missing).find((reason) => reason !== undefined);
  Deno.test({
    name: missing === undefined ? test.name : `${test.name} (skipped: ${missing})`,
    ignore: missing !== undefined,
    fn: test.fn,
  });
}

/** The ports of fixtures/broker.py, from the line it begins with. */
export async function brokerPorts(broker: Dialogue): Promise<{ pubPort: number; subPort: number }> {
  const [, pubPort, subPort] = (await broker.line()).match(/^publishers (\d+), subscribers (\d+)$/) ?? [];
  return { pubPort: Number(pubPort), subPort: Number(subPort) };
}

async function language(program: string, file: string): Promise<Language> {
  const path = new URL(`fixtures/${file}`, import.meta.url).pathname;
  return {
    name: program,
    missing: await isThere(program) ? undefined : `${program} is not installed`,
    start: (args) => start(program, [path, ...args]),
  };
}

async function isThere(program: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: ["--version"],
      stdout: "null",
      stderr: "null",
    })
      .output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function start(program: string, args: readonly string[]): Dialogue {
  const env = { PYTHONIOENCODING: "utf-8" };
  return new Dialogue(Program.start([program, ...args], { env, stdin: "open", stopSignal: "SIGKILL" }));
}
