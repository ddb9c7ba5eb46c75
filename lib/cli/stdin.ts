/**
 * Lines of bytes from stdin, as they come.
 *
 * @module
 */
import { RunError } from "../errors.ts";

/** What is read from: stdin. */
export interface Input {
  read(buffer: Uint8Array): Promise<number | null>;
}

const READ_BYTES = 64 * 1024;
/** The longest line; no broker takes one as long, and one without an end would fill the memory. */
const LINE_MOST = 16 * 1024 * 1024;
const LF = 0x0a;
const CR = 0x0d;

/** The lines without their ends (LF or CRLF); what follows the last LF is a line too. Each one is the caller's to keep. */
export async function* readLines(input: Input): AsyncGenerator<Uint8Array, void> {
  const buffer = new Uint8Array(READ_BYTES);
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for (;;) {
    const length = await input.read(buffer);
    if (length === null) break;
    let start = 0;
    for (
      let end = indexOfLf(buffer, { start, length });
      end !== -1;
      end = indexOfLf(buffer, { start, length })
    ) {
      begun.push(buffer.slice(start, end));
      yield withoutCr(joined(begun));
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (start === length) continue;
    begun.push(buffer.slice(start, length));
    begunBytes += length - start;
    if (begunBytes > LINE_MOST) {
      throw new RunError(`a line on stdin has more than ${LINE_MOST} bytes: is it text?`);
    }
  }
  if (begunBytes > 0) yield withoutCr(joined(begun));
}

/** Never looks beyond what was read. */
function indexOfLf(buffer: Uint8Array, { start, length }: { start: number; length: number }): number {
  const at = buffer.subarray(start, length).indexOf(LF);
  return at === -1 ? -1 : start + at;
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
