/**
 * Lines of bytes from stdin, as they come.
 *
 * @module
 */
import { LimitedBytesTransformStream, toArrayBuffer } from "@std/streams";
import { RunError } from "../../errors.ts";
import { whyNot } from "./files.ts";

/** What is read from: stdin. */
export interface Input {
  read(buffer: Uint8Array): Promise<number | null>;
}

const READ_BYTES = 256 * 1024;
/** With less left of a piece of memory the next read goes into a new one. */
const READ_BYTES_LEAST = 8 * 1024;
/**
 * The longest line, where the caller does not say: no broker takes one as long; without it memory could fill.
 */
export const LINE_MOST = 16 * 1024 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const LINE_END = Uint8Array.of(LF);
const NOTHING = new Uint8Array();

/** How {@link readLineBatches} reads. */
export interface LineOptions {
  /** Bytes a line has at most. */
  readonly most?: number;
  /** What is read, for a person. */
  readonly name?: string;
  /** What ends a line instead of LF, at least one byte; then a CR before it belongs to the line. */
  readonly delimiter?: Uint8Array;
}

/**
 * The lines of one read at a time, without their ends (LF or CRLF); what follows the last LF is a line, too.
 * Each one is the caller's to keep.
 */
export async function* readLineBatches(
  input: Input,
  { most = LINE_MOST, name = "stdin", delimiter = LINE_END }: LineOptions = {},
): AsyncGenerator<readonly Uint8Array[], void> {
  if (delimiter.length > 1) {
    yield* readPieceBatches(input, { most, name, delimiter });
    return;
  }
  const [lineEnd = LF] = delimiter;
  const trim = lineEnd === LF ? withoutCr : (line: Uint8Array): Uint8Array => line;
  // lines are views of what was read, so no memory is read into twice
  let memory = NOTHING;
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for (;;) {
    if (memory.length < READ_BYTES_LEAST) memory = new Uint8Array(READ_BYTES);
    const length = await readInto(memory, { input, name });
    if (length === null) break;
    const chunk = memory.subarray(0, length);
    memory = memory.subarray(length);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(lineEnd); end !== -1; end = chunk.indexOf(lineEnd, start)) {
      const line = chunk.subarray(start, end);
      lines.push(trim(begun.length === 0 ? line : joined([...begun, line])));
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (start < length) {
      begun.push(chunk.subarray(start));
      begunBytes += length - start;
    }
    if (lines.length > 0) yield lines;
    if (begunBytes > most) throw tooLong(name, most);
  }
  if (begunBytes > 0) yield [trim(joined(begun))];
}

/** Those that a text of several bytes ends, which a read may cut anywhere. */
async function* readPieceBatches(
  input: Input,
  { most, name, delimiter }: Required<LineOptions>,
): AsyncGenerator<readonly Uint8Array[], void> {
  let held = new Uint8Array(READ_BYTES);
  let length = 0;
  /** Where the delimiter is looked for next. */
  let at = 0;
  for (;;) {
    if (length === held.length) held = doubled(held);
    const read = await readInto(held.subarray(length), { input, name });
    if (read === null) break;
    length += read;
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (let end = indexOfBytes(held, delimiter, { at, length }); end !== -1;) {
      pieces.push(held.slice(start, end));
      start = at = end + delimiter.length;
      end = indexOfBytes(held, delimiter, { at, length });
    }
    held.copyWithin(0, start, length);
    length -= start;
    at = Math.max(0, length - delimiter.length + 1);
    if (pieces.length > 0) yield pieces;
    if (length > most) throw tooLong(name, most);
  }
  if (length > 0) yield [held.slice(0, length)];
}

/** Reads, or says why it cannot: stdin may be a directory, or a terminal that is gone. */
async function readInto(
  buffer: Uint8Array,
  { input, name }: { readonly input: Input; readonly name: string },
): Promise<number | null> {
  try {
    return await input.read(buffer);
  } catch (error) {
    throw new RunError(`cannot read ${name}: ${whyNot(error)}`);
  }
}

/** All of an input, at most so many bytes; a file is closed then. Throws RunError. */
export async function readWhole(
  { readable }: { readonly readable: ReadableStream<Uint8Array> },
  { most, name = "stdin" }: { readonly most: number; readonly name?: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const limited = readable.pipeThrough(new LimitedBytesTransformStream(most, { error: true }));
  try {
    return new Uint8Array(await toArrayBuffer(limited));
  } catch (error) {
    throw new RunError(
      error instanceof RangeError
        ? `${name} has more than ${most} bytes, and no broker takes a message of more`
        : `cannot read ${name}: ${whyNot(error)}`,
    );
  }
}

/** Where some bytes stand first, of those from `at` on and before `length`; -1: nowhere. */
export function indexOfBytes(
  bytes: Uint8Array,
  wanted: Uint8Array,
  { at = 0, length = bytes.length }: { readonly at?: number; readonly length?: number } = {},
): number {
  const [first = LF] = wanted;
  for (let found = bytes.indexOf(first, at); found !== -1; found = bytes.indexOf(first, found + 1)) {
    if (found + wanted.length > length) return -1;
    if (wanted.every((byte, index) => bytes[found + index] === byte)) return found;
  }
  return -1;
}

function doubled(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const grown = new Uint8Array(2 * bytes.length);
  grown.set(bytes);
  return grown;
}

function tooLong(name: string, most: number): RunError {
  return new RunError(`a line on ${name} has more than ${most} bytes: is it text?`);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
