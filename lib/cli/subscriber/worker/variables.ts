/**
 * A message in the environment of the command that is run for it.
 *
 * @module
 */
import { forgetVariables } from "../../process/environment.ts";
import type { Job } from "./job.ts";

/** A header's name begins so. */
const HEADER = "HASHBUS_H_";
/** All that is said of a message, but for its headers. */
const NAMES = ["TOPIC", "SEQ", "ATTEMPT", "GROUP", "ID", "KEY", "TIME", "REPLY"] as const;

type Name = `HASHBUS_${typeof NAMES[number]}`;

/**
 * The variables of a message; what it does not have is not set. Of two headers whose names come to the same
 * the first holds.
 */
export function variablesOf(job: Job): Record<string, string> {
  const { topic, seq, attempt = 1, group, id, key, time, reply, headers = new Map() } = job;
  const about: Readonly<Record<Name, string | undefined>> = {
    HASHBUS_TOPIC: topic,
    HASHBUS_SEQ: seq?.toString(),
    HASHBUS_ATTEMPT: `${attempt}`,
    HASHBUS_GROUP: group,
    HASHBUS_ID: id,
    HASHBUS_KEY: key,
    HASHBUS_TIME: time?.toISOString(),
    HASHBUS_REPLY: reply,
  };
  const variables = new Map<string, string>();
  for (const [name, value] of headers) {
    const variable = variableOf(name);
    if (!variables.has(variable)) variables.set(variable, value);
  }
  for (const [name, value] of Object.entries(about)) {
    if (value !== undefined) variables.set(name, value);
  }
  return Object.fromEntries([...variables].map(([name, value]) => [name, withoutNul(value)]));
}

/** `content-type` is HASHBUS_H_CONTENT_TYPE: what is no letter of ASCII and no digit is an underscore. */
function variableOf(header: string): string {
  return `${HEADER}${header.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

/** An environment cannot hold it. */
function withoutNul(value: string): string {
  return value.replaceAll("\0", "\ufffd");
}

/**
 * Takes what another worker has said of its message out of the environment of this one, which it was started
 * by: it would be taken for what is said of messages that have no such thing.
 */
export function forgetOuterMessage(): void {
  forgetVariables((name) => name.startsWith(HEADER) || NAMES.some((known) => name === `HASHBUS_${known}`));
}
