import { quote } from "../../text.ts";
import type { Request } from "../../protocols/decoder.ts";
import type { Refusal } from "../../protocols/types.ts";
import type { Context } from "../context.ts";
import { refusal } from "../refusal.ts";

/**
 * Refuses fields that the command does not have (V4). Where the protocol has none, what follows the pattern
 * would be a part of it, and a pattern has no white space.
 */
export function refuseFields(
  request: Request,
  context: Context,
  known: readonly string[],
): Refusal | undefined {
  const { fields, verb } = request;
  if (fields.length === 0) return undefined;
  if (!context.protocol.carriesFields) return refusal("BAD_PATTERN");
  const unknown = fields.find((field) => !known.includes(field.split("=")[0]!) || !field.includes("="));
  if (unknown === undefined) return undefined;
  const list = known.map((name) => `${name}=`).join(", ");
  return refusal("BAD_FIELD", `${verb} does not know ${quote(unknown)}; its fields: ${list}`);
}

/** Refuses what stands behind a verb that takes nothing (V4). */
export function refuseWords({ verb, argument, fields }: Request): Refusal | undefined {
  const word = argument === "" ? fields[0] : argument;
  if (word === undefined) return undefined;
  return refusal("BAD_FIELD", `${verb} takes nothing, and behind it is ${quote(word)}`);
}

/** The value of a field `name=value`; of several the last. */
export function fieldOf(request: Request, name: string): string | undefined {
  return request.fields.findLast((field) => field.startsWith(`${name}=`))?.slice(name.length + 1);
}
