import type { Request } from "../../protocols/decoder.ts";
import { protocolOf } from "../../protocols/mod.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";

/**
 * `<ID> hello 2`: what follows is v2. A version this broker does not speak is an unknown command, as it is to
 * a broker that knows no `hello`, so that a client has one case to fall back from.
 */
export function hello(request: Request, context: Context): Answer {
  const protocol = protocolOf(request.argument);
  if (protocol === undefined) return refusal("UNKNOWN_COMMAND");
  context.speak(protocol);
  return "answered";
}
