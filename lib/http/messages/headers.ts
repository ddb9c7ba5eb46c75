/**
 * What goes with a message, in the headers of a request.
 *
 * @module
 */
import type { PublishOptions } from "../../client/types.ts";
import { DELAY_MOST_MS, TTL_SECONDS } from "../../limits.ts";
import { quote } from "../../text.ts";
import { Problem } from "../problem.ts";
import type { Asked } from "../types.ts";

const HEADER = "hashbus-header-";

/** Reads them. Throws Problem, also for one that is not known. */
export function optionsIn(asked: Asked): PublishOptions {
  const headers = new Map<string, string>();
  const options: { -readonly [name in keyof PublishOptions]: PublishOptions[name] } = {};
  for (const [name, text] of Object.entries(asked.req.header())) {
    if (!name.startsWith("hashbus-")) continue;
    const value = decoded(name, text);
    if (name.startsWith(HEADER) && name !== HEADER) headers.set(name.slice(HEADER.length), value);
    else if (name === "hashbus-key") options.key = value;
    else if (name === "hashbus-id") options.id = value;
    else if (name === "hashbus-reply") options.reply = value;
    else if (name === "hashbus-ttl") options.ttl = secondsOf(name, value, TTL_SECONDS);
    else if (name === "hashbus-delay") {
      options.delay = 1000 * secondsOf(name, value, { least: 0, most: DELAY_MOST_MS / 1000 });
    } else {throw new Problem(
        400,
        "BAD_FIELD",
        `the header ${quote(name)} is none that is known: see docs/http.md`,
      );}
  }
  return headers.size === 0 ? options : { ...options, headers };
}

function decoded(name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(
      400,
      "BAD_FIELD",
      `${name} is percent-encoded UTF-8, ${quote(text)} is not: write % as %25`,
    );
  }
}

function secondsOf(
  name: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (!/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) {
    throw new Problem(400, "BAD_FIELD", `${name} is a number of seconds, not ${quote(text)}`);
  }
  const seconds = Number(text);
  if (seconds >= least && seconds <= most) return seconds;
  throw new Problem(400, "BAD_FIELD", `${name} is seconds from ${least} to ${most}, not ${quote(text)}`);
}
