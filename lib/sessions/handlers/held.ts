import { SEQUENCE_MOST } from "../../positions.ts";
import type { SequenceSpan } from "../../engine/types.ts";
import type { Request } from "../../protocols/decoder.ts";
import type { Refusal } from "../../protocols/types.ts";
import { quote } from "../../text.ts";
import { groupNameProblem } from "../../topics/group_name.ts";
import { parseTopic } from "../../topics/topic.ts";
import type { Context } from "../context.ts";
import type { GroupMember } from "../group_member.ts";
import { refusal } from "../refusal.ts";

/** Stored messages that a request names: `<group> <topic> <seq>[-<last>]`. */
export interface Named {
  readonly member: GroupMember;
  readonly topic: string;
  readonly span: SequenceSpan;
  /** What stands behind them. */
  readonly rest: readonly string[];
}

/** The group that a topic's messages come by; or why nothing of them can be held. */
export function memberOf(
  { group, topic }: { readonly group: string; readonly topic: string },
  context: Context,
): { readonly member: GroupMember; readonly topic: string } | Refusal {
  const parsed = parseTopic(topic, context.limits.topic);
  if ("problem" in parsed) return refusal("BAD_TOPIC", parsed.problem);
  const member = context.memberships.of(group, parsed.name);
  if (member !== undefined) return { member, topic: parsed.name };
  const problem = groupNameProblem(group);
  if (problem !== undefined) return refusal("BAD_FIELD", problem);
  return refusal(
    "NOT_HELD",
    `this connection is in no group ${quote(group)} that takes in ${quote(parsed.name)}`,
  );
}

/** Reads what a request is about. */
export function named(request: Request, context: Context): Named | Refusal {
  const { argument, fields: [topic = "", numbers = "", ...rest], verb } = request;
  const found = memberOf({ group: argument, topic }, context);
  if ("code" in found) return found;
  const span = spanOf(numbers);
  if (span !== undefined) return { ...found, span, rest };
  return refusal(
    "BAD_FIELD",
    `${verb} <group> <topic> <seq> names a sequence number, or several as in 7-9, not ${quote(numbers)}`,
  );
}

/** It holds none of them: nothing has changed (G8). */
export function notHeld({ member, topic, span: { from, end } }: Omit<Named, "rest">): Refusal {
  const which = end - from === 1 ? `message ${from}` : `any of the messages ${from} to ${end - 1}`;
  return refusal(
    "NOT_HELD",
    `this connection does not hold ${which} of ${quote(topic)} in group ${quote(member.terms.name)}: ` +
      "settled, out of time, or never given to it",
  );
}

const SPAN = /^([1-9]\d*)(?:-([1-9]\d*))?$/;

function spanOf(text: string): SequenceSpan | undefined {
  const found = SPAN.exec(text);
  if (found === null) return undefined;
  const from = Number(found[1]);
  const last = Number(found[2] ?? found[1]);
  return last >= from && last <= SEQUENCE_MOST ? { from, end: last + 1 } : undefined;
}
