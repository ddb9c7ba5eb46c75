/**
 * What the wire refuses of a message, `--import` refuses, too: the broker's own decoder judges.
 *
 * @module
 */
import type { Limits } from "../../limits.ts";
import { Found } from "../../protocols/decoder.ts";
import { FrameDecoder } from "../../protocols/frames/decoder.ts";

/** Why a header line is none that a publisher may send (V3, V4, V10), as a clause; undefined: it is one. */
export function wireProblem(
  header: Uint8Array,
  { line, payload }: Pick<Limits, "line" | "payload">,
): string | undefined {
  const decoder = new FrameDecoder({ line, payload });
  // a decoder wants a byte behind what it is given
  const bytes = new Uint8Array(header.length + 1);
  bytes.set(header);
  decoder.feed(bytes, 0, header.length);
  return decoder.next() === Found.Publishes ? undefined : decoder.problem || "no broker takes such a header";
}
