/**
 * Saying no to a request.
 *
 * @module
 */
import type { ErrorCode } from "../errors.ts";
import type { Refusal } from "../protocols/types.ts";

const TEXTS: Readonly<Record<ErrorCode, string>> = {
  UNKNOWN_COMMAND: "the commands are pub, sub, unsub, ping and quit",
  BAD_TOPIC: "not a topic",
  BAD_PATTERN: "not a topic or pattern",
  BAD_UTF8: "names are UTF-8",
  NOT_SUBSCRIBED:
    "this connection is not subscribed to that pattern; unsubscribe with the pattern that was subscribed to",
  DENIED: "not allowed",
  STORE: "it could not be stored",
  NOT_DURABLE: "nothing is stored here: the broker was started without --data",
  WRONG_PORT: "publish on the publishers' port, subscribe on the subscribers'",
  LINE_TOO_LONG: "the line is too long (--max-line)",
  PAYLOAD_TOO_LARGE: "the payload is too large (--max-payload)",
  BAD_LENGTH: "the length is not a decimal number of bytes",
  BAD_FIELD: "not a field of this command",
  TOO_MANY_PATTERNS: "this connection is subscribed to as many patterns as it may (--max-patterns)",
  TOO_MANY_CONNECTIONS: "the broker has as many connections as it may (--max-connections)",
};

/** A refusal; without `text`, with what is always true of that code. */
export function refusal(code: ErrorCode, text?: string): Refusal {
  return { code, text: text === undefined || text === "" ? TEXTS[code] : text };
}
