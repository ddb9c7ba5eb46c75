/**
 * `-T`: what is left out.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";

/** Topics for which it is remembered. */
const TOPICS_KEPT = 10_000;

/** Whether a topic is one of those to leave out; asked for every message, so it remembers. */
export function leftOut(patterns: readonly string[]): (topic: string) => boolean {
  if (patterns.length === 0) return () => false;
  const known = new Map<string, boolean>();
  return (topic) => {
    const before = known.get(topic);
    if (before !== undefined) return before;
    const found = patterns.some((pattern) => matches(pattern, topic));
    if (known.size >= TOPICS_KEPT) known.clear();
    known.set(topic, found);
    return found;
  };
}
