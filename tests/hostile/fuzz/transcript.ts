/**
 * What one attacker says on one connection: bytes, where they are cut, and how it leaves.
 *
 * @module
 */

/** How an attacker leaves: it says nothing more and hears the rest, cuts the connection off, or stays a while. */
export type Leaving = "ends" | "cuts" | "stays";

export interface Transcript {
  readonly on: "publishers" | "subscribers" | "http";
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of each piece that is sent by itself; the last piece takes the rest. */
  readonly cuts: readonly number[];
  readonly leaving: Leaving;
}

/** A transcript in a file: each character is a byte. */
export interface Written {
  readonly on: Transcript["on"];
  readonly text: string;
  readonly cuts?: readonly number[];
  readonly leaving?: Leaving;
}

export function written({ on, bytes, cuts, leaving }: Transcript): Written {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return {
    on,
    text,
    ...(cuts.length === 0 ? {} : { cuts }),
    ...(leaving === "ends" ? {} : { leaving }),
  };
}

export function readWritten({ on, text, cuts = [], leaving = "ends" }: Written): Transcript {
  return { on, bytes: Uint8Array.from(text, (character) => character.charCodeAt(0)), cuts, leaving };
}
