/**
 * Saying no to a request.
 *
 * @module
 */
import { sentenceOf, type WireCode } from "../errors.ts";
import type { Refusal } from "../protocols/types.ts";

/** A refusal; without `text`, with what is always true of that code. */
export function refusal(code: WireCode, text?: string): Refusal {
  return { code, text: text === undefined || text === "" ? sentenceOf(code) : text };
}
