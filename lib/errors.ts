/**
 * The ways to say no. Codes go on the wire, problems go to a person.
 *
 * @module
 */

/** What a broker refuses with: on the wire `ERR_<code>` in classic, `err <code> <text>` in v2. */
export type WireCode =
  | "UNKNOWN_COMMAND"
  | "BAD_TOPIC"
  | "BAD_PATTERN"
  | "BAD_UTF8"
  | "NOT_SUBSCRIBED"
  | "DENIED"
  | "STORE"
  | "NOT_DURABLE"
  | "NOT_HELD"
  | "WRONG_PORT"
  | "NEEDS_TLS"
  | "NO_TLS"
  | "LINE_TOO_LONG"
  | "PAYLOAD_TOO_LARGE"
  | "BAD_LENGTH"
  | "BAD_FIELD"
  | "TOO_MANY_PATTERNS"
  | "TOO_MANY_CONNECTIONS"
  | "TOO_MANY_GROUPS"
  | "TOO_MANY_TOPICS"
  | "BUSY"
  | "UNAVAILABLE";

/**
 * What the library itself refuses with. `NEEDS_V2`: the broker speaks only the classic protocol, which cannot
 * say this. `LINE_BREAK`: the classic protocol cannot carry this payload. `TOO_FEW_SUBS`: the message reached
 * fewer subscribers than `minSubs`.
 */
export type LibraryCode = "NEEDS_V2" | "LINE_BREAK" | "TOO_FEW_SUBS";

/** Every code a {@link RefusedError} of this version has: the broker's and the library's own. */
export type ErrorCode = WireCode | LibraryCode;

const SENTENCES: Readonly<Record<WireCode, string>> = {
  UNKNOWN_COMMAND: "this is not a command that is known here (hashbus knows pub, sub, unsub, ping and quit)",
  BAD_TOPIC: "this is not a topic",
  BAD_PATTERN: "this is not a topic or pattern",
  BAD_UTF8: "names are UTF-8",
  NOT_SUBSCRIBED:
    "this connection is not subscribed to that pattern; unsubscribe with the pattern that was subscribed to",
  DENIED: "this is not allowed",
  STORE: "it could not be stored",
  NOT_DURABLE: "nothing is stored here: the broker was started without --data",
  NOT_HELD: "this connection does not hold that message: it was settled, its time was over, or it never came",
  WRONG_PORT: "publish on the publishers' port, subscribe on the subscribers'",
  NEEDS_TLS: "this port speaks TLS: connect with it (--tls)",
  NO_TLS: "this port speaks plain text: connect without TLS",
  LINE_TOO_LONG: "the line is too long (--max-line)",
  PAYLOAD_TOO_LARGE: "the payload is too large (--max-payload)",
  BAD_LENGTH: "the length is not a decimal number of bytes",
  BAD_FIELD: "this is not a field of this command",
  TOO_MANY_PATTERNS: "this connection is subscribed to as many patterns as it may (--max-patterns)",
  TOO_MANY_CONNECTIONS: "the broker has as many connections as it may (--max-connections)",
  TOO_MANY_GROUPS: "as many groups are stored as may be (--max-groups)",
  TOO_MANY_TOPICS: "as many topics are stored as may be (--max-topics)",
  BUSY: "the broker keeps as much for its clients as it may (--max-memory); try again",
  UNAVAILABLE: "what the broker shares with others cannot be reached; try again",
};

/** Whether a code that came from a broker is one of those this version knows. */
export function isWireCode(code: string): code is WireCode {
  return Object.hasOwn(SENTENCES, code);
}

/**
 * What is always true of that code, for a person. A broker sends it behind the code, and a client adds it to
 * a code that came without a text, perhaps from a broker that is not ours.
 */
export function sentenceOf(code: WireCode): string {
  return SENTENCES[code];
}

/** One request was refused, by the broker or by the library before it sent it. The connection goes on. */
export class RefusedError extends Error {
  /** `RefusedError`. */
  override readonly name = "RefusedError";
  /**
   * Why, for a program, without `ERR_`: an {@link ErrorCode}, or what a broker says that knows more of them
   * than this client.
   */
  readonly code: ErrorCode | (string & Record<never, never>);

  /** `message` is one line for a person. */
  constructor(code: ErrorCode | (string & Record<never, never>), message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The command line, a command file or a config file is wrong: the program ends with 2 before it does
 * anything.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Why it failed, for a program. `NO_BROKER`: nobody answers at that address. `LOST`: the broker was lost for
 * good. `TIMEOUT`: the time that was given is over. `ABORTED`: a signal ended it. `CLOSED`: the client was
 * closed before. Of a request: `NO_RESPONDER`, nobody is there to answer; `FAILED`, who answered could not do
 * it. `LEASE_LOST`: a message of a group is not this client's to settle any more, for the connection it came
 * over has ended, or the group was left; if it was not settled before, it is given out again. `DENIED`: the
 * broker does not let this client in, or no longer.
 */
export type RunErrorCode =
  | "NO_BROKER"
  | "LOST"
  | "TIMEOUT"
  | "ABORTED"
  | "CLOSED"
  | "NO_RESPONDER"
  | "FAILED"
  | "LEASE_LOST"
  | "DENIED";

/** It failed while running, in a way a person can act on: the program ends with 1 and this one line. */
export class RunError extends Error {
  /** `RunError`. */
  override readonly name = "RunError";
  /** Set where a program may want to tell it from others. */
  readonly code: RunErrorCode | undefined;

  /** `message` is one line for a person. */
  constructor(message: string, code?: RunErrorCode) {
    super(message);
    this.code = code;
  }
}
