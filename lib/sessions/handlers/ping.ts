import type { Request } from "../../protocols/decoder.ts";
import type { Answer, Context } from "../context.ts";
import { refuseWords } from "./fields.ts";

/** `ping`: answered with `pong`, in its place among the replies. Nothing stands behind it (V4). */
export function ping(request: Request, context: Context): Answer {
  const wrong = refuseWords(request);
  if (wrong !== undefined) return wrong;
  context.pong();
  return "answered";
}
