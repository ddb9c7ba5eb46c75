/**
 * What a message may be made of.
 *
 * @module
 */

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

/**
 * The error for what is of the wrong kind: `a topic is a string, the number 42 is not`. `asText`: text could
 * be made of it.
 */
export function wrongKind(
  expected: string,
  value: unknown,
  { asText = false }: { readonly asText?: boolean } = {},
): TypeError {
  const hint = isPromise(value)
    ? ": did you forget await?"
    : typeof value === "function"
    ? ": did you forget to call it?"
    : asText && value !== null && value !== undefined && typeof value !== "symbol"
    ? `: ${typeof value === "object" ? "JSON.stringify" : "String"}(…) makes text of it`
    : "";
  return new TypeError(`${expected}, ${nameOf(value)} is not${hint}`);
}

/** What was given, for a person. */
function nameOf(value: unknown): string {
  switch (typeof value) {
    case "number":
    case "bigint":
      return `the number ${value}`;
    case "boolean":
    case "undefined":
      return `${value}`;
    case "object":
      if (value === null) return "null";
      if (isPromise(value)) return "a Promise";
      return Array.isArray(value) ? "an array" : nameOfObject(value);
    default:
      return `a ${typeof value}`;
  }
}

function nameOfObject(value: object): string {
  const { constructor: made } = value;
  const name = typeof made === "function" && made !== Object ? made.name : "";
  return name === "" ? "an object" : `an object of the class ${name}`;
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** By what it is, not by whose class: a buffer of another realm (a test runner's, a frame's) is one, too. */
function isBuffer(value: unknown): value is ArrayBuffer | SharedArrayBuffer {
  const kind = Object.prototype.toString.call(value);
  return kind === "[object ArrayBuffer]" || kind === "[object SharedArrayBuffer]";
}
