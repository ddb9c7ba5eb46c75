import type { Request } from "../../protocols/decoder.ts";
import type { Answer, Context } from "../context.ts";
import { refuseWords } from "./fields.ts";

/**
 * `quit`: answered, and then the broker closes (C12). On both ports. What stands behind it is refused where
 * there are fields (V4), and passed over where there are none: who leaves is not kept.
 */
export function quit(request: Request, context: Context): Answer {
  const wrong = context.protocol.carriesFields ? refuseWords(request) : undefined;
  if (wrong !== undefined) return wrong;
  context.quit();
  return "answered";
}
