/**
 * What a caller may get wrong where no compiler looks: said at once, in one line, before anything is sent.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { LARGEST_LIMITS } from "../../limits.ts";
import { SLOW_POLICIES } from "../../slow_policy.ts";
import { parsePattern } from "../../topics/topic.ts";
import type { SubscribeOptions } from "../types.ts";
import { nameOf, wrongKind } from "../wrong_kind.ts";

/** The canonical pattern. Throws TypeError for what is no text, RefusedError for what is no pattern. */
export function checkedPattern(pattern: unknown): string {
  if (typeof pattern !== "string") throw wrongKind("a pattern is a string", pattern);
  const parsed = parsePattern(pattern, LARGEST_LIMITS.topic);
  if ("problem" in parsed) throw new RefusedError("BAD_PATTERN", parsed.problem);
  return parsed.name;
}

/** Throws TypeError or RefusedError for options that are none; positions are read elsewhere. */
export function checkOptions(options: unknown): asserts options is SubscribeOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw wrongKind("the options of a subscription are an object", options);
  }
  const { from, to, slow, timeout, signal }: Unchecked = options;
  checkPosition(from, "from");
  checkPosition(to, "to");
  if (slow !== undefined && !SLOW_POLICIES.some((policy) => policy === slow)) {
    const known = SLOW_POLICIES.map((policy) => `"${policy}"`).join(", ");
    throw new RefusedError("BAD_FIELD", `slow: one of ${known}, not ${named(slow)}`);
  }
  if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0)) {
    throw new RefusedError("BAD_FIELD", `timeout: milliseconds, more than 0, not ${named(timeout)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongKind("signal is an AbortSignal", signal);
  }
}

/** The options, of any kind. */
type Unchecked = { readonly [name in keyof SubscribeOptions]?: unknown };

function checkPosition(position: unknown, field: "from" | "to"): void {
  if (position === undefined || typeof position === "string" || typeof position === "number") return;
  if (position instanceof Date) return;
  throw wrongKind(`${field} is a number, a Date or a string`, position);
}

/** A value that is none of those that there are. */
function named(value: unknown): string {
  return typeof value === "number" ? `${value}` : nameOf(value);
}
