/**
 * The frame of a program: options in, exit code out, and every failure one line on stderr.
 *
 * | exit code | |
 * |---|---|
 * | 0 | done; also when whoever read our output went away (`| head`) |
 * | 1 | it failed at run time |
 * | 2 | the command line, a command file or a config file is wrong |
 *
 * @module
 */
import { RefusedError, RunError, UsageError } from "../errors.ts";
import { readArguments } from "./options/arguments.ts";
import { readConfig } from "./options/config.ts";
import { helpText } from "./options/help.ts";
import { withPortOfHost } from "./options/host.ts";
import type { Given, Program, Table, Values } from "./options/table.ts";
import { readValues } from "./options/values.ts";
import { OutputClosed } from "./output/output.ts";
import { complain, print, writeError } from "./output/stdio.ts";
import { isSet } from "./process/environment.ts";
import { commandLine } from "./process/words.ts";

/** Set to anything but nothing, unexpected errors come with their stack. */
const DEBUG = "HASHBUS_DEBUG";
const SHOW_CONFIG = "show-config";
/** The first word that asks for the completions of a shell. */
const COMPLETIONS = "completions";
/** The help's where nothing says how wide a line may be. */
const HELP_WIDTH = 80;

/** Reads the options (`Deno.args`), runs the body and ends the process with the exit code it returns. */
export async function runMain<T extends Table>(
  program: Program<T>,
  body: (options: Values<T>) => Promise<number>,
): Promise<never> {
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    Deno.exit(report(program.name, event.reason));
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    Deno.exit(report(program.name, event.error));
  });
  let code: number;
  try {
    const options = await readOptions(program, commandLine());
    if ("print" in options) {
      print(options.print);
      code = 0;
    } else {
      code = await body(options.values);
    }
  } catch (error) {
    code = report(program.name, error);
  }
  Deno.exit(code);
}

/**
 * The values of the options, flags before what is saved, or a text to print instead of running. What few runs
 * need is loaded by those.
 */
async function readOptions<T extends Table>(
  program: Program<T>,
  words: readonly string[],
): Promise<{ readonly values: Values<T> } | { readonly print: string }> {
  if (words[0] === COMPLETIONS) {
    const { completionsText } = await import("./completions/completions.ts");
    return { print: completionsText(program, words.slice(1)) };
  }
  const line = readArguments(program, words);
  if ("print" in line) {
    if (line.print === "help") return { print: helpText(program, terminalWidth() ?? HELP_WIDTH) };
    return { print: `${program.name} ${program.version}\n` };
  }
  const places = await placesOf(program, line.given);
  const values = readValues(program, places);
  if (!line.given.has(SHOW_CONFIG)) return { values };
  const shown = { width: terminalWidth() ?? Infinity, json: line.given.has("json") };
  const { configText } = await import("./options/show_config.ts");
  return { print: configText(program, { places, shown }) };
}

/** Where the values are from, the first that says something first. */
async function placesOf(
  program: Program<Table>,
  flags: ReadonlyMap<string, Given>,
): Promise<ReadonlyMap<string, Given>[]> {
  const { name, connects } = program;
  if (connects !== undefined) {
    const given = withPortOfHost(flags);
    const { savedGiven } = await import("./contexts/saved.ts");
    return [given, savedGiven({ name, connects, given })];
  }
  const config = flags.get("config")?.texts.at(-1);
  return config === undefined ? [flags] : [flags, readConfig(program, config)];
}

/** Says what went wrong and gives the exit code for it. */
export function report(program: string, error: unknown): number {
  if (error instanceof OutputClosed) return 0;
  if (error instanceof UsageError) {
    complain(program, error.message);
    return 2;
  }
  if (error instanceof RunError || error instanceof RefusedError) {
    complain(program, error.message);
  } else {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    complain(program, `unexpected: ${message.replaceAll("\n", " ")} (${DEBUG}=1 shows where)`);
    if (error instanceof Error && isSet(DEBUG)) writeError(`${error.stack}\n`);
  }
  return 1;
}

function terminalWidth(): number | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  const { columns } = Deno.consoleSize();
  return columns > 0 ? columns : undefined;
}
