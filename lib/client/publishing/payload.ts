/**
 * What a message may be made of.
 *
 * @module
 */
import { wrongKind } from "../wrong_kind.ts";

/** Text or bytes, as who publishes has them. */
export type Payload = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/**
 * The bytes of what was given, not copied. Throws TypeError for what is none: only text and bytes have one
 * form that every reader would get.
 */
export function bytesOf(payload: unknown): Uint8Array {
  if (ArrayBuffer.isView(payload)) {
    const { buffer, byteOffset, byteLength } = payload;
    if (buffer instanceof ArrayBuffer && buffer.detached) {
      throw new TypeError(
        "the payload is a view of a buffer that was handed on (detached): its bytes are gone",
      );
    }
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (isBuffer(payload)) return new Uint8Array(payload);
  throw wrongKind("a payload is text or bytes (a string, an ArrayBuffer or a view of one)", payload, {
    asText: true,
  });
}

/** By what it is, not by whose class: a buffer of another realm (a test runner's, a frame's) is one, too. */
function isBuffer(value: unknown): value is ArrayBuffer | SharedArrayBuffer {
  const kind = Object.prototype.toString.call(value);
  return kind === "[object ArrayBuffer]" || kind === "[object SharedArrayBuffer]";
}
