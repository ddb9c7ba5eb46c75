/**
 * What the broker refuses, as a problem.
 *
 * @module
 */
import { isWireCode, RefusedError, RunError } from "../errors.ts";
import { Problem, type ProblemExtras } from "./problem.ts";

const STATUS: ReadonlyMap<string, number> = new Map([
  ["DENIED", 403],
  ["PAYLOAD_TOO_LARGE", 413],
  ["LINE_TOO_LONG", 413],
  ["STORE", 503],
  ["TOO_MANY_TOPICS", 507],
  ["BUSY", 503],
  ["UNAVAILABLE", 503],
  ["TOO_MANY_CONNECTIONS", 503],
]);

/** A problem that says the same; undefined: it is a mistake of ours. */
export function problemOf(error: unknown, extras: ProblemExtras = {}): Problem | undefined {
  if (error instanceof Problem) {
    return new Problem(error.status, error.code, error.message, merged(error, extras));
  }
  if (error instanceof RefusedError) {
    const { code } = error;
    return new Problem(
      STATUS.get(code) ?? 400,
      isWireCode(code) ? code : "BAD_REQUEST",
      error.message,
      extras,
    );
  }
  if (isGone(error)) return new Problem(400, "BAD_REQUEST", "the body ended before it was whole", extras);
  if (!(error instanceof RunError)) return undefined;
  if (error.code === "DENIED") return new Problem(403, "DENIED", error.message, extras);
  // what is stored cannot be read
  if (error.code === undefined) return new Problem(503, "STORE", error.message, extras);
  const headers = { ...extras.headers, "retry-after": "1" };
  return new Problem(503, "BUSY", `the broker ended this connection: ${error.message}`, {
    ...extras,
    headers,
  });
}

/** Who asks has left, or sent chunks that are none, in the middle of a body: nobody hears the answer. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNRESET";
}

function merged({ extras: { headers, members } }: Problem, more: ProblemExtras): ProblemExtras {
  return { headers: { ...headers, ...more.headers }, members: { ...members, ...more.members } };
}
