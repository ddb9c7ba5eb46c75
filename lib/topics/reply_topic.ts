/**
 * Topics that answers go to, and what says that there is none (R1, R2).
 *
 * @module
 */
import { isPattern, segmentsOf } from "./topic.ts";

/** The header of an answer that says why there is none (R1). */
export const REPLY_ERROR = "reply-error";

/** `#_reply.<who asked>.<which request>`. */
const PREFIX = "#_reply.";

/** All of them. */
export const REPLIES = `${PREFIX}>`;

/** Whether answers go to this canonical topic: it is never stored, whatever else is. */
export function isReplyTopic(topic: string): boolean {
  return topic.startsWith(PREFIX);
}

/** Whether a canonical pattern takes in answers, and only those for one requester, whom it names. */
export function namesRequester(pattern: string): boolean {
  const [first, second = ">"] = segmentsOf(pattern);
  return (first === "_reply" || first === "*") && !isPattern(second);
}

/** What the answers for one requester begin with; behind it comes the number of the request. */
export function replyPrefix(requester: string): string {
  return `${PREFIX}${requester}.`;
}
