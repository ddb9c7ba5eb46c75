/**
 * What is read from stdin as messages: lines, lines with a key, lines of JSON.
 *
 * @module
 */
import { decodeLine } from "../commands/command_file.ts";
import { readPublishLine } from "../messages/message_line.ts";
import { decodeText, quote } from "../../text.ts";
import { indexOfBytes } from "../process/stdin.ts";
import { laterProblem, type MessageOptions, optionsOf, type Outgoing, type Place } from "./types.ts";

/** A line that is no message, and why (a clause). */
export interface BadLine {
  readonly problem: string;
  readonly place: Place;
}

/** What a line says; undefined: nothing. `number` is that of the line, from 1. */
export type LineReader = (line: Uint8Array, number: number) => Outgoing | BadLine | undefined;

/** What every line of an input has. */
export interface LineTerms {
  /** Where they go that name no topic; empty: that is decided for each. */
  readonly topic: string;
  readonly options: MessageOptions | undefined;
}

/** Each line is a message, its bytes untouched. */
export function plainLines({ topic, options }: LineTerms): LineReader {
  return (payload, place) => ({ topic, payload, options, place });
}

/** What stands before the first delimiter is the key; a line without one has none. */
export function keyedLines(delimiter: Uint8Array, { topic, options }: LineTerms): LineReader {
  return (line, place) => {
    const at = indexOfBytes(line, delimiter);
    if (at === -1) return { topic, payload: line, options, place };
    const key = decodeText(line.subarray(0, at));
    if (key === undefined) return { problem: "the key is not UTF-8", place };
    const payload = line.subarray(at + delimiter.length);
    return { topic, payload, options: { ...options, key }, place };
  };
}

/** Each line is an object as `--json` prints it; blank ones say nothing. */
export function jsonLines(
  { topic: own, options }: LineTerms,
  { hasTopics }: { readonly hasTopics: boolean },
): LineReader {
  return (bytes, place) => {
    const line = decodeLine(bytes, place);
    if (line === undefined) return { problem: "not UTF-8", place };
    if (line.trim() === "") return undefined;
    const read = readPublishLine(line);
    if ("problem" in read) return { problem: read.problem, place };
    const { topic, payload } = read.message;
    if (topic === undefined && !hasTopics) {
      return { problem: `"topic" is missing in ${quote(line)}, and there is no -t`, place };
    }
    const given = optionsOf(read.message, options);
    const problem = laterProblem(given);
    if (problem !== undefined) return { problem, place };
    return { topic: hasTopics ? own : topic ?? "", payload, options: given, place };
  };
}
