import { decodeText } from "../../text.ts";
import type { Route } from "../../engine/types.ts";
import type { Refusal } from "../../protocols/types.ts";
import { parseTopic } from "../../topics/topic.ts";
import type { Context } from "../context.ts";
import { publishRefusal } from "../permissions.ts";
import { refusal } from "../refusal.ts";

/**
 * `pub <topic> …`: where it goes. The topic stands in `bytes` from `start` to `end`; one the engine knows
 * costs no string. The message itself is not looked at, nor where it asks for answers to be sent (P7).
 */
export function pub(
  bytes: Uint8Array,
  range: { start: number; end: number },
  context: Context,
): Route | Refusal {
  const { start, end } = range;
  if (!context.publishes) return refusal("WRONG_PORT");
  const known = context.engine.findRoute(bytes, start, end);
  if (known !== undefined) return publishRefusal(context, known) ?? known;
  return newRoute(bytes, range, context);
}

function newRoute(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  context: Context,
): Route | Refusal {
  const text = decodeText(bytes.subarray(start, end));
  if (text === undefined) return refusal("BAD_UTF8");
  const parsed = parseTopic(text, context.limits.topic);
  if ("problem" in parsed) return refusal("BAD_TOPIC", parsed.problem);
  const route = context.engine.routeOf(parsed.name);
  return publishRefusal(context, route) ?? route;
}
