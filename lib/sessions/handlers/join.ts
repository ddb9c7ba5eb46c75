import { GROUP_WINDOW, GROUP_WINDOW_MOST } from "../../limits.ts";
import type { Request } from "../../protocols/decoder.ts";
import type { Refusal } from "../../protocols/types.ts";
import { quote } from "../../text.ts";
import { groupNameProblem } from "../../topics/group_name.ts";
import { overlap } from "../../topics/overlap.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";
import { fieldOf, refuseFields } from "./fields.ts";

/**
 * `sub <topic or pattern> group=<name> [window=<n>]`: of what is published to it from here on this connection
 * gets its share (G1). A second time it changes the window.
 */
export function join(pattern: string, request: Request, context: Context): Answer {
  const { engine, limits, memberships, subscriptions } = context;
  const wrong = refuseFields(request, context, ["group", "window"]);
  if (wrong !== undefined) return wrong;
  const name = groupOf(request);
  if (typeof name !== "string") return name;
  const window = windowOf(fieldOf(request, "window"));
  if (typeof window !== "number") return window;
  if (engine.durable.some((durable) => overlap(durable, pattern))) {
    return refusal(
      "BAD_FIELD",
      `group= is for topics in memory, and ${quote(pattern)} takes in durable ones`,
    );
  }
  const other = memberships.overlapping(name, pattern);
  if (other !== undefined) {
    return refusal(
      "BAD_FIELD",
      `this connection is in group ${quote(name)} for ${quote(other)}, which has topics of ` +
        `${quote(pattern)}, too: it could not tell them apart`,
    );
  }
  if (!memberships.has(name, pattern)) {
    if (subscriptions.size + memberships.size >= limits.patterns) return refusal("TOO_MANY_PATTERNS");
    const tooMuch = memberships.problem(pattern);
    if (tooMuch !== undefined) return refusal("BUSY", tooMuch);
  }
  memberships.open({ name, pattern, window, blocks: subscriptions.policy === "block" });
  return "ok";
}

/** `unsub <topic or pattern> group=<name>`: what is queued still leaves. */
export function leave(pattern: string, request: Request, context: Context): Answer {
  const wrong = refuseFields(request, context, ["group"]);
  if (wrong !== undefined) return wrong;
  const name = groupOf(request);
  if (typeof name !== "string") return name;
  const { memberships } = context;
  if (!memberships.has(name, pattern)) {
    return refusal("NOT_SUBSCRIBED", `this connection is not in group ${quote(name)} for ${quote(pattern)}`);
  }
  memberships.close(name, pattern);
  return "ok";
}

function groupOf(request: Request): string | Refusal {
  const name = fieldOf(request, "group") ?? "";
  const problem = groupNameProblem(name);
  return problem === undefined ? name : refusal("BAD_FIELD", problem);
}

function windowOf(text: string | undefined): number | Refusal {
  if (text === undefined) return GROUP_WINDOW;
  const window = /^[1-9]\d*$/.test(text) ? Number(text) : 0;
  if (window > 0 && window <= GROUP_WINDOW_MOST) return window;
  return refusal("BAD_FIELD", `window= is a number from 1 to ${GROUP_WINDOW_MOST}, not ${quote(text)}`);
}
