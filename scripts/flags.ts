/**
 * The options of a task.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { printLine } from "./terminal.ts";

/** By name: what was given, of those that have no value whether they were. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** What a task can be told. */
export interface TaskOptions {
  /** Its own address: `import.meta.url`. */
  readonly url: string;
  /** How it is called. */
  readonly name: string;
  /** Those that have a value. */
  readonly string?: readonly string[];
  readonly boolean?: readonly string[];
}

/** What it was given. Ends it with 0 where help is asked for, and with 2 for what it does not know. */
export function taskFlags({ url, name, string = [], boolean = [] }: TaskOptions, args = Deno.args): Flags {
  tellHelp(url, args);
  let unknown: string | undefined;
  const flags = parseArgs([...args], {
    string: [...string],
    boolean: [...boolean],
    unknown: (arg) => {
      unknown ??= arg;
    },
  });
  if (unknown !== undefined) {
    printLine(`${name}: there is no option ${JSON.stringify(unknown)}; see --help`, Deno.stderr);
    Deno.exit(2);
  }
  return flags as Flags;
}

/** Prints what stands at the beginning of a task's source, and ends it, where `--help` is asked for. */
export function tellHelp(url: string, args: readonly string[] = Deno.args): void {
  if (!args.includes("--help") && !args.includes("-h")) return;
  printLine(helpOf(Deno.readTextFileSync(new URL(url))));
  Deno.exit(0);
}

/** What a module says of itself, as plain text. */
export function helpOf(source: string): string {
  const comment = /^\/\*\*\n(.*?)\n \*\//s.exec(source)?.[1] ?? "";
  return comment.split("\n").map((line) => line.replace(/^ \* ?/, "")).join("\n")
    .replace(/\n*@module\s*$/, "").replaceAll("`", "");
}
