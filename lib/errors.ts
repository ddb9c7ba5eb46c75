/**
 * The ways to say no. Codes go on the wire, problems go to a person.
 *
 * @module
 */

/** What the broker refuses with: on the wire `ERR_<code>` in classic, `err <code> <text>` in v2. */
export type ErrorCode =
  | "UNKNOWN_COMMAND"
  | "BAD_TOPIC"
  | "BAD_PATTERN"
  | "BAD_UTF8"
  | "NOT_SUBSCRIBED"
  | "DENIED"
  | "STORE"
  | "NOT_DURABLE"
  | "WRONG_PORT"
  | "LINE_TOO_LONG"
  | "PAYLOAD_TOO_LARGE"
  | "BAD_LENGTH"
  | "BAD_FIELD"
  | "TOO_MANY_PATTERNS"
  | "TOO_MANY_CONNECTIONS";

/** A request that the broker answered with an error. The connection goes on. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** The code as it came, without `ERR_`; a newer broker may know more than {@link ErrorCode}. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The command line, a command file or a config file is wrong: the program ends with 2 and does nothing. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** It failed while running, in a way a person can act on: the program ends with 1 and this one line. */
export class RunError extends Error {
  override readonly name = "RunError";
}
