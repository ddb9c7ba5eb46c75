/**
 * A command file, checked whole before anything is connected.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { decodeText, visible } from "../../text.ts";
import { type Command, parseLine, type Role } from "./grammar.ts";

/** A command and where it stands. */
export interface PlacedCommand {
  readonly command: Command;
  /** `publisher1.cmd:3`; empty for what was just typed. */
  readonly place: string;
}

/** Bad lines that are written out; what is no command file at all has more than one wants to read. */
const PROBLEMS_SHOWN = 100;

/**
 * Reads the bytes of a command file: UTF-8, lines ending in LF or CRLF, a byte order mark before the first.
 * Throws one UsageError that names every bad line.
 */
export function parseCommandFile(
  bytes: Uint8Array,
  { name, role }: { readonly name: string; readonly role: Role },
): PlacedCommand[] {
  const shown = visible(name);
  const commands: PlacedCommand[] = [];
  const problems: string[] = [];
  let number = 0;
  for (const line of decodeLines(bytes)) {
    const place = `${shown}:${++number}`;
    const parsed = line === undefined ? NOT_UTF8 : parseLine(line, role);
    if (parsed.kind === "command") commands.push({ command: parsed.command, place });
    else if (parsed.kind === "problem") problems.push(`${place}: ${parsed.problem}`);
  }
  if (problems.length === 0) return commands;
  const hidden = problems.length - PROBLEMS_SHOWN;
  if (hidden > 0) problems.splice(PROBLEMS_SHOWN, hidden, `${shown}: and ${hidden} more bad lines`);
  throw new UsageError(problems.join("\n"));
}

const NOT_UTF8 = { kind: "problem", problem: "not UTF-8: save the file in that encoding" } as const;

/**
 * Decodes one line, given without its LF, and without a CR before that; undefined where it is not UTF-8. Of
 * the line `number` 1 a byte order mark is none of the text.
 */
export function decodeLine(bytes: Uint8Array, number?: number): string | undefined {
  const line = decodeText(bytes);
  return line === undefined ? undefined : withoutCr(number === 1 ? line.replace(/^\ufeff/, "") : line);
}

const LF = 0x0a;

/** A byte order mark before the first stays: like other white space before a command it says nothing. */
function decodeLines(bytes: Uint8Array): (string | undefined)[] {
  const whole = decodeLine(bytes);
  if (whole !== undefined) return whole.split("\n").map(withoutCr);
  const lines: (string | undefined)[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LF, start);
    const stop = end === -1 ? bytes.length : end;
    lines.push(decodeLine(bytes.subarray(start, stop)));
    start = stop + 1;
  }
  return lines;
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
