/**
 * What is read from stdin as messages: lines, lines with a key, lines of JSON.
 *
 * @module
 */
import { decodeLine } from "../commands/command_file.ts";
import { readPublishLine } from "../messages/message_line.ts";
import { decodeText, quote } from "../../text.ts";
import { indexOfBytes } from "../process/stdin.ts";
import { type MessageOptions, optionsOf, type Place } from "./types.ts";

/** A message as it was read: to its own topic, or to those of the command line. */
export interface Read {
  readonly topic: string | undefined;
  readonly payload: Uint8Array;
  readonly options: MessageOptions | undefined;
  readonly place: Place;
}

/** A line that is no message, and why (a clause). */
export interface BadLine {
  readonly problem: string;
  readonly place: Place;
}

/** What a line says; undefined: nothing. `number` is that of the line, from 1. */
export type LineReader = (line: Uint8Array, number: number) => Read | BadLine | undefined;

/** Reads lines as they come, those of one read at a time. */
export async function* readMessages(
  batches: AsyncIterable<readonly Uint8Array[]>,
  read: LineReader,
): AsyncGenerator<Iterable<Read | BadLine>> {
  let number = 0;
  for await (const lines of batches) {
    yield messagesOf(lines, { first: number + 1, read });
    number += lines.length;
  }
}

function* messagesOf(
  lines: readonly Uint8Array[],
  { first, read }: { readonly first: number; readonly read: LineReader },
): Generator<Read | BadLine> {
  let number = first;
  for (const line of lines) {
    const message = read(line, number++);
    if (message !== undefined) yield message;
  }
}

/** Each line is a message, its bytes untouched. */
export function plainLines(options: MessageOptions | undefined): LineReader {
  return (payload, place) => ({ topic: undefined, payload, options, place });
}

/** What stands before the first delimiter is the key; a line without one has none. */
export function keyedLines(delimiter: Uint8Array, options: MessageOptions | undefined): LineReader {
  return (line, place) => {
    const at = indexOfBytes(line, delimiter);
    if (at === -1) return { topic: undefined, payload: line, options, place };
    const key = decodeText(line.subarray(0, at));
    if (key === undefined) return { problem: "the key is not UTF-8", place };
    const payload = line.subarray(at + delimiter.length);
    return { topic: undefined, payload, options: { ...options, key }, place };
  };
}

/** Each line is an object as `--json` prints it; blank ones say nothing. */
export function jsonLines(
  options: MessageOptions | undefined,
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
    return { topic, payload, options: optionsOf(read.message, options), place };
  };
}
