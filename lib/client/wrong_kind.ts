/**
 * What a caller gives that no compiler has looked at, in an error's words.
 *
 * @module
 */
import { quote } from "../text.ts";

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
export function nameOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
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
