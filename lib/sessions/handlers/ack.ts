import type { Acks, Request } from "../../protocols/decoder.ts";
import { decodeText, quote } from "../../text.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";
import { memberOf, type Named, named, notHeld } from "./held.ts";

/**
 * `ack <group> <topic> <seq>[-<last>] [all|upto]`: these messages are done with (G8). Answered when that is
 * stored.
 */
export function ack(request: Request, context: Context): Answer {
  const found = named(request, context);
  if ("code" in found) return found;
  const { rest: [word, ...more], ...what } = found;
  if (more.length > 0 || (word !== undefined && word !== "upto" && word !== "all")) {
    return refusal("BAD_FIELD", `behind its numbers ack has all, upto or nothing, not ${quote(word ?? "")}`);
  }
  if (word !== "upto") return settled(what, { all: word === "all" }, context);
  // all that it holds up to there, whatever that is
  return settled({ ...what, span: { from: 1, end: what.span.end } }, { all: false }, context);
}

/** Many of them, as a decoder has found them: what is as it should be costs no string. */
export function acks(found: Acks, context: Context): Answer {
  const { group, head, topicStart, topicEnd, count, from, end, all } = found;
  const route = context.engine.findRoute(head, topicStart, topicEnd);
  const known = route === undefined ? undefined : context.memberships.of(group, route.topic);
  const member = known === undefined || route === undefined
    ? memberOf({ group, topic: decodeText(head.subarray(topicStart, topicEnd)) ?? "" }, context)
    : { member: known, topic: route.topic };
  if ("code" in member) return member;
  const span = { from, end };
  if (count === 1) return settled({ ...member, span }, { all }, context);
  if (member.member.holdsAll(member.topic, span)) {
    member.member.settle(member.topic, span, context.hold(count));
    return "answered";
  }
  // each has an answer of its own (C2)
  for (let one = from; one < end; one++) {
    settled({ ...member, span: { from: one, end: one + 1 } }, { all: false }, context);
  }
  return "answered";
}

function settled(
  what: Omit<Named, "rest">,
  { all }: { readonly all: boolean },
  context: Context,
): Answer {
  const { member, topic, span } = what;
  if (all && !member.holdsAll(topic, span)) return notHeld(what);
  const ticket = context.hold(1);
  if (member.settle(topic, span, ticket)) return "answered";
  const { code, text } = notHeld(what);
  ticket.refuse(code, text);
  return "answered";
}
