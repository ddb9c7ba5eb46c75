/**
 * Which topics somebody may receive, as plain data: so that a thread that reads what is stored knows it, too.
 *
 * @module
 */
import { matches } from "./topic.ts";

/** Canonical patterns: what one denies is not received, whatever allows it. */
export interface Reception {
  /** Nothing but what these take in. */
  readonly allow: readonly string[];
  /** Of that nothing that these do. */
  readonly deny: readonly string[];
}

const DEAD_LETTERS = "#dead.";

/**
 * Whether what is published to a canonical topic may be received: the one place where that is decided. A dead
 * letter, `#dead.<group>.<topic>`, is a message of that topic still, and received by whom that is, too (P6).
 */
export function receives(reception: Reception, topic: string): boolean {
  const { allow, deny } = reception;
  for (let at = 0; at < deny.length; at++) if (matches(deny[at]!, topic)) return false;
  for (let at = 0; at < allow.length; at++) {
    if (!matches(allow[at]!, topic)) continue;
    const of = letterOf(topic);
    return of === undefined || receives(reception, of);
  }
  return false;
}

/** The topic that a dead letter was published to; undefined: it is none, or its name does not say. */
function letterOf(topic: string): string | undefined {
  if (!topic.startsWith(DEAD_LETTERS)) return undefined;
  const dot = topic.indexOf(".", DEAD_LETTERS.length);
  return dot < 0 ? undefined : `#${topic.slice(dot + 1)}`;
}
