/**
 * What a caller may get wrong where no compiler looks: said at once, in one line, before anything is sent.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { GROUP_WINDOW_MOST, LARGEST_LIMITS } from "../../limits.ts";
import { parsePosition } from "../../positions.ts";
import { SLOW_POLICIES } from "../../slow_policy.ts";
import { groupNameProblem } from "../../topics/group_name.ts";
import { parsePattern } from "../../topics/topic.ts";
import type { SubscribeOptions, UnsubscribeOptions } from "../types.ts";
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
  checkObject(options);
  const { from, to, slow, group, window, ack, by, timeout, signal }: Unchecked = options;
  checkPosition(from, "from");
  checkPosition(to, "to");
  if (slow !== undefined && !SLOW_POLICIES.some((policy) => policy === slow)) {
    const known = SLOW_POLICIES.map((policy) => `"${policy}"`).join(", ");
    throw new RefusedError("BAD_FIELD", `slow: one of ${known}, not ${named(slow)}`);
  }
  checkGroup(group);
  checkWindow(window);
  if (ack !== undefined && ack !== "auto" && ack !== "explicit") {
    throw new RefusedError("BAD_FIELD", `ack: "auto" or "explicit", not ${named(ack)}`);
  }
  if (by !== undefined && by !== "key") throw new RefusedError("BAD_FIELD", `by: "key", not ${named(by)}`);
  checkMember(options);
  if (timeout !== undefined && !(typeof timeout === "number" && timeout > 0)) {
    throw new RefusedError("BAD_FIELD", `timeout: milliseconds, more than 0, not ${named(timeout)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongKind("signal is an AbortSignal", signal);
  }
}

/** Throws TypeError or RefusedError for options of unsubscribing that are none. */
export function checkUnsubscribeOptions(options: unknown): asserts options is UnsubscribeOptions {
  checkObject(options);
  const { group }: Unchecked = options;
  checkGroup(group);
}

/** The options, of any kind. */
type Unchecked = { readonly [name in keyof SubscribeOptions]?: unknown };

function checkObject(options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw wrongKind("the options of a subscription are an object", options);
  }
}

function checkGroup(group: unknown): void {
  if (group === undefined) return;
  if (typeof group !== "string") throw wrongKind("group is the name of one, a string", group);
  const problem = groupNameProblem(group);
  if (problem !== undefined) throw new RefusedError("BAD_FIELD", `group: ${problem}`);
}

function checkWindow(window: unknown): void {
  if (window === undefined) return;
  if (Number.isInteger(window) && Number(window) >= 1 && Number(window) <= GROUP_WINDOW_MOST) return;
  throw new RefusedError(
    "BAD_FIELD",
    `window: a whole number of messages from 1 to ${GROUP_WINDOW_MOST}, not ${named(window)}`,
  );
}

/** What is for members of a group alone, and what is not for them. */
function checkMember({ group, window, ack, by, from, to, slow }: Unchecked): void {
  if (group === undefined) {
    for (const [name, value] of Object.entries({ window, ack, by })) {
      if (value === undefined) continue;
      throw new RefusedError("BAD_FIELD", `\`${name}\` is for a member of a \`group\`: give both`);
    }
    return;
  }
  if (to !== undefined) {
    throw new RefusedError("BAD_FIELD", "a member of a `group` gets what is live at last: leave `to` out");
  }
  const position = typeof from === "string" ? parsePosition(from) : undefined;
  if (from === "latest" || position?.kind === "last") {
    throw new RefusedError(
      "BAD_FIELD",
      `from: a \`group\` begins "now", "earliest", at a number, a Date or "-10m", not ${named(from)}`,
    );
  }
  if (slow !== undefined) {
    throw new RefusedError(
      "BAD_FIELD",
      "`window` is how much waits for a member of a `group`: leave `slow` out",
    );
  }
}

function checkPosition(position: unknown, field: "from" | "to"): void {
  if (position === undefined || typeof position === "string" || typeof position === "number") return;
  if (position instanceof Date) return;
  throw wrongKind(`${field} is a number, a Date or a string`, position);
}

/** A value that is none of those that there are. */
function named(value: unknown): string {
  return typeof value === "number" ? `${value}` : nameOf(value);
}
