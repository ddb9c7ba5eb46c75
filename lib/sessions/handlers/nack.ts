import { GIVEN_BACK_MOST_MS } from "../../limits.ts";
import type { Request } from "../../protocols/decoder.ts";
import type { Refusal } from "../../protocols/types.ts";
import { quote } from "../../text.ts";
import { encodeText } from "../../wire/bytes.ts";
import { readTtl } from "../../wire/record_fields.ts";
import type { Answer, Context } from "../context.ts";
import { refusal } from "../refusal.ts";
import { named, notHeld } from "./held.ts";

/**
 * `nack <group> <topic> <seq>[-<last>] [delay=<s>] [unused]`: these messages go to another member, at once or
 * in so many seconds; `unused`: as if they had not been given out (G9).
 */
export function nack(request: Request, context: Context): Answer {
  const found = named(request, context);
  if ("code" in found) return found;
  const { member, topic, span, rest } = found;
  let delay = 0;
  let unused = false;
  for (const word of rest) {
    const read = word.startsWith("delay=") ? delayOf(word.slice("delay=".length)) : undefined;
    if (word === "unused") unused = true;
    else if (typeof read === "number") delay = read;
    else {return read ??
        refusal("BAD_FIELD", `behind its numbers nack has delay= and unused, not ${quote(word)}`);}
  }
  return member.giveBack(topic, span, { delay, unused }) ? "ok" : notHeld(found);
}

function delayOf(text: string): number | Refusal {
  if (text === "0") return 0;
  const bytes = encodeText(text);
  const delay = readTtl(bytes, 0, bytes.length);
  if (delay !== undefined && delay <= GIVEN_BACK_MOST_MS) return delay;
  return refusal(
    "BAD_FIELD",
    `delay= is seconds with at most three decimals, a day (86400) at most, not ${quote(text)}`,
  );
}
