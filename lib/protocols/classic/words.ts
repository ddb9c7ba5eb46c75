/**
 * What the broker says in the classic protocol: replies are lines without a space (C3).
 *
 * @module
 */
import type { WireCode } from "../../errors.ts";
import { encodeText } from "../../wire/bytes.ts";

/** Bytes of one `OK` reply. */
export const OK_BYTES = 3;
/** How many replies {@link OK_REPLIES} holds. */
export const OK_REPLIES_COUNT = 16 * 1024;
/** `OK` many times over, so that any number of replies is a slice. */
export const OK_REPLIES: Uint8Array<ArrayBuffer> = encodeText("OK\n".repeat(OK_REPLIES_COUNT));

/** The reply that refuses a request. */
export function errorReply(code: WireCode): Uint8Array<ArrayBuffer> {
  return encodeText(`ERR_${code}\n`);
}
