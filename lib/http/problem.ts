/**
 * Errors as they are told over HTTP: `application/problem+json` (RFC 9457).
 *
 * @module
 */
import type { WireCode } from "../errors.ts";

/** What went wrong: one of the protocol's, or one that only HTTP has. */
export type ProblemCode =
  | WireCode
  | "BAD_REQUEST"
  | "DENIED"
  | "FOREIGN"
  | "NO_SUCH"
  | "METHOD"
  | "DRAINING"
  | "INTERNAL";

/** What a problem may say beside its sentence. */
export interface ProblemExtras {
  /** Headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the JSON. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Thrown by whoever answers a request; `detail` is a sentence for a person that says what to do. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(status: number, code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.extras = extras;
  }
}

/** The standard phrases of the statuses that are given. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
  507: "Insufficient Storage",
};

/** The status's phrase. */
export function titleOf(status: number): string {
  return TITLES[status] ?? "Error";
}

/** A problem as JSON. */
export function problemJson({ status, code, message, extras }: Problem): string {
  return JSON.stringify({ title: titleOf(status), status, code, detail: message, ...extras.members });
}

/** A problem as the answer to a request. */
export function problemResponse(problem: Problem): Response {
  return new Response(problemJson(problem), {
    status: problem.status,
    headers: { ...problem.extras.headers, "content-type": "application/problem+json" },
  });
}
