import type { Answer, Context } from "../context.ts";

/** `ping`: answered with `pong`, in its place among the replies. */
export function ping(context: Context): Answer {
  context.pong();
  return "answered";
}
