import type { Answer, Context } from "../context.ts";

/** `quit`: answered, and then the broker closes (C12). On both ports. */
export function quit(context: Context): Answer {
  context.quit();
  return "answered";
}
