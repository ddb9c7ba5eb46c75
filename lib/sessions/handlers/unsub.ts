import type { Request } from "../../protocols/decoder.ts";
import { parsePattern } from "../../topics/topic.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";
import { fieldOf, refuseFields } from "./fields.ts";
import { leave } from "./join.ts";

/** `unsub <topic or pattern>`: the pattern as it was subscribed to, not what it takes in (C5). */
export function unsub(request: Request, context: Context): Answer {
  const { limits, subscriptions } = context;
  const parsed = parsePattern(request.argument, limits.topic);
  if ("problem" in parsed) return refusal("BAD_PATTERN", parsed.problem);
  if (fieldOf(request, "group") !== undefined) return leave(parsed.name, request, context);
  const wrong = refuseFields(request, context, ["group"]);
  if (wrong !== undefined) return wrong;
  if (subscriptions.get(parsed.name) === undefined) return refusal("NOT_SUBSCRIBED");
  subscriptions.close(parsed.name);
  return "ok";
}
