import type { Request } from "../../protocols/decoder.ts";
import { quote } from "../../text.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";
import { named, notHeld } from "./held.ts";

/** `extend <group> <topic> <seq>[-<last>]`: the time for these messages begins anew (G9). */
export function extend(request: Request, context: Context): Answer {
  const found = named(request, context);
  if ("code" in found) return found;
  const { member, topic, span, rest: [word] } = found;
  if (word !== undefined) {
    return refusal("BAD_FIELD", `nothing follows the numbers of extend, not ${quote(word)}`);
  }
  return member.extend(topic, span) ? "ok" : notHeld(found);
}
