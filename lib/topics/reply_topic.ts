/**
 * Topics that answers go to (R2).
 *
 * @module
 */

/** `#_reply.<who asked>.<which request>`. */
const PREFIX = "#_reply.";

/** Whether answers go to this canonical topic: it is never stored, whatever else is. */
export function isReplyTopic(topic: string): boolean {
  return topic.startsWith(PREFIX);
}

/** What the answers for one requester begin with; behind it comes the number of the request. */
export function replyPrefix(requester: string): string {
  return `${PREFIX}${requester}.`;
}
