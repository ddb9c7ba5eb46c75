/**
 * Durable topics on JetStream.
 *
 * @module
 */
import type { StoredSource } from "../stored_side.ts";
import { StreamSide, type StreamTerms } from "./side.ts";

export type { StreamTerms } from "./side.ts";

/** They, for an engine. */
export function storedOnStream(terms: StreamTerms): StoredSource {
  return { patterns: terms.patterns, open: (parts) => new StreamSide(terms, parts) };
}
