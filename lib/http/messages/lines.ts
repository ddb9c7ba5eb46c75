/**
 * A body as lines, read no faster than they are taken.
 *
 * @module
 */
import { countOf } from "../../text.ts";
import type { Bodies, Coming } from "../bodies.ts";
import { Gathered } from "../gathered.ts";
import { Pace } from "../pace.ts";
import { Problem } from "../problem.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * Each line that is not empty, without its end. Throws Problem for one that is longer than `most`, behind
 * those before it.
 */
export async function* readLines(
  { body }: Coming,
  { most, bodies }: { readonly most: number; readonly bodies: Bodies },
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  using held = bodies.holding();
  // the part of a line that has come
  const begun = new Gathered(held);
  const pace = new Pace();
  for await (const chunk of body) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      const line = lineOf(begun, chunk.subarray(from, end), most);
      if (line.length > 0) yield line;
      // what is done with a line counts, too
      if (pace.isOver) await pace.turn();
      from = end + 1;
    }
    if (begun.length + chunk.length - from > most + 1) throw tooLong(most);
    begun.add(chunk.subarray(from));
    if (pace.isOver) await pace.turn();
  }
  const line = lineOf(begun, new Uint8Array(), most);
  if (line.length > 0) yield line;
}

/** A copy of what begun with others and ends with these bytes. Throws Problem. */
function lineOf(begun: Gathered, end: Uint8Array, most: number): Uint8Array {
  let bytes: Uint8Array;
  if (begun.length === 0) bytes = end.slice();
  else {
    if (begun.length + end.length > most + 1) throw tooLong(most);
    begun.add(end);
    bytes = begun.bytes;
    begun.clear();
  }
  const line = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
  if (line.length > most) throw tooLong(most);
  return line;
}

function tooLong(most: number): Problem {
  const text = `a line is longer than ${countOf(most, "byte")}, which a payload may have (--max-payload)`;
  return new Problem(413, "PAYLOAD_TOO_LARGE", text);
}
