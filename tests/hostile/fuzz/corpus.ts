/**
 * What mutations begin with: recorded transcripts, and all that is malformed in a known way.
 *
 * @module
 */
import { exchangesOf, type Piece } from "../exchange.ts";
import { TABLES, TABLES_OF_HTTP } from "../tables/mod.ts";
import recorded from "./corpus.json" with { type: "json" };
import { readWritten, type Transcript, type Written } from "./transcript.ts";

const encoder = new TextEncoder();
/** What an exchange begins with that is about v2. */
const HELLO = "c hello 2\n";
const BYTES_MOST = 8 * 1024;

/** A new one each time: it grows. */
export function corpus(): Transcript[] {
  const tables = exchangesOf([...TABLES, ...TABLES_OF_HTTP]);
  const malformed = tables.map(({ on, opening, says }): Transcript => {
    const pieces = [opening === "2" ? HELLO : "", ...says].map(bytesOf);
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { on: on as Transcript["on"], bytes: bytes.slice(0, BYTES_MOST), cuts: [], leaving: "ends" };
  });
  return [...malformed, ...(recorded as readonly Written[]).map(readWritten)];
}

function bytesOf(piece: Piece): Uint8Array {
  if (typeof piece === "string") return encoder.encode(piece.replaceAll("{n}", "1"));
  return piece instanceof Uint8Array ? piece : new Uint8Array(0);
}
