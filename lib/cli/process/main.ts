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
import { RefusedError, RunError, UsageError } from "../../errors.ts";
import { visible } from "../../text.ts";
import { readArguments } from "../options/arguments.ts";
import { readConfig } from "../options/config.ts";
import { helpText } from "../options/help.ts";
import { type Given, type Program, readValues, type Table, type Values } from "../options/table.ts";
import { OutputClosed } from "../output/output.ts";

/** Set to anything but nothing, unexpected errors come with their stack. */
const DEBUG = "HASHBUS_DEBUG";

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
    const options = readOptions(program, Deno.args);
    code = "print" in options ? print(options.print) : await body(options.values);
  } catch (error) {
    code = report(program.name, error);
  }
  Deno.exit(code);
}

/** The values of the options, flags before the config file, or a text to print instead of running. */
export function readOptions<T extends Table>(
  program: Program<T>,
  words: readonly string[],
): { readonly values: Values<T> } | { readonly print: string } {
  const line = readArguments(program, words);
  if ("print" in line) {
    if (line.print === "help") return { print: helpText(program, terminalWidth()) };
    return { print: `${program.name} ${program.version}\n` };
  }
  const places: ReadonlyMap<string, Given>[] = [line.given];
  const config = line.given.get("config")?.texts.at(-1);
  if (config !== undefined) places.push(readConfig(program, config));
  return { values: readValues(program, places) };
}

/** A line on stderr, `publisher: ...`, red on a terminal; several for a message of several lines. */
export function complain(program: string, message: string): void {
  const lines = message.split("\n").map((line) => `${program}: ${visible(line, "\t")}`);
  const coloured = useColour(Deno.stderr) ? lines.map((line) => `\x1b[31m${line}\x1b[0m`) : lines;
  writeError(`${coloured.join("\n")}\n`);
}

/** Text to stderr; when stderr is closed there is nobody to tell, and the exit code still says it. */
export function writeError(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  } catch {
    // nobody reads stderr, so there is no place left to say that
  }
}

/** Whether colours are wanted on this stream: a terminal, and NO_COLOR not set. */
export function useColour(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "";
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
    if ((Deno.env.get(DEBUG) ?? "") !== "" && error instanceof Error) writeError(`${error.stack}\n`);
  }
  return 1;
}

/** A line to stdout at once, for a program that goes on whether or not somebody reads it. */
export function printLine(line: string): void {
  try {
    print(`${line}\n`);
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
}

function print(text: string): number {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
    throw error;
  }
  return 0;
}

function terminalWidth(): number {
  const fallback = 80;
  if (!Deno.stdout.isTerminal()) return fallback;
  const { columns } = Deno.consoleSize();
  return columns > 0 ? columns : fallback;
}
