/**
 * What a program says at once: a line on stdout, what is wrong on stderr.
 *
 * @module
 */
import { visible } from "../../text.ts";
import { isSet } from "../process/environment.ts";
import { writeTextSync } from "../process/files.ts";
import { OutputClosed, writeFailure } from "./output.ts";

/** A line on stderr, `publisher: ...`, red on a terminal; several for a message of several lines. */
export function complain(program: string, message: string): void {
  const lines = message.split("\n").map((line) => `${program}: ${visible(line, "\t")}`);
  const coloured = useColour(Deno.stderr) ? lines.map((line) => `\x1b[31m${line}\x1b[0m`) : lines;
  writeError(`${coloured.join("\n")}\n`);
}

/** Text to stderr; when stderr is closed there is nobody to tell, and the exit code still says it. */
export function writeError(text: string): void {
  try {
    writeTextSync(Deno.stderr, text);
  } catch {
    // nobody reads stderr, so there is no place left to say that
  }
}

/** Whether colours are wanted on this stream: a terminal, and NO_COLOR not set. */
function useColour(stream: { isTerminal(): boolean }): boolean {
  return stream.isTerminal() && !isSet("NO_COLOR");
}

/** A line to stdout at once, for a program that goes on whether or not somebody reads it. */
export function printLine(line: string): void {
  try {
    print(`${line}\n`);
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error;
  }
}

/** Text to stdout at once. Throws OutputClosed where nobody reads it any more, else RunError. */
export function print(text: string): void {
  try {
    writeTextSync(Deno.stdout, text);
  } catch (error) {
    throw writeFailure(error);
  }
}
