/**
 * The protocols there are.
 *
 * @module
 */
import { CLASSIC } from "./classic/protocol.ts";
import { FRAMES } from "./frames/protocol.ts";
import type { Protocol } from "./types.ts";

export { CLASSIC, FRAMES };
export { type Decoder, Found, type Request } from "./decoder.ts";
export { DONE, type Protocol, type Refusal, type Replies, type Success } from "./types.ts";

/** What `hello <version>` changes to, by version. */
const BY_VERSION: ReadonlyMap<string, Protocol> = new Map([["2", FRAMES]]);

/** The protocol that `hello` asks for; undefined: this broker does not speak it. */
export function protocolOf(version: string): Protocol | undefined {
  return BY_VERSION.get(version);
}
