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
 * letter, `#dead.<group>.<topic>`, is a message of that topic still, and received by whom that is, too (P6);
 * of one whose topic had too long a name, `#dead.<group>`, that is who receives everything.
 */
export function receives(reception: Reception, topic: string): boolean {
  const { allow, deny } = reception;
  for (let at = 0; at < deny.length; at++) if (matches(deny[at]!, topic)) return false;
  for (let at = 0; at < allow.length; at++) {
    if (!matches(allow[at]!, topic)) continue;
    if (!topic.startsWith(DEAD_LETTERS)) return true;
    const dot = topic.indexOf(".", DEAD_LETTERS.length);
    if (dot < 0) return deny.length === 0 && allow.includes("#>");
    return receives(reception, `#${topic.slice(dot + 1)}`);
  }
  return false;
}
