/**
 * Refusals in words.
 *
 * @module
 */
import { isWireCode, RefusedError, sentenceOf } from "../../errors.ts";
import { visible } from "../../text.ts";
import type { Refusal } from "./request.ts";

/** Refusals of the connection as such; any other is the reply to a request. */
export function isTurnedAway(said: string): boolean {
  return said === "ERR_TOO_MANY_CONNECTIONS" || said === NEEDS_TLS;
}

/** What a port with TLS says to who speaks plain text. */
export const NEEDS_TLS = "ERR_NEEDS_TLS";

/** The error for what the broker answered. `what` is what was asked: `publish to "#hello"`. */
export function refused(why: Refusal, what: string): RefusedError {
  const words = why.code.slice(0, 200); // a broker may say as much as a message has
  const token = visible(words).split(" ", 1)[0] ?? "";
  const code = token.startsWith("ERR_") ? token.slice("ERR_".length) : token;
  const said = visible(words).slice(0, 200);
  const text = why.text === "" && isWireCode(code)
    ? sentenceOf(code)
    : visible(why.text.slice(0, 500)).slice(0, 500);
  return new RefusedError(code, `the broker refused to ${what} (${said})${text === "" ? "" : `: ${text}`}`);
}

/** The error for what the broker's protocol cannot carry. `what` is that: `headers`. */
export function needsV2(what: string): RefusedError {
  return new RefusedError("NEEDS_V2", `this broker speaks only the classic protocol, which has no ${what}`);
}

/** The names of some fields, for {@link needsV2}: ` from=1 slow=latest` gives `from= or slow=`. */
export function namesOf(fields: string): string {
  return fields.trim().split(" ").map((field) => field.replace(/=.*/, "=")).join(" or ");
}
