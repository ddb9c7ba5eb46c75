/**
 * What an acknowledgement says of each message it acknowledges.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import type { FrameReceipt } from "../../protocols/frames/client_lines.ts";
import { countOf, quote } from "../../text.ts";
import type { Receipt } from "../types.ts";
import type { Terms } from "./message_terms.ts";

/** What a broker said, as far as this version knows it. */
export function receiptOf({ seq, level, subs }: FrameReceipt): Receipt {
  return {
    ...(seq === undefined ? {} : { seq }),
    ...(isLevel(level) ? { level } : {}),
    ...(subs === undefined ? {} : { subs }),
  };
}

/** The receipt of a message, from that of the last one and how many are between the two (V2). */
export function receiptAt(last: Receipt, behind: number): Receipt {
  return last.seq === undefined || behind === 0 ? last : { ...last, seq: last.seq - behind };
}

/** Why a message counts as refused that too few have; undefined: enough do. */
export function tooFewSubs(
  { topic, minSubs = 0 }: Pick<Terms, "topic" | "minSubs">,
  subs: number | undefined,
): RefusedError | undefined {
  if (subs === undefined ? minSubs === 0 : subs >= minSubs) return undefined;
  const reached = subs === undefined
    ? "an unknown number of subscribers (the broker does not say)"
    : countOf(subs, "subscriber");
  return new RefusedError(
    "TOO_FEW_SUBS",
    `the message to ${quote(topic)} reached ${reached}, at least ${minSubs} ${
      minSubs === 1 ? "was" : "were"
    } ` +
      "asked for",
  );
}

function isLevel(level: string | undefined): level is NonNullable<Receipt["level"]> {
  return level === "memory" || level === "synced" || level === "engine";
}
