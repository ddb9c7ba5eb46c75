/**
 * A body as lines, read no faster than they are taken.
 *
 * @module
 */
import { countOf } from "../../text.ts";
import type { Bodies } from "../bodies.ts";
import { Problem } from "../problem.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * Each line that is not empty, without its end. Throws Problem for one that is longer than `most`, behind
 * those before it.
 */
export async function* readLines(
  request: Request,
  { most, bodies }: { readonly most: number; readonly bodies: Bodies },
): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  // the part of a line that has come, and what is counted of it
  let begun: Uint8Array[] = [];
  using held = bodies.holding();
  for await (const chunk of request.body) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const line = joined([...begun, chunk.subarray(from, end)], most);
      if (line.length > 0) yield line;
      from = end + 1;
      begun = [];
      held.set(0);
    }
    if (from === chunk.length) continue;
    begun.push(chunk.slice(from));
    held.set(begun.reduce((sum, { length }) => sum + length, 0));
    if (held.bytes > most + 1) throw tooLong(most);
  }
  const line = joined(begun, most);
  if (line.length > 0) yield line;
}

/** Throws Problem. */
function joined(parts: readonly Uint8Array[], most: number): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const line = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
  if (line.length > most) throw tooLong(most);
  return line;
}

function tooLong(most: number): Problem {
  const text = `a line is longer than ${countOf(most, "byte")}, which a payload may have (--max-payload)`;
  return new Problem(413, "PAYLOAD_TOO_LARGE", text);
}
