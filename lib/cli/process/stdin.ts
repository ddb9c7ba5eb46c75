/**
 * Lines of bytes from stdin, as they come.
 *
 * @module
 */
import { RunError } from "../../errors.ts";

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
const LINE_MOST = 16 * 1024 * 1024;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The lines without their ends (LF or CRLF);
 * what follows the last LF is a line too. Each one is the caller's to keep.
 */
export async function* readLines(input: Input): AsyncGenerator<Uint8Array, void> {
  for await (const batch of readLineBatches(input)) yield* batch;
}

/** As {@link readLines}, those of one read at a time: for who has to be fast. */
export async function* readLineBatches(
  input: Input,
  { most = LINE_MOST, name = "stdin" }: { readonly most?: number; readonly name?: string } = {},
): AsyncGenerator<readonly Uint8Array[], void> {
  // lines are views of what was read, so no memory is read into twice
  let memory = new Uint8Array(0);
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for (;;) {
    if (memory.length < READ_BYTES_LEAST) memory = new Uint8Array(READ_BYTES);
    const length = await input.read(memory);
    if (length === null) break;
    const chunk = memory.subarray(0, length);
    memory = memory.subarray(length);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const line = chunk.subarray(start, end);
      lines.push(withoutCr(begun.length === 0 ? line : joined([...begun, line])));
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (start < length) {
      begun.push(chunk.subarray(start));
      begunBytes += length - start;
    }
    if (lines.length > 0) yield lines;
    if (begunBytes > most) {
      throw new RunError(`a line on ${name} has more than ${most} bytes: is it text?`);
    }
  }
  if (begunBytes > 0) yield [withoutCr(joined(begun))];
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
