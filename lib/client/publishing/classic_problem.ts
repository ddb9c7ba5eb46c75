/**
 * Messages that the classic protocol cannot carry.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { LF } from "../../wire/bytes.ts";
import { needsV2 } from "../links/refusals.ts";
import type { QueuedMessage } from "./backlog.ts";
import type { MessageIds } from "./message_ids.ts";

/** What the classic protocol cannot say of a message; undefined: it can say all. */
export function classicProblem(
  { topic, fields, payload }: QueuedMessage,
  { ids, minSubs = 0 }: { readonly ids: MessageIds; readonly minSubs?: number | undefined },
): RefusedError | undefined {
  // nobody asked for an id of ours
  if (fields !== "" && !ids.isOnly(fields)) return needsV2("headers, key, ttl, delay, id or reply");
  if (minSubs > 0) return needsV2("count of who was reached (minSubs)");
  const lf = payload.indexOf(LF);
  if (lf === -1) return undefined;
  return new RefusedError(
    "LINE_BREAK",
    `a message is one line in the classic protocol: the one to ${quote(topic)} has a line break at byte ${
      lf + 1
    }`,
  );
}
