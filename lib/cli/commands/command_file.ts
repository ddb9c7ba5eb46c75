/**
 * A command file, checked whole before anything is connected.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { decodeText, visible } from "../../text.ts";
import { LINE_MOST } from "../process/stdin.ts";
import { type Command, type ParsedLine, parseLine, type Role } from "./grammar.ts";

/** A command and where it stands. */
export interface PlacedCommand {
  readonly command: Command;
  /** `publisher1.cmd:3`; empty for what was just typed. */
  readonly place: string;
}

/** Bad lines that are written out; what is no command file at all has more than one wants to read. */
const PROBLEMS_SHOWN = 100;
/** Bad lines beyond those that are counted: what has more is not read any further. */
const PROBLEMS_COUNTED = 10_000;

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
  let hidden = 0;
  let number = 0;
  for (const line of decodeLines(bytes)) {
    const place = `${shown}:${++number}`;
    const parsed = typeof line === "string" ? parseLine(line, role) : line;
    if (parsed.kind === "command") commands.push({ command: parsed.command, place });
    if (parsed.kind !== "problem") continue;
    if (problems.length < PROBLEMS_SHOWN) problems.push(`${place}: ${parsed.problem}`);
    else if (++hidden > PROBLEMS_COUNTED) break;
  }
  if (problems.length === 0) return commands;
  const more = hidden > PROBLEMS_COUNTED ? `more than ${PROBLEMS_COUNTED}` : `${hidden} more`;
  if (hidden > 0) problems.push(`${shown}: and ${more} bad lines`);
  throw new UsageError(problems.join("\n"));
}

const NOT_UTF8: ParsedLine = { kind: "problem", problem: "not UTF-8: save the file in that encoding" };
const TOO_LONG: ParsedLine = {
  kind: "problem",
  problem: `the line has more than ${LINE_MOST} bytes: is it text?`,
};

/**
 * Decodes one line, given without its LF, and without a CR before that; undefined where it is not UTF-8. Of
 * the line `number` 1 a byte order mark is none of the text.
 */
export function decodeLine(bytes: Uint8Array, number?: number): string | undefined {
  const line = decodeText(bytes);
  return line === undefined ? undefined : withoutCr(number === 1 ? line.replace(/^\ufeff/, "") : line);
}

const LF = 0x0a;

/**
 * Lines, or what is wrong with one. A byte order mark before the first stays: like other white space before a
 * command it says nothing.
 */
function decodeLines(bytes: Uint8Array): Iterable<string | ParsedLine> {
  const whole = decodeLine(bytes);
  if (whole === undefined) return decodeEach(bytes);
  return whole.split("\n").map((line) => line.length > LINE_MOST ? TOO_LONG : withoutCr(line));
}

/** The lines of what is not UTF-8, decoded when they are asked for: those that are none take their time. */
function* decodeEach(bytes: Uint8Array): Generator<string | ParsedLine> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LF, start);
    const stop = end === -1 ? bytes.length : end;
    yield stop - start > LINE_MOST ? TOO_LONG : decodeLine(bytes.subarray(start, stop)) ?? NOT_UTF8;
    start = stop + 1;
  }
}

function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
