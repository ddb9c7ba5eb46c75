/**
 * Programs in other languages, as processes.
 *
 * @module
 */
import { childOf, type ChildText } from "../support/child.ts";

/** A language whose interpreter may be missing. */
export interface Language {
  readonly name: string;
  /** Why its tests cannot run here, or undefined. */
  readonly missing: string | undefined;
  /** Starts a program of tests/interop/fixtures. */
  start(args: readonly string[]): Program;
}

/** A running program one talks to by lines. `await using` ends it. */
export interface Program extends AsyncDisposable {
  readonly text: ChildText;
  /** Writes a line to it. */
  tell(line: string): Promise<void>;
  /** Writes a line and waits for the next line it prints. */
  ask(line: string): Promise<string>;
  /** The next line it prints. */
  line(): Promise<string>;
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
export async function brokerPorts(program: Program): Promise<{ pubPort: number; subPort: number }> {
  const [, pubPort, subPort] = (await program.line()).match(/^publishers (\d+), subscribers (\d+)$/) ?? [];
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

function start(program: string, args: readonly string[]): Program {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { PYTHONIOENCODING: "utf-8" },
  }).spawn();
  const text = childOf(child);
  const stdin = child.stdin.getWriter();
  let lines = 0;
  const line = async (): Promise<string> => {
    const seen = await text.see(new RegExp(`^(?:.*\\n){${lines}}(.*)\\n`), { timeout: 60_000 });
    lines++;
    return seen[1] ?? "";
  };
  const tell = (words: string): Promise<void> => stdin.write(new TextEncoder().encode(`${words}\n`));
  return {
    text,
    tell,
    line,
    ask: async (words) => {
      await tell(words);
      return await line();
    },
    [Symbol.asyncDispose]: async () => {
      text.kill("SIGKILL");
      await text.ended;
      await stdin.abort().catch(() => {}); // the pipe broke with the process: there is nothing left to write to
    },
  };
}
