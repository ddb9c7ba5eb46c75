import type { Joining, JoinOutcome } from "../../engine/types.ts";
import { GROUP_WINDOW, GROUP_WINDOW_MOST } from "../../limits.ts";
import { CLOCKS_DIFFER_MS, readFrom } from "../../positions.ts";
import type { Request } from "../../protocols/decoder.ts";
import { DONE, type Refusal } from "../../protocols/types.ts";
import { quote } from "../../text.ts";
import { groupNameProblem } from "../../topics/group_name.ts";
import { overlap } from "../../topics/overlap.ts";
import type { Answer, Context } from "../context.ts";
import type { GroupMember } from "../group_member.ts";
import { shareRefusal } from "../permissions.ts";
import { refusal } from "../refusal.ts";
import type { Ticket } from "../ticket.ts";
import { fieldOf, refuseFields } from "./fields.ts";

/**
 * `sub <topic or pattern> group=<name> [window=<n>] [ack=auto|explicit] [from=<pos>] [by=key]`: of what is
 * published to it from here on this connection gets its share (G1), and of what is stored, what the group has
 * not settled (G6), by keys or not (G12). A second time it changes the window.
 */
export function join(pattern: string, request: Request, context: Context): Answer {
  const { limits, memberships, subscriptions } = context;
  const wrong = refuseFields(request, context, ["group", "window", "ack", "from", "by"]);
  if (wrong !== undefined) return wrong;
  const name = groupOf(request);
  if (typeof name !== "string") return name;
  const denied = shareRefusal(context, pattern);
  if (denied !== undefined) return denied;
  const window = windowOf(fieldOf(request, "window"));
  if (typeof window !== "number") return window;
  const stored = storedOf(pattern, request, context);
  if ("code" in stored) return stored;
  const by = fieldOf(request, "by");
  if (by !== undefined && by !== "key") return refusal("BAD_FIELD", `by= is key, not ${quote(by)}`);
  const before = memberships.get(name, pattern);
  if (before !== undefined) return again(before, { window, by, ...stored }, context);
  const other = memberships.overlapping(name, pattern);
  if (other !== undefined) {
    return refusal(
      "BAD_FIELD",
      `this connection is in group ${quote(name)} for ${quote(other)}, which has topics of ` +
        `${quote(pattern)}, too: it could not tell them apart`,
    );
  }
  if (subscriptions.size + subscriptions.groups >= limits.patterns) return refusal("TOO_MANY_PATTERNS");
  const tooMuch = memberships.problem(pattern);
  if (tooMuch !== undefined) return refusal("BUSY", tooMuch);
  const blocks = subscriptions.policy === "block";
  const keyed = by === undefined ? {} : { by } as const;
  return answerOf(
    (joined) => memberships.open({ name, pattern, window, blocks, ...keyed, ...stored }, joined),
    context,
  );
}

/** `unsub <topic or pattern> group=<name>`: what it has not settled goes to the others (G4, G9). */
export function leave(pattern: string, request: Request, context: Context): Answer {
  const wrong = refuseFields(request, context, ["group"]);
  if (wrong !== undefined) return wrong;
  const name = groupOf(request);
  if (typeof name !== "string") return name;
  const { memberships } = context;
  if (memberships.get(name, pattern) === undefined) {
    return refusal("NOT_SUBSCRIBED", `this connection is not in group ${quote(name)} for ${quote(pattern)}`);
  }
  memberships.close(name, pattern);
  return "ok";
}

/** The name of a group, where the field has to be; or why it is none. */
function groupOf(request: Request): string | Refusal {
  const name = fieldOf(request, "group") ?? "";
  const problem = groupNameProblem(name);
  return problem === undefined ? name : refusal("BAD_FIELD", problem);
}

/** It is a member already: the window may be another one, and nothing else. */
function again(
  member: GroupMember,
  { window, settling, by }: Pick<Joining, "window" | "settling" | "by">,
  context: Context,
): Answer {
  const { terms: { name, settling: own, by: ownBy } } = member;
  if (settling !== own) {
    return refusal("BAD_FIELD", `group ${quote(name)} has ack=${own}, and all of its members have the same`);
  }
  if (by !== ownBy) {
    const has = ownBy === undefined ? "no by=" : `by=${ownBy}`;
    return refusal("BAD_FIELD", `group ${quote(name)} has ${has}, and all of its members have the same`);
  }
  member.resize(window);
  return answerOf((joined) => member.whenJoined(joined), context);
}

/** The answer to what is told at once, or later: then it keeps its place (C2). */
function answerOf(asked: (joined: (outcome: JoinOutcome) => void) => void, context: Context): Answer {
  const answer: { known?: JoinOutcome; ticket?: Ticket } = {};
  asked((outcome) => {
    const { ticket } = answer;
    if (ticket === undefined) answer.known = outcome;
    else if (outcome.kind === "joined") ticket.succeed(DONE);
    else ticket.refuse(outcome.code, outcome.reason);
  });
  const { known } = answer;
  if (known !== undefined) return known.kind === "joined" ? "ok" : refusal(known.code, known.reason);
  answer.ticket = context.ask();
  return "answered";
}

function windowOf(text: string | undefined): number | Refusal {
  if (text === undefined) return GROUP_WINDOW;
  const window = /^[1-9]\d*$/.test(text) ? Number(text) : 0;
  if (window > 0 && window <= GROUP_WINDOW_MOST) return window;
  return refusal("BAD_FIELD", `window= is a number from 1 to ${GROUP_WINDOW_MOST}, not ${quote(text)}`);
}

/** What is asked for of what is stored; whoever asks for something has to be able to get it (G6). */
function storedOf(
  pattern: string,
  request: Request,
  context: Context,
): Pick<Joining, "settling" | "from"> | Refusal {
  const { engine } = context;
  const ack = fieldOf(request, "ack") ?? "auto";
  if (ack !== "auto" && ack !== "explicit") {
    return refusal("BAD_FIELD", `ack= is auto or explicit, not ${quote(ack)}`);
  }
  const position = fieldOf(request, "from") ?? "now";
  const from = position === "now" ? undefined : readFrom(position, context.now());
  if (position !== "now" && (from === undefined || from.kind === "last")) {
    return refusal(
      "BAD_FIELD",
      "from= of a group, where it is new, is now, earliest, a sequence number, a time or -10m, not " +
        quote(position),
    );
  }
  if (from?.kind === "time" && from.time > context.now() + CLOCKS_DIFFER_MS) {
    return refusal(
      "BAD_FIELD",
      `from= of a group is where it begins at once, and ${quote(position)} lies in the future: leave it out`,
    );
  }
  if (ack === "explicit" || from !== undefined) {
    if (engine.durable.length === 0) return refusal("NOT_DURABLE");
    if (!engine.durable.some((durable) => overlap(durable, pattern))) {
      const what = ack === "explicit" ? "acknowledge" : "begin with";
      return refusal("NOT_DURABLE", `nothing of ${quote(pattern)} is stored: there is nothing to ${what}`);
    }
  }
  return { settling: ack, from };
}
