/**
 * What Tab completes at the prompt: commands, and topics where one belongs.
 *
 * @module
 */
import { type Role, VERBS } from "../commands/grammar.ts";

/** Commands of the prompt alone, which no command file has. */
const PROMPT_VERBS: readonly string[] = ["list", "help"];

/** What Tab offers for the line so far: a command, or a topic where one belongs. */
export function complete(
  line: string,
  { role, topics }: { readonly role: Role; readonly topics: Iterable<string> },
): [offers: string[], of: string] {
  const words = /^\s*(?:[\d.]+\s+)?(?<verb>\S*)(?<gap>\s*)(?<topic>\S*)$/.exec(line)?.groups;
  const { verb = "", gap = "", topic = "" } = words ?? {};
  if (words === undefined || (gap === "" && /^[\d.]/.test(verb))) return [[], line];
  if (gap === "") {
    return [
      [...VERBS[role], ...PROMPT_VERBS].filter((known) => known.startsWith(verb)).map((known) => `${known} `),
      verb,
    ];
  }
  if (!VERBS[role].includes(verb) || verb === "quit") return [[], topic];
  const wanted = topic.startsWith("#") ? topic : `#${topic}`;
  const known = [...topics].filter((name) => name.startsWith(wanted)).sort();
  // offers begin with what was typed, so a # that was left out is left out of them
  const skip = topic.startsWith("#") || topic === "" ? 0 : 1;
  return [known.map((name) => `${name.slice(skip)} `), topic];
}
